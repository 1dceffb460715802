"""What holds the layers apart: pure modules import no I/O, settings are read in one place, triggers stay outside."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "shared").rglob("*.py"))
ROOMS = {path.name for path in (ROOT / "shared").iterdir() if path.is_dir()}
SETTINGS = {"settings"}
FEWEST_MODULES = 90  # a glob that finds less checks nothing
# jmespath evaluates the mappings of desk.toml: as pure as `re`, and nowhere else
ALLOWED = {"pydantic", "pydantic_core", "jmespath"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def is_pure(path: Path) -> bool:
    return "Pure." in (ast.get_docstring(tree(path)) or "").splitlines()[0]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            packages = {"shared", *(f"shared.{room}" for room in ROOMS)}
            found |= {f"{module}.{alias.name}" for alias in node.names} if module in packages else {module}
    return found


PURE = [path for path in MODULES if is_pure(path)]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


NAMES = {dotted(path) for path in PURE}


def test_every_module_of_the_app_is_looked_at() -> None:
    assert len(MODULES) >= FEWEST_MODULES


def test_most_of_the_app_is_pure() -> None:
    assert len(PURE) > len(MODULES) / 2


@pytest.mark.parametrize("path", PURE, ids=dotted)
def test_a_pure_module_imports_the_standard_library_pydantic_and_pure_modules(path: Path) -> None:
    foreign = {
        name
        for name in imports(path)
        if not (name in NAMES if name.startswith("shared") else name.split(".")[0] in ALLOWED | sys.stdlib_module_names)
    }
    assert foreign == set()


IO = {
    "os",
    "socket",
    "subprocess",
    "threading",
    "time",
    "http.client",
    "urllib.request",
    "tempfile",
    "shutil",
    "random",
}


@pytest.mark.parametrize("path", PURE, ids=dotted)
def test_a_pure_module_reads_no_clock_file_or_environment(path: Path) -> None:
    assert imports(path) & IO == set()
    calls = {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}
    assert calls & {"open", "print", "input", "datetime.now", "datetime.utcnow", "uuid.uuid4", "Path"} == set()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_the_environment_is_read_where_settings_are(path: Path) -> None:
    read = {ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    assert path.stem in SETTINGS or not read & {"os.environ", "os.getenv"}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_the_app_knows_nothing_of_azure_functions(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith("azure.functions")]


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_says_in_a_sentence_what_it_knows(path: Path) -> None:
    if path.stem != "__init__":
        assert (ast.get_docstring(tree(path)) or "").splitlines()[0].rstrip().endswith(".")
