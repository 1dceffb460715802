"""What goes to a channel and what its answer means: messages, resolved channels, verdicts. Pure."""

from dataclasses import field
from typing import Literal

from shared.domain.clouds import PUBLIC, Cloud
from shared.frozen import frozen

type Kind = str  # the name of a module of shared/notices/channels


@frozen
class Resolved:
    """A channel with its secrets in hand; they show in no repr, nor does a URL, for Slack's and Teams' are secrets."""

    name: str
    kind: Kind
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    internal: bool = True
    encoding: Literal["none", "base64"] = "none"
    cloud: Cloud = PUBLIC
    desk_url: str = ""  # where people open the page; empty where it is off
    ticket_sites: frozenset[str] = frozenset()  # origins that a link to a ticket may lead to


@frozen
class Message:
    """One HTTP call. `scope`: whose bearer token the sender adds. `before`: ask this first."""

    method: Literal["GET", "POST", "PUT", "PATCH"]
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    scope: str | None = None
    before: "Message | None" = None


class Undeliverable(Exception):
    """This notice can never go out on this channel; the text says why and what to change."""


@frozen
class Delivered:
    """The channel took it, by its own rules."""


@frozen
class TryAgain:
    """Not now: try again after so many seconds, or by the sender's own back-off. `rest`: the channel wants no other
    message now either (429, or it was not reached); so does one that names a time."""

    why: str
    after_seconds: float | None = None
    rest: bool = False


@frozen
class Stop:
    """Not ever: the channel will not take this message however often it is sent."""

    why: str


Verdict = Delivered | TryAgain | Stop
