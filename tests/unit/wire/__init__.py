"""The room `wire` of the app, alone."""
