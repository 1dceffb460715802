"""JMESPath as mappings use it: compiled once, two functions of ours, and a word on what an expression saw. Pure.

https://jmespath.org/specification.html; the package is imported on first use, to keep cold starts short.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from shared.domain.text import fit, plain

SHOWN = 80  # characters of a value in an error
MOST_PATHS = 8
ROOTS = ("body", "headers", "form")


class Unusable(Exception):
    """An expression that cannot be compiled, or that does not work on this event; the text says how."""


@cache
def _options() -> Any:
    import jmespath
    from jmespath import functions

    class OfTheDesk(functions.Functions):
        """The built-in functions, and ours."""

        @functions.signature({"types": ["string", "object", "null"]})
        def _func_point(self, said: Any) -> Any:
            return point(said)

        @functions.signature({"types": ["string", "null"]})
        def _func_lower(self, said: str | None) -> str | None:
            return said.lower() if said is not None else None

    return jmespath.Options(custom_functions=OfTheDesk())


@cache
def compiled(expression: str) -> Any:
    """The compiled expression, or Unusable with the parser's words."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        found: Any = jmespath.compile(expression)
    except JMESPathError as error:
        raise Unusable(plain(str(error))) from error
    called = {str(node["value"]) for node in nodes(found.parsed) if node["type"] == "function_expression"}
    missing = sorted(called - _options().custom_functions.FUNCTION_TABLE.keys())
    if missing:
        raise Unusable(f"there is no function {', '.join(missing)}")
    return found


def value_of(expression: str, event: dict[str, Any]) -> Any:
    """The value of the expression for the event. Raises Unusable."""
    from jmespath.exceptions import JMESPathError

    try:
        return compiled(expression).search(event, options=_options())
    except JMESPathError as error:
        raise Unusable(plain(str(error))) from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # the event is the sender's: its numbers may be infinite, its depth beyond measure
        raise Unusable(f"it does not work on this event ({type(error).__name__})") from error


def saw(expression: str, event: dict[str, Any]) -> str:
    """The fields that the expression reads, with the values they have in this event, cut."""
    paths = list(dict.fromkeys(_paths(compiled(expression).parsed)))
    return "; ".join(f"{'.'.join(path)} = {shown(_at(event, path))}" for path in paths[:MOST_PATHS])


def named_fields(expression: str) -> set[str]:
    """The names that the expression gives to the fields of the objects it makes."""
    return {str(node["value"]) for node in nodes(compiled(expression).parsed) if node["type"] == "key_val_pair"}


def shown(value: Any) -> str:
    """A value as JSON, cut."""
    try:
        return fit(plain(json.dumps(value, ensure_ascii=False)), SHOWN)
    except RecursionError:
        return "something nested too deeply to show"


def point(said: Any) -> Any:
    """A recovery point as people write it: `latest`, `at-or-before:<time>`, `id:<id>`, or a time by itself."""
    if not isinstance(said, str):
        return said
    text = said.strip()
    head, _, rest = text.partition(":")
    if head.lower() in ("at-or-before", "atorbefore"):
        return {"atOrBefore": rest.strip()}
    if head.lower() == "id":
        return {"id": rest.strip()}
    return {"atOrBefore": text} if _is_time(text) else text.lower() or None


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def visited(node: dict[str, Any], value: Any) -> Any:
    """The result of a part of a compiled expression for a value; None if it cannot be applied."""
    from jmespath.exceptions import JMESPathError
    from jmespath.visitor import TreeInterpreter

    try:
        return TreeInterpreter(_options()).visit(node, value)  # type: ignore[arg-type] # its node is a dict
    except (JMESPathError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a compiled expression, and all below it."""
    yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from nodes(child)


def _paths(node: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    chain = _chain(node)
    if chain:
        if chain[0] in ROOTS:
            yield chain
        return
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _paths(child)


def _chain(node: dict[str, Any]) -> tuple[str, ...]:
    """`body.issue.key` as its three names; empty if the node is more than a path."""
    if node["type"] == "field":
        return (str(node["value"]),)
    if node["type"] != "subexpression":
        return ()
    parts = [_chain(child) for child in node["children"]]
    return tuple(name for part in parts for name in part) if all(parts) else ()


def _at(event: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = event
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
