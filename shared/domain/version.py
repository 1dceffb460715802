"""Knows this release's number, and how the desk names itself to others. Pure."""

VERSION = "0.2.0"
AGENT = f"restore-desk/{VERSION}"
