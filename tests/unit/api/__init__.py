"""The room `api` of the app, alone."""
