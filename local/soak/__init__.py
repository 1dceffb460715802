"""Holds a whole desk under steady load and says what became slower, larger or late."""
