"""Finds a Python and a Node, and sets the folder up; parses on Python 3.8."""
