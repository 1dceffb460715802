"""The loader: archives, sources, verdicts and the queue, against real dumps."""
