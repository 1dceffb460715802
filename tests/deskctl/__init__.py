"""The commands that people run against a deployed desk."""
