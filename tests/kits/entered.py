"""Which functions of the app a run enters, and which there are: so that what no story enters can be named."""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).parents[2]
ROOMS = ("workflow", "storage", "notices", "sweep", "tickets")
_TOOL = sys.monitoring.PROFILER_ID


@contextmanager
def entering() -> Iterator[set[str]]:
    """The functions of the rooms that are entered meanwhile, on any thread; each costs one event, once."""
    entered, heads = set[str](), tuple(f"{ROOT / 'shared' / room}/" for room in ROOMS)

    def started(code: CodeType, _: int) -> Any:
        if code.co_filename.startswith(heads):
            module = code.co_filename.removeprefix(f"{ROOT}/").removesuffix(".py").replace("/", ".")
            entered.add(f"{module}.{code.co_qualname}")
        return sys.monitoring.DISABLE

    sys.monitoring.use_tool_id(_TOOL, "entered")
    sys.monitoring.register_callback(_TOOL, sys.monitoring.events.PY_START, started)
    sys.monitoring.set_events(_TOOL, sys.monitoring.events.PY_START)
    sys.monitoring.restart_events()
    try:
        yield entered
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.register_callback(_TOOL, sys.monitoring.events.PY_START, None)
        sys.monitoring.free_tool_id(_TOOL)


def functions() -> set[str]:
    """Every function and method of the rooms, by its dotted name; of a Protocol there is nothing to enter."""
    found = set[str]()
    for room in ROOMS:
        for path in sorted((ROOT / "shared" / room).rglob("*.py")):
            module = str(path.relative_to(ROOT)).removesuffix(".py").replace("/", ".")
            found |= {f"{module}.{name}" for name in _names(ast.parse(path.read_text()), "")}
    return found


def _names(node: ast.AST, head: str) -> Iterator[str]:
    for one in ast.iter_child_nodes(node):
        if isinstance(one, ast.ClassDef):
            if not any(isinstance(base, ast.Name) and base.id == "Protocol" for base in one.bases):
                yield from _names(one, f"{head}{one.name}.")
        elif isinstance(one, ast.FunctionDef):
            yield f"{head}{one.name}"
