"""docs/security.md: every threat names what holds it and tests that are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def rows() -> list[list[str]]:
    """The cells of the table of threats."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## Threats")[2].partition("\n## ")[0]
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines][1:]


def test_each_threat_is_held_by_something_and_shown_by_tests_that_exist() -> None:
    assert len(rows()) >= 12
    for threat, held, tests in (row for row in rows() if not set(row[0]) <= set("-: ")):
        assert held, threat
        named = re.findall(r"`(tests/[^`]+\.py)`", tests)
        assert named, threat
        for name in named:
            path = ROOT / name
            assert path.is_file(), f"{threat}: {name} is not there"
            found = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
            assert any(one.startswith("test_") for one in found), f"{threat}: {name} has no test"
