"""Each room of the app alone."""
