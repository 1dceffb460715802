"""Which Python the set-up takes: it must describe itself; without one it says how to get it."""

import re
from pathlib import Path

import pytest

from local.setup.python import Python, by_fitness, candidates, choose, described, find_python
from local.setup.steps import MISSING, Trouble
from tests.stack.python_kit import program, python


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("3 13 0 1 1 /opt/python 3/bin/python", python("/opt/python 3/bin/python", 3, 13, 0)),
        ("3 11 2 0 1 /usr/bin/python3", python("/usr/bin/python3", 3, 11, 2, whole=False)),
        ("3 15 0 1 0 /x", python("/x", 3, 15, 0, usual=False)),
        ("pyenv: python3.13: command not found", None),
        ("", None),
    ],
)
def test_an_interpreter_is_believed_only_when_it_describes_itself(said: str, read: Python | None) -> None:
    assert described(said) == read


OLD = python("/usr/bin/python3", 3, 11, 2)
GOOD = python("/opt/3.13", 3, 13, 0)
NEWER = python("/opt/3.14", 3, 14, 1)
BARE = python("/usr/bin/python3.13", 3, 13, 5, whole=False)
FREE_THREADED = python("/opt/3.14t", 3, 14, 1, usual=False)


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ([GOOD], GOOD),
        ([OLD, NEWER, GOOD], NEWER),
        ([BARE, GOOD], GOOD),
        ([FREE_THREADED, OLD, GOOD], GOOD),
    ],
)
def test_the_first_python_that_will_do_is_chosen(found: list[Python], chosen: Python) -> None:
    assert choose(found) == chosen


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([OLD], r"none is here \(/usr/bin/python3 is 3\.11\.2\).*apt install python3\.13 python3\.13-venv"),
        ([], "no Python answered"),
        ([OLD, BARE], r"Python 3\.13 is here \(/usr/bin/python3\.13\).*apt install python3\.13-venv"),
        ([FREE_THREADED], r"/opt/3\.14t is 3\.14\.1"),
    ],
)
def test_a_missing_python_is_named_with_the_way_to_get_it(found: list[Python], words: str) -> None:
    with pytest.raises(Trouble) as trouble:
        choose(found)
    assert re.search(words, str(trouble.value), re.DOTALL)
    assert trouble.value.code == MISSING


def test_of_pyenvs_versions_the_lowest_fitting_minor_comes_first_at_its_newest() -> None:
    names = ["3.9.18", "3.13.0", "3.14.2", "3.13.11", "3.12.1", "pypy3.11-7.3", "3.15-dev", "3.14.0"]
    assert by_fitness(names) == ["3.13.11", "3.13.0", "3.14.2", "3.14.0"]


def test_a_shim_that_lies_is_passed_over_for_pyenvs_own_version(tmp_path: Path) -> None:
    program(tmp_path / "shims" / "python3.13", "echo 'pyenv: python3.13: command not found'; exit 127")
    old = program(tmp_path / "bin" / "python3", "echo 3 11 2 1 1 /usr/bin/python3")
    real = program(tmp_path / "pyenv" / "versions" / "3.13.0" / "bin" / "python", f"echo 3 13 0 1 1 {tmp_path}/real")
    environment = {"PATH": f"{tmp_path}/shims:{tmp_path}/bin", "PYENV_ROOT": str(tmp_path / "pyenv")}
    assert list(candidates(str(old), environment)) == [
        str(old),
        str(tmp_path / "shims" / "python3.13"),
        str(old),
        str(real),
    ]
    assert find_python(str(old), environment) == python(f"{tmp_path}/real", 3, 13, 0)
