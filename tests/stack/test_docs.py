"""Documentation that holds: every link leads somewhere, every command is one that there is, every block can be read."""

import argparse
import ast
import contextlib
import io
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

from deskctl.cli import parser_for
from local.host.bindings.routes import find, parse, split
from local.host.process import ROOT
from local.setup.commands import COMMANDS
from shared.api.routes import ROUTES

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
PAGE_NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
UTILITIES = ("export", "set", "sed", "cat", "mkdir", "printf", "cp", "if", "for")
SHELL = ("sh", "bash", "shell")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str


def blocks(*languages: str) -> Iterator[Block]:
    for page, name in zip(PAGES, PAGE_NAMES, strict=True):
        for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
            if token.type == "fence" and token.info.split(" ")[0] in languages:
                yield Block(name, (token.map or [0])[0] + 1, token.info, token.content)


def commands() -> Iterator[tuple[str, str]]:
    """Each command line of each shell block, lines that go on joined."""
    for block in blocks(*SHELL):
        text = block.text.replace("\\\n", " ")
        held = ""
        for line in text.splitlines():
            held = f"{held}\n{line}" if held else line
            if held.strip() and not held.lstrip().startswith("#") and _whole(held):
                yield f"{block.page}:{block.line}", held
            if not held.strip() or held.lstrip().startswith("#") or _whole(held):
                held = ""
        assert not held.strip(), f"{block.page}:{block.line} ends in the middle of {held!r}"


def _whole(text: str) -> bool:
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return True


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def links(page: Path) -> Iterator[str]:
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        for child in token.children or ():
            if child.type == "link_open":
                yield str(child.attrs["href"])


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        if path.startswith("https://"):
            continue
        assert not path.startswith("http:"), f"{link} is not https"
        found = (page.parent / path) if path else page
        assert found.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(found), f"{page.name}: {link}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        waiting += [page.parent / link.partition("#")[0] for link in links(page) if not link.startswith("http")]
    assert {page.resolve() for page in PAGES} <= reached


def test_every_shell_line_is_one_that_a_shell_can_read() -> None:
    for block in blocks(*SHELL):
        done = subprocess.run(["/bin/sh", "-n"], input=block.text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block.page}:{block.line}: {done.stderr}"


LOCAL = [
    pytest.param(name, line, id=f"{name} {' '.join(line.split()[:4])}")
    for name, line in commands()
    if line.strip().startswith(("python3 -m local", "python3 -m deskctl"))
]


@pytest.mark.parametrize(("place", "line"), LOCAL)
def test_each_command_of_ours_takes_these_arguments(place: str, line: str) -> None:
    words = shlex.split(line, comments=True)[3:]
    assert words[0] in COMMANDS, f"{place}: no command {words[0]}"
    if COMMANDS[words[0]].own_arguments:
        return
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            parser: argparse.ArgumentParser = parser_for({words[0]: COMMANDS[words[0]]}, words)
            parser.parse_args(words)
        except SystemExit:
            pytest.fail(f"{place}: {line}\n{said.getvalue()}")


def test_every_call_of_the_api_is_one_that_it_has() -> None:
    table = [(parse(f"api{route.path}"), frozenset({route.method}), route.name) for route in ROUTES]
    for place, line in commands():
        for path in re.findall(r"\$(?:\{?DESK_URL\}?)(/api/[^\"' ?]*)", line):
            method = "POST" if re.search(r"-X POST|(^| )-d ", line) else "GET"
            assert find(table, method, split(path)) is not None, f"{place}: {method} {path}"


def test_other_programs_are_the_ones_that_deploy_names() -> None:
    known = {
        *(
            "python3",
            "az",
            "azd",
            "curl",
            "git",
            "func",
            "openssl",
            "sh",
            "eval",
            "export",
            "printf",
            "psql",
            "pg_restore",
            "createdb",
        ),
        *UTILITIES,
    }
    for place, line in commands():
        first = shlex.split(line, comments=True)[:1]
        assert not first or first[0] in known or "=" in first[0], f"{place}: {first}"


def test_samples_in_toml_can_be_read() -> None:
    for block in blocks("toml"):
        try:
            tomllib.loads(block.text)
        except tomllib.TOMLDecodeError as error:
            pytest.fail(f"{block.page}:{block.line}: {error}")


def test_queries_ask_for_events_that_the_desk_logs() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "shared").rglob("*.py"))
    logged = set(re.findall(r"\btell\(\s*\"([a-z]+)\"", source))
    for block in blocks("kusto"):
        for event in re.findall(r'"desk\.([a-z]+) "', block.text):
            assert event in logged, f"{block.page}:{block.line}: nothing logs desk.{event}"


def test_every_setting_that_the_app_reads_is_told() -> None:
    """Secrets are named by desk.toml; all other names stand in the code, and on the README's list."""
    source = "".join((ROOT / "shared" / name).read_text("utf-8") for name in ("config/settings.py", "api/health.py"))
    read = set(re.findall(r'environ(?:\.get\(|, |\[)"(\w+)"', source))
    told = (ROOT / "README.md").read_text("utf-8").partition("## Settings")[2].partition("\n## ")[0]
    assert len(read) > 10
    assert {name for name in read if f"`{name.replace('AzureWebJobsStorage__', '__')}`" not in told
            and f"`{name}`" not in told} == set()  # fmt: skip


def test_the_architecture_page_has_a_line_for_every_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"^\| `([\w/]+)` \|", page, re.MULTILINE))
    packages = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("shared", "deskctl", "local", "loader")
        for path in (ROOT / top).rglob("__init__.py")
        if path.parent.parent != ROOT or top in ("deskctl", "loader")
    }
    assert named == packages


def names_of(path: Path) -> set[str]:
    """Every class, function, constant and field of a module."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    defined = {one.name for one in nodes if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    return defined | {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def test_every_place_that_the_pages_for_developers_name_is_there() -> None:
    page = "".join((ROOT / name).read_text("utf-8") for name in ("docs/architecture.md", "CONTRIBUTING.md"))
    named = re.findall(r"`((?:shared|loader|local|deskctl|tests)/[\w/]+\.py|function_app\.py)(?:: (\w+))?`", page)
    assert len([name for _, name in named if name]) >= 20
    assert [file for file, _ in named if not (ROOT / file).is_file()] == []
    assert [(file, name) for file, name in named if name and name not in names_of(ROOT / file)] == []
