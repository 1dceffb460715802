"""The ticket that a signed event is about, where the event itself cannot be read: looked for in its raw text."""

from shared.tickets.event import OWN_MARK, default_ticket
from shared.tickets.registry import kind_of

LOOKED_AT = 200_000  # characters from the beginning: ids stand before long texts, or in the first of them


def ticket_in(kind: str, raw: bytes) -> dict[str, str]:
    """The ticket's system, and its id and ref if the text has them; texts that cannot be an id are left out."""
    return default_ticket(kind, kind_of(kind).ticket_in(raw[:LOOKED_AT].decode("utf-8", "replace")))


def is_own(raw: bytes) -> bool:
    """Whether the text holds a comment of the desk: an answer to it would bring the next one."""
    return OWN_MARK.search(raw.decode("utf-8", "replace").replace("\\", "")) is not None
