"""What to do next, for each error code."""
