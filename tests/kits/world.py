"""A whole desk on fakes: processes that come and go over one ledger, one queue, one Azure; what must hold."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from local.stack.memory import MemoryStore
from shared.config.desk_file import Desk
from shared.config.plans import Ground
from shared.domain.clouds import PUBLIC
from shared.domain.pace import Pace
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase, Restore
from shared.domain.values import utc
from shared.notices.outbox import Notice, Outbox, read_notice
from shared.storage import row_keys
from shared.storage.ledger import VOID, Ledger, read_restore
from shared.storage.shared_state import Board
from shared.storage.store import Store
from shared.workflow.ports import Parts
from tests.kits.desk_kit import DBA_URL, DESK, DESK_MODEL, EVENTS_URL, Process, body, desk_with
from tests.kits.fake_azure import FakeAzure
from tests.kits.fakes import Clock, Posts, Seam
from tests.kits.loads import Loads

PARKED = frozenset({Phase.LOST})


@dataclass
class Delivery:
    """A message on the queue."""

    at: float
    id: str
    body: bytes
    tries: int = 0


@dataclass
class World:
    """What outlives every process."""

    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=Clock)
    store: Store = field(default_factory=lambda: MemoryStore(page=4))
    posts: Posts = field(default_factory=Posts)
    queue: list[Delivery] = field(default_factory=list)
    desk: Desk | Ours = DESK_MODEL
    queue_down: bool = False
    ids: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.azure = FakeAzure(self.clock)
        self.loads = Loads(self.clock)

    def read_desk(self) -> Desk:
        if isinstance(self.desk, Ours):
            raise self.desk
        return self.desk

    def send(self, text: str, delay: float) -> None:
        if self.queue_down:
            raise Trouble("the queue could not be used")
        self.put(text.encode(), delay)

    def put(self, body: bytes, delay: float = 0) -> Delivery:
        made = Delivery(self.clock.elapsed() + delay, f"m{next(self.ids)}", body)
        self.queue.append(made)
        return made

    def process(
        self,
        call: Callable[[str, Callable[[], Any], Any], Any] | None = None,
        clock: Clock | None = None,
        workers: int = 1,
        kind: type[Process] = Process,
    ) -> Process:
        """A new process; `call` stands in the way of each of its I/O calls."""
        seam = (lambda name, what: Seam(what, name, call)) if call else (lambda name, what: what)
        store, clock = seam("store", self.store), clock or self.clock
        parts = Parts(
            ledger=Ledger(store, self.pace.hour),
            board=Board(store),
            outbox=Outbox(store),
            azure=seam("azure", self.azure),
            read_desk=self.read_desk,
            send=seam("send", self.send),
            ground=Ground(PUBLIC, "deskstore"),
            pace=self.pace,
            now=clock.now,
            elapsed=self.clock.elapsed,
            jitter=lambda: 0.5,
            fresh_id=lambda: f"aaaaaaaa-0000-0000-0000-{next(self.ids):012d}",
            random_bytes=lambda: next(self.ids).to_bytes(16, "big")[6:],
        )
        more = seam("loads", self.loads), seam("verdicts.send", self.loads.put_back)
        return kind(parts, seam("post", self.posts), workers, *more)

    # --- what a round of the platform does ---------------------------------------------------------------------
    def deliver(self, process: Process) -> None:
        """Every visible message once; one that raises stays, and after five goes the poison trigger takes it."""
        for message in [m for m in self.queue if m.at <= self.clock.elapsed()]:
            if message not in self.queue:
                continue
            message.tries += 1
            try:
                if message.tries <= 5:
                    process.queue_door.message(message.body, message.id)
                else:
                    process.queue_door.poison(message.body, message.id, expires=False)
            except Exception:  # noqa: BLE001 - the Functions host takes any error for a failed delivery
                message.at = self.clock.elapsed() + 30
                continue
            self.queue.remove(message)

    def restores(self) -> list[Restore]:
        found = []
        for vault in Ledger(self.store).vaults():
            place = row_keys.vault_partition(vault)
            rows = self.store.scan(place, "restore-", row_keys.until("restore-"))
            found += [read_restore(row) for row in rows if not row.fields.get(VOID)]
        return found

    def live(self, kind: str) -> list[Any]:
        """The live rows of every vault: open, owed or turn."""
        prefix = row_keys.OWED if kind == "owed" else f"live-{kind}-"
        vaults = Ledger(self.store).vaults()
        places = [row_keys.vault_partition(vault) for vault in vaults]
        return [row for place in places for row in self.store.scan(place, prefix, row_keys.until(prefix))]

    def owed(self, restore_id: str = "", channel: str = "") -> list[Notice]:
        """What is owed, by its lines, in the order of events."""
        found = [read_notice(row) for row in self.live("owed") if row.text("restore").startswith(restore_id)]
        return sorted((n for n in found if channel in ("", n.channel)), key=lambda n: (n.restore, n.sequence))

    def quiet(self) -> bool:
        """Whether nothing is left to do but what a person must."""
        return not self.moving() and not self.live("owed") and not self.queue

    def moving(self) -> list[Any]:
        """The open rows that are neither parked nor waiting behind a parked one."""
        rows = self.live("open")
        parked = {row.text("instance") for row in rows if row.text("phase") in PARKED}
        waits = [r for r in rows if r.text("phase") == "accepted" and not r.fields["turn"] and not r.fields["dryRun"]]
        behind = {row.key for row in waits if row.text("instance") in parked}
        return [row for row in rows if row.text("phase") not in PARKED and row.key not in behind]

    def next_due(self) -> float:
        """Seconds until something may happen: a message, an open row, a notice; half a minute at the most."""
        now = self.clock.elapsed()
        rows = [utc(row.text("due")) for kind in ("open", "owed") for row in self.live(kind)]
        waits = [(due - self.clock.now()).total_seconds() for due in rows] + [m.at - now for m in self.queue]
        ahead = [wait for wait in waits if wait > 0]
        return min([*ahead, 120.0]) + 6.0

    def settle(self, process: Process, rounds: int = 80) -> None:
        """Rounds of messages and sweeps, until quiet."""
        for _ in range(rounds):
            self.deliver(process)
            process.sweep.run()
            if self.quiet():
                return
            self.clock.advance(self.next_due())

    # --- what must always hold ---------------------------------------------------------------------------------
    def faults(self, accepted: set[str] | None = None) -> list[str]:
        """The invariants at the end of a story; each line is a violation."""
        found = [f"unexpected: {what}" for what in self.azure.unexpected]
        restores = {restore.id: restore for restore in self.restores()}
        found += [f"accepted but not on the books: {one}" for one in (accepted or set()) - set(restores)]
        for restore in restores.values():
            found += self._restore_faults(restore)
        by_turn = {row.text("restore") for row in self.live("turn")}
        found += [f"orphaned turn of {one}" for one in by_turn if one not in restores or restores[one].closed]
        rows = self.moving()
        found += [f"open row left: {row.text('restore')} {row.text('phase')} due {row.text('due')}" for row in rows]
        found += [f"notice left: {row.key} {row.text('answer')}" for row in self.live("owed")]
        return found

    def _restore_faults(self, restore: Restore) -> list[str]:
        found, posts = [], [one for one, _ in self.azure.posted if one == restore.id]
        if len(posts) > 1:
            found.append(f"{restore.id} was submitted {len(posts)} times")
        if restore.phase is Phase.SUCCEEDED and len(posts) != 1:
            found.append(f"{restore.id} succeeded with {len(posts)} POSTs")
        moving = {row.text("restore") for row in self.moving()}
        if restore.id in moving and not restore.closed:
            found.append(f"{restore.id} is stuck in {restore.phase} ({restore.trouble})")
        if restore.phase in PARKED and not restore.trouble:
            found.append(f"{restore.id} is parked without a reason")
        if restore.phase in (Phase.FAILED, Phase.REFUSED) and restore.error is None:
            found.append(f"{restore.id} ended {restore.phase} without a reason")
        if restore.closed or restore.phase in PARKED:
            found += self._untold(restore)
        return found

    def _untold(self, restore: Restore) -> list[str]:
        """What every webhook of desk.toml got, against what the books say of it."""
        found, notices = [], Outbox(self.store).of_restore(restore.id)
        for name, url in self._webhooks().items():
            told, own = set(self.posts.events(url)), [n for n in notices if n.channel == name]
            found += [f"{name} was never told: {n.event_id} {n.event}" for n in own if _undone(n, told)]
            ids = {n.event_id for n in own if n.event == restore.phase.value}
            if self._hears(name, restore) and len(ids) != 1:
                found.append(f"{restore.id}: {restore.phase} has the event ids {sorted(ids)} for {name}")
            strange = {e for e in told if e.startswith(f"{restore.id}.")} - {n.event_id for n in own}
            found += [f"{name} was told under an unknown id: {one}" for one in strange]
        return found

    def _webhooks(self) -> dict[str, str]:
        channels = self.desk.channels if isinstance(self.desk, Desk) else {}
        return {name: c.url for name, c in channels.items() if c.kind == "webhook" and isinstance(c.url, str)}

    def _hears(self, name: str, restore: Restore) -> bool:
        channel = self.read_desk().channels[name]
        return restore.closed and channel.default and restore.phase.value in channel.on


def _undone(notice: Notice, told: set[str]) -> bool:
    """Whether the books call it delivered, or nothing at all, and the channel did not get it."""
    return notice.state not in ("given up", "superseded") and notice.event_id not in told


def faster(world: World, **durations: float) -> None:
    world.pace = replace(world.pace, **durations)  # type: ignore[arg-type]


def running(world: World, process: Process, instance: str = "pg-a", key: str = "k", **more: Any) -> str:
    """Accepts a restore by HTTP; its id."""
    answer = process.post(body(instance, **more), key)
    assert answer.status in (200, 202), answer.body
    return str(json.loads(answer.body)["id"])


__all__ = ["DBA_URL", "DESK", "DESK_MODEL", "EVENTS_URL", "Delivery", "Process"]
__all__ += ["World", "body", "desk_with", "faster", "running"]
