"""The counting of faults: a test's id is taken whole, and an id that pytest does not find is no fault found."""

from contextlib import closing
from pathlib import Path

import pytest
from coverage import CoverageData

from local.mutants.coverage_map import CoverageMap
from local.mutants.mutations import Mutant, count, mutant
from local.mutants.trial import Tree

SOURCE = "def twice(n):\n    return n * 2\n"
TESTS = (
    "import pytest\nfrom shared.domain.twice import twice\n\n"
    '@pytest.mark.parametrize("n", [3], ids=["three | 3"])\n'
    "def test_it(n):\n    assert twice(n) == 6\n\n"
    "def test_weak():\n    assert twice(0) == 0\n"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "shared" / "domain").mkdir(parents=True)
    (tmp_path / "shared" / "domain" / "twice.py").write_text(SOURCE)
    (tmp_path / "test_twice.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("import sys\nsys.path.insert(0, '.')\n")
    return tmp_path


def test_an_id_may_hold_a_bar(tree: Path) -> None:
    data = CoverageData(str(tree / ".coverage"))
    data.set_context("test_twice.py::test_it[three | 3]|run")
    data.add_lines({str(tree / "shared/domain/twice.py"): {2}})
    data.write()
    (tree / ".coverage.seconds-1").write_text('{"test_twice.py::test_it[three | 3]": 0.1, "test_twice.py::x": null}')
    lines = CoverageMap(tree / ".coverage", tree)
    assert lines.tests("shared/domain/twice.py", 2) == ["test_twice.py::test_it[three | 3]"]


def fault() -> Mutant:
    number = next(n for n, (_, change) in enumerate(count(SOURCE)) if "FloorDiv" in change)
    return mutant("shared/domain/twice.py", SOURCE, number)


@pytest.mark.parametrize(("test", "ended"), [("test_it[three | 3]", "killed"), ("test_weak", "survived")])
def test_a_fault_is_found_only_by_a_test_that_fails(tree: Path, test: str, ended: str) -> None:
    with closing(Tree(tree, {})) as copy:
        assert copy.try_out(fault(), [f"test_twice.py::{test}"]).ended == ended
    assert (tree / "shared/domain/twice.py").read_text() == SOURCE


def test_an_id_that_pytest_does_not_find_is_said(tree: Path) -> None:
    with closing(Tree(tree, {})) as copy, pytest.raises(LookupError, match="does not find"):
        copy.try_out(fault(), ["test_twice.py::test_it[three "])


def test_a_fault_that_never_ends_is_found(tree: Path) -> None:
    endless = Mutant("shared/domain/twice.py", 2, "endless", "def twice(n):\n    while True:\n        pass\n")
    with closing(Tree(tree, {}, start=1)) as copy:
        assert copy.try_out(endless, ["test_twice.py::test_weak"]).ended == "killed"
