"""One restore from request to end."""
