"""The emulator's routes: what each call of the Data Protection API does."""
