"""Knows whether the files that a restore delivered are a whole backup; runs apart from the desk."""
