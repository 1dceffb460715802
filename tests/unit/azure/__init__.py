"""The room `azure` of the app, alone."""
