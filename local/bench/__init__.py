"""Measures the desk beside the same work done with the SDK."""
