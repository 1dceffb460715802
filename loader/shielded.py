"""Keeps this process's environment and memory from programs of the same user: a dump's code runs in one of them."""

import ctypes
import sys

PR_SET_DUMPABLE = 4  # https://man7.org/linux/man-pages/man2/prctl.2.html


def shield() -> bool:
    """Afterwards /proc/<our pid>/environ and mem are root's alone: what a managed identity is asked with, and the
    connection string, stay ours. True if it was done (Linux); a started program is as before."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
