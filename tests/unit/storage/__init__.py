"""The room `storage` of the app, alone."""
