"""Why a `when` may have said no by a hair: comparisons that differ in case, blanks or kind alone. Pure."""

from collections.abc import Iterator
from typing import Any

from shared.tickets.expressions import Unusable, compiled, nodes, shown, visited

MOST = 3


def near_misses(expression: str, event: dict[str, Any]) -> str:
    """Every near miss as `body.status is "Approved", expected "approved"`; empty if there is none."""
    found = list(dict.fromkeys(_near(expression, event)))
    return "; ".join(found[:MOST])


def _near(expression: str, event: dict[str, Any]) -> Iterator[str]:
    try:
        tree = compiled(expression).parsed
    except Unusable:
        return
    for node in nodes(tree):
        if node["type"] == "comparator" and node["value"] == "eq":
            literals = [child for child in node["children"] if child["type"] == "literal"]
            fields = [child for child in node["children"] if child["type"] != "literal"]
            if len(literals) == len(fields):  # one of each
                wanted = literals[0]["value"]
                for name, seen in _seen(fields[0], event, tree):
                    if seen != wanted and _same(seen, wanted):
                        yield f"{name} is {shown(seen)}, expected {shown(wanted)}"


def _seen(node: dict[str, Any], event: dict[str, Any], tree: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the compared side is in the event; inside a filter, in each member of every list that is filtered."""
    name = _name(node)
    if name.split(".")[0] in ("body", "headers", "form"):
        yield name, visited(node, event)
        return
    for outer in nodes(tree):
        if outer["type"] == "filter_projection" and any(inner is node for inner in nodes(outer["children"][2])):
            members = visited(outer["children"][0], event)
            for member in members if isinstance(members, list) else ():
                yield f"{_name(outer['children'][0])}[].{name}", visited(node, member)


def _name(node: dict[str, Any]) -> str:
    parts = [str(part["value"]) for part in nodes(node) if part["type"] == "field"]
    return ".".join(parts) or node["type"]


def _same(seen: Any, wanted: Any) -> bool:
    if isinstance(seen, dict | list) or isinstance(wanted, dict | list) or seen is None:
        return False
    return _bare(seen) == _bare(wanted)


def _bare(value: Any) -> str:
    return "".join(str(value).casefold().split()).strip("\"'")
