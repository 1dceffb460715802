"""Asks a whole stack for restores of every kind and shows how each ends."""
