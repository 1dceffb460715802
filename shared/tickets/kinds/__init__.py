"""The ticket systems, one module a kind, each with its record `KIND`; no other module is in here. Pure."""
