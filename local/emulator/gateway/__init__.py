"""What stands before every route: admission, journal, control, TLS."""
