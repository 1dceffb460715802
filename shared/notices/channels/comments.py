"""What comments on tickets have in common: the ticket's parts, the notice, the call, plain lines. Pure."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from shared.domain.text import dumped, fit
from shared.domain.version import AGENT
from shared.notices.channels.kind import parts_of
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved, Undeliverable
from shared.notices.notice_text import DESK_LINK, VAULT_LINK, Notice, notice_of, said

HEADLINE, LINE, VALUE, WORDS, COMMANDS = 200, 300, 700, 700, 8_000


def ticket_parts(ref: Any, facts: Facts, channel: Resolved) -> tuple[str, ...]:
    """The parts of the ticket's ref; Undeliverable if the restore has none of this system."""
    found = parts_of(channel.kind, ref, facts.ticket)
    if isinstance(found, str):
        raise Undeliverable(f"{channel.name} writes to {channel.kind} tickets, but {found}")
    return found


def comment_of(facts: Facts, channel: Resolved) -> Notice:
    """The notice without a link to its own ticket."""
    notice = notice_of(facts, channel.cloud.portal, channel.ticket_sites, channel.desk_url)
    return replace(notice, links=tuple(link for link in notice.links if link.text in (VAULT_LINK, DESK_LINK)))


def call(method: Any, channel: Resolved, path: str, headers: Mapping[str, str], body: Any = None) -> Message:
    """A call at the channel's own base URL."""
    given = {"accept": "application/json", "user-agent": AGENT, **headers}
    if body is not None:
        given["content-type"] = "application/json"
    return Message(method, f"{channel.url}{path}", given, b"" if body is None else dumped(body))


def basic(user: str, channel: Resolved) -> dict[str, str]:
    """Basic authentication by a user and the channel's secret."""
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{channel.secrets[0]}".encode()).decode()}


def plain_lines(notice: Notice, escaped: Callable[[str], str], room: int, commands: int) -> Iterator[str]:
    """The notice as lines of plain text, each value at most `room` long and all commands `commands`."""
    yield fit(notice.headline, HEADLINE, escaped)
    if notice.point:
        yield fit(notice.point, LINE, escaped)
    yield ""
    yield from (f"{row.label}: {fit(row.text, room, escaped)}" for row in notice.rows)
    yield ""
    for step in said(notice, room, commands, lambda command: escaped(command) == command):
        yield fit(step.words, room, escaped)
        if step.command:
            yield step.command
    yield ""
    yield from (f"{link.text}: {link.url}" for link in notice.links)
    yield f"API: {fit(notice.api, LINE, escaped)}"
    yield escaped(notice.mark)
