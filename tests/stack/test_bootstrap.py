"""The set-up's decisions: which Python, which Node, what is done already, and what its programs may see."""

import ast
import importlib.metadata
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.setup import node as bootstrap_node
from local.setup.bootstrap import refuse_unknown
from local.setup.commands import COMMANDS, needs_azurite, needs_browser
from local.setup.node import ROOT, major
from local.setup.python import Venv
from local.setup.steps import Steps, Trouble, digest, stamped, straight
from tests.stack.python_kit import program

BEFORE_VENV = (
    *("local", "local.__main__", "local.setup.bootstrap", "local.setup.commands", "local.setup.node"),
    *(
        "local.setup",
        "local.setup.postgres",
        "local.setup.python",
        "local.setup.steps",
        "deskctl",
        "deskctl.__main__",
        "deskctl.commands",
    ),
)


def source(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


@pytest.mark.parametrize("name", BEFORE_VENV)
def test_what_runs_before_the_venv_parses_on_python_3_8(name: str) -> None:
    ast.parse(source(name), feature_version=(3, 8))


@pytest.mark.parametrize("name", BEFORE_VENV)
def test_what_runs_before_the_venv_imports_nothing_but_the_standard_library_and_itself(name: str) -> None:
    tree = ast.parse(source(name))
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in froms if module.split(".")[0] in ("local", "deskctl")}
    assert ours <= set(BEFORE_VENV)
    assert not {module.split(".")[0] for module in froms} & {"pytest", "packaging", "rich", "httpx", "shared"}


def finished(root: Path, said: str = "3 13") -> Venv:
    """A .venv whose Python prints its version, stamped as set up."""
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        (root / name).write_text(name)
    venv = Venv(root / ".venv", root)
    program(venv.python, f"echo {said}")
    inputs = digest(
        (root / name for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt")), "(3, 13)"
    )
    venv.stamp.write_text(inputs)
    return venv


def test_a_finished_venv_needs_no_set_up(tmp_path: Path) -> None:
    assert finished(tmp_path).ready()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda venv: (venv.root / "constraints.txt").write_text("other"), id="other pins"),
        pytest.param(lambda venv: venv.stamp.unlink(), id="cut short"),
        pytest.param(lambda venv: venv.python.unlink(), id="its Python is gone"),
        pytest.param(lambda venv: program(venv.python, "echo 3 14"), id="its Python was replaced"),
        pytest.param(lambda venv: program(venv.python, "exit 1"), id="its Python does not start"),
    ],
)
def test_a_venv_that_is_not_what_was_finished_is_set_up_again(tmp_path: Path, spoil: Callable[[Venv], object]) -> None:
    venv = finished(tmp_path)
    spoil(venv)
    assert not venv.ready()


def test_a_stamp_holds_only_for_the_same_inputs_in_the_same_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("ab")
    two.write_text("c")
    stamp = tmp_path / "stamp"
    assert not stamped(stamp, digest([one, two]))
    stamp.write_text(digest([one, two]))
    assert stamped(stamp, digest([one, two]))
    assert len({digest([one, two]), digest([two, one]), digest([one, two], "3.13"), digest([one])}) == 4


def test_programs_see_pips_settings_but_nothing_that_bends_python_away() -> None:
    followed = {"PATH": "/bin", "PIP_INDEX_URL": "x", "PIP_CERT": "y", "HTTPS_PROXY": "z", "PYTHONUNBUFFERED": "1"}
    bending = {
        "PYTHONPATH": "a",
        "PYTHONHOME": "b",
        "VIRTUAL_ENV": "c",
        "PYTHONOPTIMIZE": "2",
        "PIP_USER": "1",
        "PIP_TARGET": "d",
    }
    assert straight({**followed, **bending}) == followed


@pytest.mark.parametrize(
    ("said", "number"), [("v20.20.2", 20), ("11.19.1", 11), ("v24.0.0-nightly", 24), ("nvm: no", 0), ("", 0)]
)
def test_a_version_is_read_or_counts_as_none(said: str, number: int) -> None:
    assert major(said) == number


@pytest.mark.parametrize(
    ("line", "browser"), [("test", True), ("test -k x", True), ("test --fast", False), ("demo", False), ("up", False)]
)
def test_only_the_tests_bring_a_browser(line: str, browser: bool) -> None:
    assert needs_browser(line.split()) is browser


@pytest.mark.parametrize(
    ("line", "azurite"),
    [
        ("demo", True),
        ("up --port 7071", True),
        ("test -k name", True),
        ("test --fast", False),
        ("demo --help", False),
        ("chaos", True),
        ("bench", True),
        *((name, False) for name in ("emulator", "map", "check", "init", "doctor", "ask", "--help", "")),
    ],
)
def test_only_what_starts_azurite_asks_for_node(line: str, azurite: bool) -> None:
    assert needs_azurite(line.split()) is azurite


def test_a_slip_of_the_finger_is_answered_before_any_set_up() -> None:
    with pytest.raises(Trouble, match="no command 'dmeo', did you mean 'demo'"):
        refuse_unknown(["dmeo"])
    for line in ([], ["--help"], *([name] for name in COMMANDS)):
        refuse_unknown(line)


def test_a_failed_step_says_what_to_do_and_its_last_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(tmp_path)
    with steps.alone(), pytest.raises(Trouble, match=r"(?s)thing: failed \(exit 7\)\. Try another\..*no such package"):
        steps.run("thing", ["sh", "-c", "echo no such package >&2; exit 7"], tmp_path, "Try another.")
    assert "setting up: thing" in capsys.readouterr().err


def test_the_lock_file_of_azurite_pins_contents_and_names_no_host() -> None:
    lock = (bootstrap_node.NPM_FOLDER / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')


def requirements(name: str) -> list[Requirement]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-r")]


def test_constraints_pin_everything_that_the_requirements_bring() -> None:
    pins = {canonicalize_name(pin.name): str(pin.specifier) for pin in requirements("constraints.txt")}
    seen: set[str] = set()
    waiting = requirements("requirements.txt") + requirements("requirements-dev.txt")
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        assert pins.get(name, "").startswith("=="), f"{wanted} is not pinned: pip freeze > constraints.txt"
        assert wanted.specifier.contains(pins[name].removeprefix("==")), f"{wanted} is pinned {pins[name]}"
        if name not in seen:
            seen.add(name)
            brought = [Requirement(line) for line in importlib.metadata.requires(name) or []]
            waiting += [
                r for r in brought if any(not r.marker or r.marker.evaluate({"extra": e}) for e in ("", *wanted.extras))
            ]
    assert str(pins[canonicalize_name(bootstrap_node.WHEEL)]).startswith("==24.")
