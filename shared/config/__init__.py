"""Settings, desk.toml, policy and secrets."""
