"""The room `notices` of the app, alone."""
