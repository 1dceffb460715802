"""The counting of faults: a test's id is taken whole, and an id that pytest does not find is no fault found."""

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
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a quick start
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
    lines = CoverageMap(tree / ".coverage", tree)
    assert lines.tests("shared/domain/twice.py", 2) == ["test_twice.py::test_it[three | 3]"]


def fault() -> Mutant:
    number = next(n for n, (_, change) in enumerate(count(SOURCE)) if "FloorDiv" in change)
    return mutant("shared/domain/twice.py", SOURCE, number)


@pytest.mark.parametrize(("test", "ended"), [("test_it[three | 3]", "killed"), ("test_weak", "survived")])
def test_a_fault_is_found_only_by_a_test_that_fails(tree: Path, test: str, ended: str) -> None:
    assert Tree(tree, {}).try_out(fault(), [f"test_twice.py::{test}"]).ended == ended
    assert (tree / "shared/domain/twice.py").read_text() == SOURCE


def test_an_id_that_pytest_does_not_find_is_said(tree: Path) -> None:
    with pytest.raises(LookupError, match="does not find"):
        Tree(tree, {}).try_out(fault(), ["test_twice.py::test_it[three "])
