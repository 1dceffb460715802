"""The room `advice` of the app, alone."""
