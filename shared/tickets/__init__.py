"""Ticket systems' webhooks: verified, read, mapped to requests."""
