"""Notices of events: facts, outbox, texts, delivery."""
