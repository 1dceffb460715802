"""Commands that people run against a deployed desk."""
