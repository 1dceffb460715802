"""The room `sweep` of the app, alone."""
