"""Writes what was measured into docs/performance.md: each part between its own two marks, with the day and machine."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from local.stack.processes import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"


def marks(part: str) -> tuple[str, str]:
    command = part if part == "soak" else f"bench {part}"
    return f"<!-- {part}: written by python3 -m local {command} --write -->", f"<!-- end of {part} -->"


def replaced(text: str, part: str, body: str) -> str:
    """The document with the part's new body; ValueError if it has no such marks."""
    begin, end = marks(part)
    before, middle, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not middle or not found:
        raise ValueError(f"there is no part {part!r} between its marks")
    return f"{before}{begin}\n{body.strip()}\n\n{end}{after}"


def write(part: str, body: str, document: Path = DOCUMENT) -> None:
    """Puts the body there, with when and where it was measured."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    said = f"{body.strip()}\n\nMeasured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {machine}."
    document.write_text(replaced(document.read_text(encoding="utf-8"), part, said), encoding="utf-8")
