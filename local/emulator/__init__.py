"""A stand-in for Azure's Data Protection API: knows vaults, points, restores and jobs, nothing of who calls it."""

from local.emulator.server import Emulator, create_app, main
from local.emulator.world.options import Options

__all__ = ["Emulator", "Options", "create_app", "main"]
