"""The house holds: arrows between rooms go one way, pure modules do no I/O, settings are read in one place."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.rooms import ARROWS, COMPOSITION, PURE_ROOMS, TO_COME, TOPS

ROOT = Path(__file__).parents[2]
TREES = {
    path: ast.parse(path.read_text())
    for top in ("function_app.py", "shared", "deskctl", "local", "loader")
    for path in ([ROOT / top] if top.endswith(".py") else sorted((ROOT / top).rglob("*.py")))
    if "node_modules" not in path.parts
}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in TREES}
APP = [name for name in MODULES if name.split(".")[0] == "shared" and name != "shared"]
FEWEST_MODULES = 90  # a search that finds less checks nothing
SETTINGS = "shared.config.settings"
# jmespath evaluates the mappings of desk.toml, markdown-it-py reads issue forms: as pure as `re`
PURE_PACKAGES = {"pydantic", "pydantic_core", "jmespath", "markdown_it"}


def sentence(name: str) -> str:
    return (ast.get_docstring(TREES[MODULES[name]]) or "").partition("\n")[0]


def imports(name: str) -> Iterator[str]:
    """The modules that a module imports, wherever in it: `from a import b` is `a.b` where that is a module."""
    for node in ast.walk(TREES[MODULES[name]]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def room(name: str) -> str:
    return name.split(".")[1]


def test_every_module_of_the_app_is_looked_at() -> None:
    assert len(APP) >= FEWEST_MODULES
    assert {room(name) for name in APP} == (set(ARROWS) - TO_COME | {COMPOSITION}) | {
        room(name) for name in APP
    } & TO_COME


def test_the_table_of_arrows_has_no_circle() -> None:
    assert tuple(TopologicalSorter(ARROWS).static_order())


@pytest.mark.parametrize("name", APP)
def test_a_room_imports_only_what_the_table_allows(name: str) -> None:
    if room(name) == COMPOSITION:
        return
    allowed = ARROWS[room(name)] | {room(name)}
    for found in imports(name):
        if found.startswith("shared."):
            may = ", ".join(sorted(ARROWS[room(name)])) or "nothing of shared"
            assert room(found) in allowed, (
                f"{name} imports {found}, but {room(name)} may import only: {may} (tests/rooms.py)"
            )


def top_of(name: str) -> str | None:
    """The longest entry of TOPS that a module belongs to."""
    return max((top for top in TOPS if name == top or name.startswith(f"{top}.")), key=len, default=None)


@pytest.mark.parametrize("name", [name for name in MODULES if top_of(name)])
def test_a_top_level_package_imports_only_what_the_table_allows(name: str) -> None:
    own = str(top_of(name))
    for found in imports(name):
        top = top_of(found)
        fine = (
            top in (None, own)
            or not TOPS[own].isdisjoint({top, str(top).split(".")[0]})
            or (own == "local" and str(top).startswith("local"))
        )
        may = ", ".join(sorted(TOPS[own])) or "no other package of ours"
        assert fine, f"{name} imports {found}, but {own} may import only: {may} (tests/rooms.py)"


def test_the_entry_points_import_the_composition_alone() -> None:
    ours = {found for found in imports("function_app") if found.startswith("shared")}
    assert {room(found) for found in ours} <= {COMPOSITION, "api", "config"}


PURE = [name for name in APP if "Pure." in sentence(name)]


def test_the_pure_rooms_are_pure_and_most_of_the_app_is() -> None:
    packages = {name for name in APP if MODULES[name].name == "__init__.py"}
    assert {name for name in APP if room(name) in PURE_ROOMS} - packages <= set(PURE)
    assert len(PURE) > (len(APP) - len(packages)) / 2


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_the_standard_library_pydantic_and_pure_modules(name: str) -> None:
    free = PURE_PACKAGES | sys.stdlib_module_names
    foreign = {
        found for found in imports(name)
        if (found not in PURE if found.startswith("shared.") else found.split(".")[0] not in free)
    }  # fmt: skip
    assert foreign == set()


IO = {
    *("os", "socket", "subprocess", "threading", "time", "http.client", "urllib.request", "tempfile", "shutil"),
    "random",
}


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_reads_no_clock_file_or_environment(name: str) -> None:
    assert set(imports(name)) & IO == set()
    calls = {ast.unparse(node.func) for node in ast.walk(TREES[MODULES[name]]) if isinstance(node, ast.Call)}
    assert calls & {"open", "print", "input", "datetime.now", "datetime.utcnow", "uuid.uuid4", "Path"} == set()


@pytest.mark.parametrize("name", APP)
def test_the_environment_is_read_where_settings_are(name: str) -> None:
    read = {ast.unparse(node) for node in ast.walk(TREES[MODULES[name]]) if isinstance(node, ast.Attribute)}
    assert name == SETTINGS or not read & {"os.environ", "os.getenv"}


@pytest.mark.parametrize("name", APP)
def test_the_app_knows_nothing_of_azure_functions(name: str) -> None:
    assert not [found for found in imports(name) if found.startswith("azure.functions")]


@pytest.mark.parametrize("name", [name for name in MODULES if name not in ("local", "deskctl")])
def test_a_module_says_in_a_sentence_what_it_knows(name: str) -> None:
    assert sentence(name).rstrip().endswith(".")


THREADS = {"Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "run_in_executor", "start_new_thread"}


@pytest.mark.parametrize("name", APP)
def test_threads_are_made_in_one_place_which_keeps_the_callers_context(name: str) -> None:
    """A line that is logged outside of its invocation's context never reaches Azure."""
    calls = {
        ast.unparse(node.func).split(".")[-1] for node in ast.walk(TREES[MODULES[name]]) if isinstance(node, ast.Call)
    }
    assert name == "shared.telemetry" or not calls & THREADS


ROOMS = sorted(path.parent for path in (ROOT / "shared").rglob("__init__.py") if path.parent != ROOT / "shared")


@pytest.mark.parametrize("folder", ROOMS, ids=lambda folder: folder.name)
def test_a_room_is_neither_a_hall_nor_a_cupboard(folder: Path) -> None:
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    others = [path for path in modules if "\nKIND = " not in path.read_text(encoding="utf-8")]  # one module a kind
    assert len(modules) >= 4, f"{folder.name} has {len(modules)} modules"
    assert len(others) <= 15, f"{folder.name} has {len(others)} modules beside its kinds"


def test_the_app_is_rooms_and_little_else() -> None:
    loose = {path.name for path in (ROOT / "shared").iterdir() if path.is_file()}
    assert loose == {"__init__.py", "frozen.py", "telemetry.py", "redaction.py"}


# What changes while it is used: counters, caches, what a round gathers; and exceptions, which Python itself writes to.
CHANGING = {
    *("DeliveryRound", "DeskReader", "Flood", "Health", "History", "News", "Round", "TenantKeys", "Tokens"),
    *("App", "Engine", "Outside", "Upkeep"),
    *("NotSent", "Problem", "Rejected", "Trouble"),
}
VALUES = [
    (name, node)
    for name in APP
    for node in ast.walk(TREES[MODULES[name]])
    if isinstance(node, ast.ClassDef)
    and {ast.unparse(one).partition("(")[0] for one in node.decorator_list} & {"dataclass", "frozen"}
]


@pytest.mark.parametrize(("name", "node"), VALUES, ids=lambda one: one.name if isinstance(one, ast.ClassDef) else "")
def test_a_value_is_frozen(name: str, node: ast.ClassDef) -> None:
    frozen = bool({"frozen", "dataclass(frozen=True)"} & {*map(ast.unparse, node.decorator_list)})
    assert frozen is (node.name not in CHANGING), f"{name}.{node.name}"


MOST_LINES, MOST_OF_A_FUNCTION = 250, 40
FEWEST_TEST_FILES = 300  # a search that finds less checks nothing


def too_long(path: Path, tree: ast.Module) -> dict[str, int]:
    """What of a file is over its limit, and how many lines it has: functions by name, the file by its path."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    lines = {one.name: (one.end_lineno or one.lineno) - one.lineno + 1 for one in functions}
    long = {name: count for name, count in lines.items() if count > MOST_OF_A_FUNCTION}
    whole = path.read_text(encoding="utf-8").count("\n")
    return long | ({str(path.relative_to(ROOT)): whole} if whole > MOST_LINES else {})


@pytest.mark.parametrize("path", TREES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_and_no_function_is_too_long_to_be_seen_at_once(path: Path) -> None:
    assert too_long(path, TREES[path]) == {}


def test_no_file_and_no_function_of_the_tests_is_too_long_either() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert len(files) >= FEWEST_TEST_FILES
    assert [found for path in files if (found := too_long(path, ast.parse(path.read_bytes())))] == []
