"""The room `domain` of the app, alone."""
