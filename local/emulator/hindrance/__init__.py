"""Faults and budgets that hinder the emulator's callers."""
