"""The room `config` of the app, alone."""
