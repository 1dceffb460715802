"""The kinds of channels there are, found as the modules of this package that have a KIND; what holds for each. Pure."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, cached_property

from shared.config.desk_file import Channel, Desk
from shared.domain.problems import no_kind
from shared.notices.channels.answers import not_now, wait_of, words_of
from shared.notices.channels.kind import ChannelKind, parts_of
from shared.notices.facts import Facts
from shared.notices.messages import Delivered, Message, Resolved, Stop, TryAgain, Verdict

_MENDED = frozenset({401, 403, 408, 409, 425})  # a secret or a right may be mended, a conflict passes


class Kinds(Mapping[str, ChannelKind]):
    """By name; a kind's module is imported when it is first asked for: a desk uses few of them."""

    @cached_property
    def _modules(self) -> frozenset[str]:
        return frozenset(one.name for one in pkgutil.iter_modules([__file__.rpartition("/")[0]]))

    def __getitem__(self, name: str) -> ChannelKind:
        kind = _kind(name) if name in self._modules else None
        if kind is None:
            raise KeyError(name)
        return kind

    def __iter__(self) -> Iterator[str]:
        return (name for name in sorted(self._modules) if _kind(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _kind(module: str) -> ChannelKind | None:
    package = __name__.rpartition(".")[0]
    found: ChannelKind | None = getattr(importlib.import_module(f"{package}.{module}"), "KIND", None)
    return found


KINDS = Kinds()


def check_channels(desk: Desk) -> list[str]:
    """What is wrong with the channels of desk.toml, one line each."""
    return [f"channels.{name}: {fault}" for name, channel in desk.channels.items() for fault in _faults(channel)]


def _faults(channel: Channel) -> list[str]:
    kind = KINDS.get(channel.kind)
    if kind is None:
        return [no_kind(channel.kind, KINDS)]
    lacking = [need for need in ("url", "secret", "user") if need in kind.needs and getattr(channel, need) is None]
    found = [f"a {channel.kind} channel needs its {need}" for need in lacking]
    if channel.refs and kind.ref is None:
        found.append(f"a {channel.kind} channel writes to no tickets: refs has no place here")
    if kind.url_is_secret and isinstance(channel.url, str):
        found.append(f'the url of a {channel.kind} channel is a secret: give it as {{ env = "NAME" }}')
    return found


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """The call that announces an event to `channel`, for one attempt; Undeliverable if the event can never go there."""
    return KINDS[channel.kind].compose(facts, channel, at)


def concerns(kind: str, event: str, ticket: Mapping[str, str] | None) -> bool:
    """Whether an event can go to this kind of channel: a ticket system needs its ref, a pager skips some events."""
    record = KINDS[kind]
    if record.ref is not None:
        return not isinstance(parts_of(kind, record.ref, ticket), str)
    return event not in record.skips


def is_ticket_system(kind: str) -> bool:
    """Whether channels of this kind write comments to tickets."""
    return kind in KINDS and KINDS[kind].ref is not None


def covered(kind: str, ticket: Mapping[str, str] | None, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern covers the ticket's project, repository, table or whole ref; `*` matches within a part."""
    ref = KINDS[kind].ref
    parts = parts_of(kind, ref, ticket) if ref else ""
    if ref is None or isinstance(parts, str):
        return False
    texts = [text for text in (ref.whole(*parts), ref.place(*parts)) if text]
    return any(_matches(pattern, text) for pattern in patterns for text in texts)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch("[^/]*".join(map(re.escape, pattern.lower().split("*"))), text.lower()) is not None


def verdict(kind: str, status: int, body: bytes, headers: Mapping[str, str]) -> Verdict:
    """The meaning of a channel's answer by the rules of its kind: delivered, try again, or give up."""
    if KINDS[kind].took(status, body):
        return Delivered()
    said = words_of(body)
    why = f"answered {status}" + (f": {said}" if said else "")
    if 200 <= status < 300:
        return TryAgain(f"{why} — not how {kind} says that it took a message; is something else behind this URL?")
    if 300 <= status < 400:
        return TryAgain(f"{why} — redirects are not followed: give the final URL")
    if status in (404, 410):
        return Stop(f"{why} — {KINDS[kind].gone}" if KINDS[kind].gone else why)
    if status in _MENDED:
        return TryAgain(why, wait_of(headers))
    return not_now(status, headers, why) or Stop(why)
