"""Commands, set-up, package and docs, with real processes."""
