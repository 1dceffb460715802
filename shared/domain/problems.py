"""What can go wrong, sorted by who must act: the caller (Problem), Azure for now (Trouble), us (Ours). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.domain.text import fit, plain


@dataclass
class Problem(Exception):
    """A fault that the caller must mend. It becomes an RFC 9457 answer, or a `refused` restore if nobody reads an
    answer."""

    status: int
    title: str
    detail: str
    where: str | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}" if self.where else self.detail

    def body(self) -> dict[str, Any]:
        """The problem+json document (https://www.rfc-editor.org/rfc/rfc9457)."""
        at = {"field": self.where} if self.where else {}
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **at,
            **self.more,
        }


@dataclass
class Trouble(Exception):
    """A fault that may pass: try again after `retry_after` seconds, or after the back-off."""

    what: str
    retry_after: float | None = None
    status: int | None = None
    throttled: bool = False

    def __str__(self) -> str:
        return self.what


class Ours(Exception):
    """A fault of the desk's set-up (a setting, a secret, desk.toml): the text names what and how to mend it."""


class Unreadable(Exception):
    """A row that this release cannot read: a newer schema, an unknown phase, or damage. It is left alone."""


def invalid(where: str, detail: str) -> Problem:
    """A field whose value cannot be used."""
    return Problem(422, "The request has a value that cannot be used", detail, where)


def forbidden(where: str, detail: str) -> Problem:
    """A field that asks for something desk.toml does not give to this source."""
    return Problem(403, "desk.toml does not allow this", detail, where)


def unknown(where: str, name: str, kind: str, known: Iterable[str], of: str = " of desk.toml") -> Problem:
    """A name that desk.toml does not have (or not for this caller: `of` says for whom), with the closest of `known`."""
    names = sorted(known)
    close = _near(name, names, 3, 0.4)
    hint = (
        f"; did you mean {' or '.join(close)}?"
        if close
        else f"; there {'is' if len(names) == 1 else 'are'}: {', '.join(names[:10]) or 'none'}"
    )
    of = "" if kind in ("phase", "source") else of
    return Problem(422, f"Unknown {kind}", f"{name!r} is no {kind}{of}{hint}", where, {"closest": close})


def no_kind(said: str, known: Iterable[str]) -> str:
    """The words for a `kind` of desk.toml that the desk does not have: what was said, what there is, the nearest."""
    names = sorted(known)
    near = _near(said, names, 1, 0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"kind is {fit(plain(said), 60)!r}, and must be one of {', '.join(names)}{hint}"


def _near(said: str, names: list[str], most: int, likeness: float) -> list[str]:
    from difflib import get_close_matches  # for mistakes alone: no first answer waits for it

    return get_close_matches(said, names, most, likeness)
