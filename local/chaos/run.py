"""One run of chaos on a stack: the deeds when they are due, the repair, the wait until all is quiet, the evidence."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import httpx
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from local.chaos.callers import Callers
from local.chaos.invariants import Evidence, View, jobs_of
from local.chaos.plan import HOSTS, Deed, Request, fault_rules
from local.chaos.world import CHANNELS, SILENT, Place, body, places, seed_json
from local.stack.faulty_links import Link
from local.stack.processes import NotStarted, wait_until
from local.stack.stack import Stack
from shared.config.settings import QUEUE, TABLE

Say = Callable[[str], None]
WARM = 100_000  # numbers of the requests before the chaos


@dataclass
class Done:
    """How often what was done."""

    counts: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def note(self, what: str) -> None:
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1


class Run:
    """Chaos on one stack, of three hosts: HTTP, queue, timer."""

    def __init__(self, stack: Stack, made: ExitStack, say: Say) -> None:
        self.stack, self.say, self.done = stack, say, Done()
        text = stack.azurite.connection_string
        self.queue = made.enter_context(QueueClient.from_connection_string(text, QUEUE, retry_total=1))
        self.table = made.enter_context(TableClient.from_connection_string(text, TABLE))
        self.callers = Callers(stack.http, self.queue)
        self.requests: list[Request] = []
        self._hosts = [Lock() for _ in range(HOSTS)]
        self._pool = made.enter_context(ThreadPoolExecutor(32))
        self._frozen = Lock()
        self.struck = self.exposed = self.failed_operations = 0

    def warm_up(self) -> None:
        """One restore in every vault, undisturbed: from now on each is known to echo our ids, or not to."""
        self.stack.emulated("seed", "POST", seed_json())
        first: dict[str, Place] = {}
        for place in places():
            first.setdefault(place.vault, place)
        for number, place in enumerate(first.values(), WARM):
            request = Request(number, "http", body(place, number))
            self.requests.append(request)
            self.callers.ask(request)
        wait_until("the first restores end", 60, lambda: not self._open())

    def go(self, deeds: list[Deed], share: float) -> None:
        """All deeds, each when it is due; returns when the last caller has heard its 2xx."""
        before = sum(self.stack.emulated("counts").values())
        if rules := fault_rules(share):
            self.stack.emulated("faults", "POST", rules)
        began = time.monotonic()
        running: list[Future[None]] = []
        for deed in deeds:
            time.sleep(max(0.0, began + deed.at - time.monotonic()))
            running.append(self._pool.submit(self._do, deed))
            if deed.request:
                self.requests.append(deed.request)
            self.say(f"{time.monotonic() - began:6.1f} s  {self._words()}")
        for deed, one in zip(deeds, running, strict=True):
            if deed.what != "ask":
                one.result()
        rules = self.stack.emulated("faults")
        self.struck = sum(rule["applied"] for rule in rules)
        self.failed_operations = sum(rule["applied"] for rule in rules if rule["fault"].get("stage") == "operation")
        self.exposed = sum(self.stack.emulated("counts").values()) - before
        self.repair()
        for one in running:
            one.result()

    def _words(self) -> str:
        counts = self.done.counts
        return ", ".join(f"{what} {counts[what]}" for what in sorted(counts))

    def _do(self, deed: Deed) -> None:
        acts: dict[str, Callable[[], None]] = {
            "kill": lambda: self._kill(deed.host),
            "stall": lambda: self._stall(deed.host, deed.seconds),
            "freeze": lambda: self._freeze(deed.seconds),
            "cut": self._cut,
            "swallow": lambda: self._swallow(max(1, round(deed.seconds))),
            "queue down": lambda: self._down(self.stack.links.queue, deed.seconds),
            "table down": lambda: self._down(self.stack.links.table, deed.seconds),
            "copies": self.callers.copy_messages,
            "withdraw": lambda: self.callers.withdraw_one(int(deed.at * 1000)),
        }
        if deed.request:
            self.callers.ask(deed.request)
        else:
            acts[deed.what]()
        self.done.note(deed.what)

    def _kill(self, number: int) -> None:
        """SIGKILL, and a new start, which may need several tries while its storage is away."""
        with self._hosts[number]:
            host = self.stack.hosts[number]
            host.kill()
            for _ in range(20):
                try:
                    host.start()
                except NotStarted:
                    self.done.note("start failed")
                    host.kill()
                else:
                    return
            raise NotStarted(f"host {number} does not come up any more: {self.stack.hosts[number].tail()}")

    def _stall(self, number: int, seconds: float) -> None:
        """SIGSTOP for longer than may pass between the save of `submitting` and its POST."""
        with self._hosts[number]:
            self.stack.hosts[number].pause()
            time.sleep(seconds)
            self.stack.hosts[number].resume()

    def _freeze(self, seconds: float) -> None:
        with self._frozen:
            self.stack.azurite.pause()
            time.sleep(seconds)
            self.stack.azurite.resume()

    def _cut(self) -> None:
        for link in (self.stack.links.queue, self.stack.links.table):
            self.stack.links.tell(link.cut)

    def _swallow(self, answers: int) -> None:
        for link in (self.stack.links.queue, self.stack.links.table):
            link.swallow = answers

    def _down(self, link: Link, seconds: float) -> None:
        link.down = True
        self.stack.links.tell(link.cut)
        time.sleep(seconds)
        link.down = False

    def repair(self) -> None:
        """Faults cleared, wires mended; the hosts are up, since every kill ends with a start."""
        self.say("repair: no more faults")
        self.stack.emulated("faults", "DELETE")
        self.stack.links.mend()

    def _open(self) -> list[dict[str, Any]]:
        value: list[dict[str, Any]] = (
            self.stack.http.get("/api/restores?pageSize=1000").raise_for_status().json()["value"]
        )
        return value

    def settle(self, limit: float) -> None:
        """Until nothing is open; what is lost is resolved by a person, who looks at Azure."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            with _patience():
                found = self._open()
                for one in found:
                    if one["phase"] == "lost":
                        self._resolve(one["id"])
                counted = sorted({one["phase"] for one in found})
                self.say(f"still open: {len(found)} {', '.join(counted)}")
                if not found and not self._messages():
                    return
            time.sleep(1)

    def _messages(self) -> int:
        """Requests that still lie in the queue (wakes of closed restores go by themselves)."""
        return sum("instance" in message.content for message in self.queue.peek_messages(max_messages=32))

    def _resolve(self, restore: str) -> None:
        view = self.stack.http.get(f"/api/restores/{restore}").json()
        ran = jobs_of(view, self.stack.emulated("jobs"))
        act: dict[str, Any] = {"by": "operator", "reason": "looked at the vault's jobs"}
        act |= {"resolution": "adopt", "jobId": ran[0]["id"]} if ran else {"resolution": "resubmit"}
        self.stack.http.post(f"/api/restores/{restore}/resolve", json=act)
        self.done.note(f"resolved: {act['resolution']}")

    def evidence(self) -> Evidence:
        """What is known now."""
        heard, views = self.callers.heard, {view["id"]: view for view in self._views()}
        ids = {number: set(found) for number, found in heard.ids.items()}
        by_key = {(view.get("via"), view.get("request", {}).get("reason")): view["id"] for view in views.values()}
        for request in self.requests:
            if request.via != "http" and (found := by_key.get(("queue", request.body["reason"]))):
                ids.setdefault(request.number, set()).add(found)
        arrived = self.stack.channels.ends.arrived
        good = [(one.channel, json.loads(one.text)) for one in arrived if one.status < 300 and not one.faults]
        return Evidence(
            requests=self.requests,
            ids=ids,
            views=views,
            calls=self.stack.emulated("calls"),
            jobs=self.stack.emulated("jobs"),
            posts=[(channel, e["id"], e["type"].split(".")[2], e["data"]["restore"]) for channel, e in good],
            spoilt=[f"{one.channel}: {fault}" for one in arrived for fault in one.faults],
            left=[*self._left()],
            wrong=heard.wrong,
            silent=frozenset(place.id for place in places() if place.vault == SILENT),
            channels=CHANNELS,
            failed_operations=self.failed_operations,
        )

    def _views(self) -> Iterator[View]:
        link = "/api/restores?format=jsonl&pageSize=100"
        while link:
            answer = self.stack.http.get(link).raise_for_status()
            yield from map(json.loads, answer.text.splitlines())
            link = answer.links.get("next", {}).get("url", "")

    def _left(self) -> Iterator[str]:
        for row in self.table.query_entities("RowKey ge 'live-' and RowKey lt 'live.'"):
            if not row["RowKey"].startswith("live-watch"):
                yield f"{row['RowKey']}: {row.get('phase') or row.get('state') or row.get('restore')}"


@contextmanager
def _patience() -> Iterator[None]:
    """The desk may be coming back still: the next look tells."""
    try:
        yield
    except httpx.HTTPError:
        return
