"""The bodies and errors that the emulator sends."""
