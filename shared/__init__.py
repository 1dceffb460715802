"""Restore Desk: the app behind the triggers; it knows nothing of Azure Functions."""
