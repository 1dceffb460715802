"""The room `tickets` of the app, alone."""
