"""Notices from the outbox to their channels: at least once each, with back-off; one that fails delays no other."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
from pydantic import ValidationError

from shared.config.desk_file import Channel, Desk
from shared.domain.clouds import PUBLIC, Cloud
from shared.domain.pace import Pace
from shared.domain.problems import Ours, Trouble
from shared.domain.text import same
from shared.notices.channels.registry import KINDS, compose, verdict
from shared.notices.delivery_round import DeliveryRound
from shared.notices.messages import Delivered, Message, Resolved, Stop, TryAgain, Undeliverable, Verdict
from shared.notices.outbox import UNROUTED, Notice, Outbox
from shared.notices.resolved import resolve_channel, ticket_sites
from shared.notices.routing import channels_of, may_write
from shared.storage.store import Conflict
from shared.telemetry import tell

log = logging.getLogger("desk")

POST_TOTAL = 15.0  # seconds for a post and its answer, all in all
MAX_ANSWER = 64 * 1024  # bytes of an answer that are read


class Post(Protocol):
    """Sends one message and gives the channel's answer: status, body, headers; Trouble if there was none."""

    def __call__(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]: ...


@dataclass(frozen=True)
class Notifier:
    """Posts the notices that are due."""

    outbox: Outbox
    read_desk: Callable[[], Desk]
    environ: Mapping[str, str]
    post: Post
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    pace: Pace
    local: bool = False
    cloud: Cloud = PUBLIC
    public_url: str = ""  # DESK_PUBLIC_URL: notices link to the page there, where desk.toml has one
    redact: Callable[[str], str] = same  # takes secrets out of what a channel answers

    def deliver(self, owed: Iterable[Notice], told: DeliveryRound, over: Callable[[], bool] = lambda: False) -> None:
        """Posts the notices that are due, in order per restore and channel. After a 429, or if a channel cannot be
        reached, it gets no more notices in this round. `over` says when the round must end."""
        waiting: set[tuple[str, str]] = set()
        notices = sorted(owed, key=lambda n: (n.restore, n.channel, n.sequence))
        for i, notice in enumerate(notices):
            line = (notice.restore, notice.channel)
            following = (n for n in notices[i + 1 : i + 2] if n.due <= self.now())
            later = any((n.restore, n.channel) == line for n in following)
            if over():
                return
            if not self._guarded(notice, later, line in waiting, told):
                waiting.add(line)

    def _guarded(self, notice: Notice, later: bool, behind: bool, told: DeliveryRound) -> bool:
        """Whatever goes wrong with one notice delays that notice alone."""
        try:
            return self._one(notice, later, behind, told)
        except Conflict:
            return False  # another sweep, or a person, was here first
        except Trouble as trouble:
            log.warning("notice waits event=%s channel=%s why=%s", notice.event_id, notice.channel, trouble)
        except Exception as error:  # such as facts that this release cannot read
            kind = type(error).__name__
            log.exception("notice left alone event=%s channel=%s why=%s", notice.event_id, notice.channel, kind)
        return False

    def _one(self, notice: Notice, later: bool, behind: bool, told: DeliveryRound) -> bool:
        """True if the notice is settled; `behind`: an earlier one of its line still waits."""
        try:
            desk = self.read_desk()
        except Ours as error:
            log.warning("notices wait: %s", error)
            return False
        if notice.channel == UNROUTED:
            said = (notice := self.outbox.with_facts(notice)).read_facts()
            self.outbox.route(notice, channels_of(desk, said.instance_name, (), said.event, said.ticket, said.source))
            return True
        channel = desk.channels.get(notice.channel)
        if channel is None:
            missing = TryAgain("desk.toml has no such channel")
            return not behind and notice.due <= self.now() and self._postpone(self._begun(notice), missing)
        if KINDS[channel.kind].latest_only and later:
            self.outbox.settle(notice, "superseded", "a later notice of the same restore is due")
            return True
        if behind or notice.due > self.now() or told.resting(notice.channel, channel.kind):
            return False
        if notice.unsure and self.outbox.waits_behind(notice):
            return False
        return self._attempt(self._with_facts(notice, told), channel, told)

    def _with_facts(self, notice: Notice, told: DeliveryRound) -> Notice:
        """Read once in a round, for all channels of the event."""
        facts = notice.facts or told.said.get(notice.event_id) or self.outbox.with_facts(notice).facts
        told.said[notice.event_id] = facts
        return replace(notice, facts=facts)

    def _attempt(self, notice: Notice, channel: Channel, told: DeliveryRound) -> bool:
        told.sent[notice.channel] += 1
        begun = self._begun(notice)  # before the call: a worker that dies in it does not post it each round
        answer = self.tell(notice.channel, channel, begun)
        told.answered(notice.channel, answer)
        if isinstance(answer, Delivered):
            self.outbox.settle(begun, "delivered", "")
            _tell(begun, "delivered", "", logging.INFO)
            return True
        if isinstance(answer, Stop):
            return self._give_up(begun, answer.why)
        return self._postpone(begun, answer)

    def _begun(self, notice: Notice) -> Notice:
        return self.outbox.begin(notice, self.now() + timedelta(seconds=self._wait(notice.attempts + 1)))

    def _wait(self, attempts: int) -> float:
        """Seconds until the next attempt after so many."""
        delays = self.pace.notice_delays
        return delays[min(attempts, len(delays)) - 1] * (0.9 + self.jitter() / 5)

    def _postpone(self, begun: Notice, answer: TryAgain) -> bool:
        if begun.attempts > len(self.pace.notice_delays):
            return self._give_up(begun, answer.why)
        wait = max(answer.after_seconds or 0, self._wait(begun.attempts))
        _tell(begun, "waits", answer.why, logging.WARNING)
        self.outbox.postpone(begun, self.now() + timedelta(seconds=wait), answer.why)
        return False

    def _give_up(self, begun: Notice, why: str) -> bool:
        _tell(begun, "given up", why, logging.ERROR)
        self.outbox.give_up(begun, why, self.now())
        return True

    def tell(self, name: str, channel: Channel, notice: Notice) -> Verdict:
        """Composes and posts one notice; what the channel meant by its answer."""
        try:
            desk, facts = self.read_desk(), notice.read_facts()
            known = facts.event != "test" and name in desk.channels
            if known and not may_write(desk, name, facts.ticket, facts.source):
                return Stop("desk.toml does not let this channel write to this ticket: its `refs` do not cover it")
            resolved = resolve_channel(name, channel, self.environ, self.local, self.cloud)
            sites = ticket_sites(desk, self.environ)
            page = self.public_url if desk.page else ""
            message = compose(facts, replace(resolved, ticket_sites=sites, desk_url=page), self.now())
            return self._send(resolved, message, notice)
        except Undeliverable as error:
            return Stop(str(error))
        except (Ours, Trouble) as error:
            return TryAgain(str(error), rest=True)
        except ValidationError:
            raise  # facts of a newer release: left alone
        except Exception as error:  # a channel's composing and reading is much code: no fault in it stops the others
            log.exception("the notice %s to %s could not be made or sent", notice.event_id, name)
            return TryAgain(f"the message could not be made or sent ({type(error).__name__})")

    def _send(self, channel: Resolved, message: Message, notice: Notice) -> Verdict:
        """Where a channel appends for each call, it is asked first whether an attempt that crashed arrived."""
        told_before = KINDS[channel.kind].told_before
        if message.before and told_before:
            told = told_before(*self.post(message.before))
            if told is not None:
                return told  # in our own words
        status, body, headers = self.post(message)
        found = verdict(channel.kind, status, body, headers)
        return found if isinstance(found, Delivered) else replace(found, why=self.redact(found.why))


def _tell(notice: Notice, state: str, why: str, level: int) -> None:
    told = {"event": notice.event, "event_id": notice.event_id, "channel": notice.channel, "state": state}
    tell("notice", level, restore=notice.restore, **told, why=why or None, attempts=notice.attempts)


class BoundedCall(Protocol):
    """client, method, url, seconds for all of it, bytes of the answer → the answer, and whether it is whole."""

    def __call__(
        self, client: httpx.Client, method: str, url: str, seconds: float, most: int, **more: Any
    ) -> tuple[httpx.Response, bool]: ...


class HttpPost:
    """Messages over httpx; bearer tokens by the scope that a message names; redirects are not followed."""

    def __init__(self, http: httpx.Client, token: Callable[[str], str], call: BoundedCall) -> None:
        """`call` makes one request that ends in time, and gives the answer and whether it is whole."""
        self._http, self._token, self._call = http, token, call

    def __call__(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        headers = dict(message.headers)
        if message.scope:
            headers["authorization"] = f"Bearer {self._bearer(message.scope)}"
        try:
            answer, _ = self._call(
                self._http, message.method, message.url, POST_TOTAL, MAX_ANSWER, headers=headers, content=message.body
            )
        except httpx.HTTPError as error:
            raise Trouble(f"the channel was not reached, or did not answer in time ({type(error).__name__})") from error
        except httpx.InvalidURL as error:
            raise Trouble("the channel's URL cannot be used") from error
        except UnicodeEncodeError as error:
            raise Trouble("a header of the message cannot be sent: it is not ASCII (look at the token)") from error
        return answer.status_code, answer.content, answer.headers

    def _bearer(self, scope: str) -> str:
        try:
            return self._token(scope)
        except Exception as error:  # azure-identity has many ways to fail; all of them pass, or are an operator's
            raise Trouble(f"no token for {scope} ({type(error).__name__})") from error


def sample_notice(facts: str, channel: str, now: datetime) -> Notice:
    """What `POST /api/channels/{name}/test` sends."""
    return Notice(json.loads(facts)["restore"], 1, channel, "succeeded", now, now, facts)
