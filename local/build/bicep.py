"""Knows what stands in a .bicep file, by its syntax tree: faults, declarations, modules; no compiler is on PyPI."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter
import tree_sitter_bicep

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
_NAME = ("identifier", "compatible_identifier")


@dataclass(frozen=True)
class Module:
    """A use of another file."""

    name: str
    path: str
    given: frozenset[str]


@dataclass
class BicepFile:
    """One file."""

    path: Path
    text: str
    faults: list[str] = field(default_factory=list)
    parameters: dict[str, bool] = field(default_factory=dict)  # name → whether it has a default
    outputs: set[str] = field(default_factory=set)
    modules: list[Module] = field(default_factory=list)
    resources: dict[str, str] = field(default_factory=dict)  # symbol → type@version
    objects: list[dict[str, str]] = field(default_factory=list)  # each object: key → the value's text


def read(path: Path) -> BicepFile:
    """The file's declarations; `faults` says where it is no Bicep."""
    source = path.read_bytes()
    found = BicepFile(path, source.decode())
    for node in _walk(_PARSER.parse(source).root_node):
        if node.type == "ERROR" or node.is_missing:
            found.faults.append(f"{path.name}:{node.start_point[0] + 1}: {_text(node)[:60] or node.type}")
        _declare(found, node)
    return found


def _declare(found: BicepFile, node: tree_sitter.Node) -> None:
    if node.type == "parameter_declaration":
        found.parameters[_symbol(node)] = len([c for c in node.named_children if c.type != "decorators"]) > 2
    elif node.type == "output_declaration":
        found.outputs.add(_symbol(node))
    elif node.type == "module_declaration":
        found.modules.append(Module(_symbol(node), _first_string(node), frozenset(_params(node))))
    elif node.type == "resource_declaration":
        found.resources[_symbol(node)] = _first_string(node)
    elif node.type == "object":
        found.objects.append(_properties(node))


def _properties(node: tree_sitter.Node) -> dict[str, str]:
    pairs = (child.named_children for child in node.named_children if child.type == "object_property")
    return {_text(pair[0]).strip("'"): _text(pair[-1]).strip("'") for pair in pairs if len(pair) > 1}


def _params(module: tree_sitter.Node) -> Iterator[str]:
    for node in _walk(module):
        if node.type == "object_property" and _text(node.named_children[0]) == "params":
            yield from _properties(node.named_children[-1])
            return


def _symbol(node: tree_sitter.Node) -> str:
    return next(_text(child) for child in node.named_children if child.type in _NAME)


def _first_string(node: tree_sitter.Node) -> str:
    return next(_text(child).strip("'") for child in node.named_children if child.type == "string")


def _walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()
