"""Hinders a stack at work and counts what is lost or doubled."""
