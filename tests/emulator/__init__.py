"""The emulator against the SDK, the swagger and the recordings."""
