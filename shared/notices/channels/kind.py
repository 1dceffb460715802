"""What the desk must know of a kind of channel: one record, which the kind's own module fills. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Protocol

from shared.domain.version import AGENT
from shared.frozen import frozen
from shared.notices.channels.answers import parsed
from shared.notices.facts import Facts
from shared.notices.messages import Delivered, Message, Resolved, TryAgain

type Need = Literal["url", "secret", "user"]
JSON_HEADERS = {"content-type": "application/json; charset=utf-8", "user-agent": AGENT}


class ToldBefore(Protocol):
    """Status, body and headers of the answer to `Message.before` → delivered already, later, or None: write it."""

    def __call__(self, status: int, body: bytes, headers: Mapping[str, str]) -> Delivered | TryAgain | None: ...


@frozen
class TicketRef:
    """How `ticket.ref` names one ticket of this system and nothing else."""

    pattern: str  # its groups are the ticket's parts
    looks: str  # in words
    whole: Callable[..., str]  # the parts → the ref in its one spelling, as `refs` in desk.toml may name it
    place: Callable[..., str] = lambda *parts: ""  # the parts → the project, repository or table, where there is one
    site: Callable[[str], str] = str  # the API's origin → the origin where people read tickets


@frozen
class ChannelKind:
    """One kind of channel; its name is its module's."""

    compose: Callable[[Facts, Resolved, datetime], Message]  # the call that says an event, at one attempt
    took: Callable[[int, bytes], bool]  # whether an answer (status, body) means that the channel took the message
    needs: frozenset[Need]  # the fields of desk.toml that it cannot do without
    url: str = ""  # where desk.toml names none
    url_is_secret: bool = False  # who has the URL may post
    service: Literal["queue", "eventgrid"] | None = None  # Azure's service, whose host its URL must have
    check_secret: Callable[[str, str], object] | None = None  # (what, secret); Ours where it cannot be used
    gone: str = ""  # what 404 and 410 mean, and what to do
    most_a_round: int = 1_000_000  # messages that one round of the sweep sends
    latest_only: bool = False  # people read the latest; machines get all, in order
    skips: frozenset[str] = frozenset()  # events that say nothing to it
    ref: TicketRef | None = None  # it writes comments to tickets
    told_before: ToldBefore | None = None


def any_2xx(status: int, body: bytes) -> bool:
    return 200 <= status < 300


def json_object(status: int, body: bytes) -> bool:
    """A login page and a hibernating instance answer 200 too, in HTML."""
    return 200 <= status < 300 and isinstance(parsed(body), dict)


def parts_of(kind: str, ref: TicketRef, ticket: Mapping[str, str] | None) -> tuple[str, ...] | str:
    """The parts of the ticket's ref, or the reason why a channel of this kind cannot write to it."""
    if not ticket or ticket.get("system", "").lower() != kind:
        return f"the restore has no ticket in {kind}"
    match = re.fullmatch(ref.pattern, ticket.get("ref", ""))
    return match.groups() if match else f"its ticket's ref is not {ref.looks}"
