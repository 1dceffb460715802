"""The room `workflow` of the app, alone."""
