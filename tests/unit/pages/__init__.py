"""The room `pages` of the app, alone."""
