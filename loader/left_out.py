"""Knows how one thing that a load did not take over is named. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeftOut:
    """`what` is not in the target, `why` says the reason and, if there is one, the way to add it."""

    what: str
    why: str
