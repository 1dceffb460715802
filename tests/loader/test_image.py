"""The loader's image: it installs what its code imports, pinned as everywhere, and runs as nobody special."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "loader" / "requirements.txt").read_text().splitlines()
PINS = dict(line.replace("[binary]", "").split("==") for line in LINES if "==" in line)


def imported() -> set[str]:
    """The distributions of all packages that the loader's modules import, wherever in them."""
    names: set[str] = set()
    for path in (ROOT / "loader").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    known = packages_distributions()
    found: set[str] = set()
    for name in names:
        top = name.split(".")[0]
        if top == "azure":
            found.add("-".join(name.split(".")[:3]) if "storage" in name else "-".join(name.split(".")[:2]))
        elif top not in sys.stdlib_module_names and top != "loader":
            found |= set(known[top])
    return {name.lower().replace("_", "-") for name in found}


def test_it_installs_what_it_imports() -> None:
    comes_with_others = {"azure-core", "pydantic-core"}
    assert (imported() | {"psycopg"}) - comes_with_others == set(PINS)  # psycopg is for the level loaded


def test_versions_are_those_of_the_constraints() -> None:
    constraints = (ROOT / "constraints.txt").read_text().splitlines()
    assert {f"{name}=={version}" for name, version in PINS.items()} <= set(constraints)


def test_it_runs_as_a_user_without_rights_and_copies_only_what_the_build_may_see() -> None:
    dockerfile = (ROOT / "loader" / "Dockerfile").read_text()
    lines = [line.split() for line in dockerfile.splitlines()]
    user = next(words[1] for words in lines if words[:1] == ["USER"])
    assert int(user) > 1000
    copied = {word for words in lines if words[:1] == ["COPY"] for word in words[1:-1]}
    seen = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {name.split("/")[0] for name in copied} == seen
    assert set(re.findall(r"postgresql-(\d+)", dockerfile)) == {"15", "16", "17", "18"}
