"""One run of chaos on a stack: the deeds when they are due, the repair, the wait until all is quiet."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from local.alerts import watch
from local.chaos.breaks import Breaks, Done
from local.chaos.callers import Callers
from local.chaos.invariants import jobs_of
from local.chaos.plan import TIMERS, Deed, Request, another_round, fault_rules, span
from local.chaos.world import Place, body, places, seed_json
from local.stack.processes import wait_until
from local.stack.progress import Say
from local.stack.stack import Stack
from shared.config.settings import QUEUE, TABLE

CALM = 60.0  # seconds until no alert fires any more
WARM = 100_000  # numbers of the requests before the chaos


@dataclass(frozen=True)
class Rounds:
    """How long chaos goes on after the first schedule: until most of the requests are submitted, or 15 minutes."""

    seed: int
    restores: int
    kills: int
    goal: float
    longest: float = 900.0

    @property
    def wanted(self) -> int:
        return round(self.restores * self.goal)

    def deeds(self, number: int) -> list[Deed]:
        return another_round(self.seed, number, self.kills / span(self.restores, self.kills))


class Run:
    """Chaos on one stack, of four hosts: HTTP, queue, and two that may tick."""

    def __init__(self, stack: Stack, made: ExitStack, say: Say) -> None:
        self.stack, self.say, self.done = stack, say, Done()
        text = stack.azurite.connection_string
        self.queue = made.enter_context(QueueClient.from_connection_string(text, QUEUE, retry_total=1))
        self.table = made.enter_context(TableClient.from_connection_string(text, TABLE))
        poison = made.enter_context(QueueClient.from_connection_string(text, f"{QUEUE}-poison", retry_total=1))
        with suppress(ResourceExistsError):
            poison.create_queue()
        self.callers = Callers(stack.http, self.queue, poison)
        self.requests: list[Request] = []
        self._pool = made.enter_context(ThreadPoolExecutor(32))
        self.breaks = Breaks(stack, self.done)
        self.struck = self.exposed = self.failed_operations = self.under_chaos = self.wanted = 0
        self.began, self.fired, self.still = watch.now(), frozenset[str](), frozenset[str]()

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

    def go(self, deeds: list[Deed], share: float, rounds: Rounds) -> None:
        """All deeds, each when it is due, and more rounds of them until most requests are submitted; returns when the
        last caller has heard its 2xx."""
        before, posted = sum(self.stack.emulated("counts").values()), self._submitted()
        if rules := fault_rules(share):
            self.stack.emulated("faults", "POST", rules)
        began, number = time.monotonic(), 0
        asked = self._play(deeds)
        self.wanted = rounds.wanted
        while (now := self._submitted() - posted) < rounds.wanted and time.monotonic() - began < rounds.longest:
            self.say(f"{now} of {rounds.wanted} submitted under chaos")
            number += 1
            self._play(rounds.deeds(number))
            self._resolve_lost()
        self.under_chaos = self._submitted() - posted
        rules = self.stack.emulated("faults")
        self.struck = sum(rule["applied"] for rule in rules)
        self.failed_operations = sum(rule["applied"] for rule in rules if rule["fault"].get("stage") == "operation")
        self.exposed = sum(self.stack.emulated("counts").values()) - before
        self.repair()
        for one in asked:
            one.result()

    def _submitted(self) -> int:
        """POSTs of `restore` that Azure took so far."""
        return sum(
            call["effect"] and call["verb"].lower() in ("restore", "crossregionrestore")
            for call in self.stack.emulated("calls")
        )

    def _play(self, deeds: list[Deed]) -> list[Future[None]]:
        """Does all of them; gives the callers, who may not have heard their 2xx yet."""
        began, running = time.monotonic(), list[tuple[Deed, Future[None]]]()
        for deed in deeds:
            time.sleep(max(0.0, began + deed.at - time.monotonic()))
            running.append((deed, self._pool.submit(self._do, deed)))
            if deed.request:
                self.requests.append(deed.request)
            self.say(f"{time.monotonic() - began:6.1f} s  {self._words()}")
        for deed, one in running:
            if deed.what != "ask":
                one.result()
        return [one for deed, one in running if deed.what == "ask"]

    def _words(self) -> str:
        counts = self.done.counts
        return ", ".join(f"{what} {counts[what]}" for what in sorted(counts))

    def _do(self, deed: Deed) -> None:
        breaks = self.breaks
        acts: dict[str, Callable[[], None]] = {
            "kill": lambda: breaks.kill(deed.host),
            "stall": lambda: breaks.stall(deed.host, deed.seconds),
            "freeze": lambda: breaks.freeze(deed.seconds),
            "cut": breaks.cut,
            "swallow": lambda: breaks.swallow(max(1, round(deed.seconds))),
            "queue down": lambda: breaks.down(self.stack.links.queue, deed.seconds),
            "table down": lambda: breaks.down(self.stack.links.table, deed.seconds),
            "copies": self.callers.copy_messages,
            "withdraw": lambda: self.callers.withdraw_one(int(deed.at * 1000)),
            "lease": lambda: breaks.fail_renewals(deed.seconds),
            "terminate": lambda: breaks.terminate(TIMERS[deed.host % len(TIMERS)]),
            "poison": self.callers.poison_messages,
        }
        if deed.request:
            self.callers.ask(deed.request)
        else:
            acts[deed.what]()
        self.done.note(deed.what)

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

    def look_at_alerts(self) -> None:
        """Which alerts fired while things broke, and which still do: nothing is broken any more."""
        self.say("which alerts still fire")
        self.still = frozenset(watch.settle(self.stack, CALM))
        self.fired = frozenset(watch.fired_since(self.stack, self.began))

    def settle(self, limit: float) -> None:
        """Waits until no restore is open and every notice is sent; a person resolves lost ones."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            self._resolve_lost()
            with _patience():
                found = self._open()
                counted = sorted({one["phase"] for one in found})
                self.say(f"still open: {len(found)} {', '.join(counted)}")
                if not found and not self._messages() and not [*self.left()]:
                    return
            time.sleep(1)

    def _resolve_lost(self) -> None:
        with _patience():
            for one in self._open():
                if one["phase"] == "lost":
                    self._resolve(one["id"])

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

    def left(self) -> Iterator[str]:
        """Open rows, turns and owed notices that are still there."""
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
