"""docs/verification.md: its command lines are ones that the loader takes."""

import re
import shlex
from pathlib import Path

import pytest

from loader.cli import parser

TEXT = (Path(__file__).parents[2] / "docs" / "verification.md").read_text()
LINES = re.findall(r"^python3 -m loader (.*)$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_is_taken(line: str) -> None:
    parser().parse_args(shlex.split(line, comments=True))


def test_every_command_is_in_the_document() -> None:
    assert {line.split()[0] for line in LINES} >= {"manifest", "verify", "work"}
