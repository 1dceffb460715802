"""Knows real PostgreSQL on a developer's machine: its programs, throwaway servers, and a sample server's dumps."""
