"""The local Functions host against what the real one does."""
