"""The vaults, points and jobs that the emulator holds."""
