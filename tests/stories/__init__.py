"""Restores from request to end, with crashes and trouble on the way."""
