"""A Functions host for one machine, on Microsoft's own Python runtime; it knows an app by what the app declares."""
