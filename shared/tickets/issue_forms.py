"""GitHub issue forms: an issue's body, read as CommonMark, so that a field is what the issue's approver saw. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

MOST, MOST_FIELDS = 16_000, 100  # characters: brackets cost a parser their square
DEEPEST = 12  # quotes and lists within one another; markdown-it drops what is deeper than its own limit
_EMPTY = frozenset({"No response", "None"})  # what GitHub writes into a field that was left empty


class Misread(ValueError):
    """The form may mean something else than its approver saw; the text says why and what to change."""


def read_form(body: str) -> dict[str, str]:
    """Each `### Field` with its text as it is shown, without markup. A body without such a heading has no fields.
    Misread where something is hidden or ambiguous: raw HTML, text before the first field, a field twice."""
    if "###" not in body:
        return {}
    if len(body) > MOST:
        raise Misread(f"the issue has {len(body)} characters; {MOST} are read")
    tokens = _tokens(body)
    if not any(_begins(token) for token in tokens):
        return {}
    found, known = dict[str, str](), set[str]()
    for name, parts in _blocks(tokens):
        text = re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()
        if not name:
            raise Misread("a heading of it is empty; edit the issue")
        if _alike(name) in known:
            raise Misread(f"the field {name[:60]!r} stands twice in it; edit the issue, so that it stands once")
        if len(known) == MOST_FIELDS:
            raise Misread(f"it has more than {MOST_FIELDS} fields")
        known.add(_alike(name))
        found[name] = "" if text in _EMPTY else text
    return found


def _alike(name: str) -> str:
    return " ".join(name.casefold().split())


def _tokens(body: str) -> list[Token]:
    from markdown_it import MarkdownIt  # imported where an issue has a form, so that no cold start pays for it

    return MarkdownIt("commonmark", {"maxNesting": DEEPEST * 4}).parse(body)


def _begins(token: Token) -> bool:
    return token.type == "heading_open" and token.tag == "h3" and token.level == 0


def _blocks(tokens: list[Token]) -> Iterator[tuple[str, list[str]]]:
    """The fields' names with the parts of their texts. A heading in a quote or a list is text of its field."""
    name, parts = None, list[str]()
    for at, token in enumerate(tokens):
        if token.level > DEEPEST:
            raise Misread("quotes or lists in it are nested too deeply; edit the issue")
        if _begins(token):
            if name is not None:
                yield name, parts
            name, parts = "".join(_shown(tokens[at + 1])).strip(), []
            continue
        if at and _begins(tokens[at - 1]):
            continue  # the name itself
        if name is None:
            raise Misread("text stands before its first field; edit the issue, so that it begins with ### and a field")
        parts += _shown(token)
    if name is not None:
        yield name, parts


def _shown(token: Token) -> Iterator[str]:
    """What a reader sees of a token, as text."""
    if token.type in ("html_block", "html_inline"):
        raise Misread("it holds HTML, which GitHub hides or rewrites; edit the issue, and write such text as code")
    if token.type == "inline":
        for child in token.children or []:
            yield from _shown(child)
    elif token.type in ("text", "code_inline", "fence", "code_block"):
        yield token.content
    elif token.type in ("softbreak", "hardbreak"):
        yield "\n"
    elif token.type.endswith("_close") and token.block:
        yield "\n" if token.hidden or token.tag in ("li", "ul", "ol") else "\n\n"
