"""What instances of the app share beside the restores: pause, quiet times, Azure's facts, the sweep's pulse."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from types import MappingProxyType

from shared.domain.problems import Trouble
from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage import row_keys, standstill
from shared.storage.account_looks import AccountLook, read_look
from shared.storage.azure_answers import Answers
from shared.storage.standstill import Pause as Pause
from shared.storage.store import Change, Conflict, Field, Row, Store

LATER = 500  # notices that are due later and read all the same: they hold up the next ones of their restore
TRIES = 5  # of a save that others may have come before
STILL = "standstill-"


@frozen
class Owed:
    """The notices that are due, by time, and the first of those that are due later; `cut`: there are more of these."""

    lines: tuple[Row, ...] = ()
    cut: bool = False


@frozen
class Live:
    """A vault's unfinished work, in one read."""

    opens: tuple[Row, ...]
    turns: dict[str, str]
    watch: Row | None
    owed: Owed = Owed()
    old: tuple[Row, ...] = ()  # owed notices as release 0.1.0 wrote them

    @property
    def empty(self) -> bool:
        return not (self.opens or self.owed.lines or self.old or self.turns)


class Board(Answers):
    """The shared rows. `fixed` is a pause that no resume ends: a setting of the deployment."""

    def __init__(self, store: Store, fixed: Pause | None = None) -> None:
        super().__init__(store)
        self.fixed = fixed
        self._starts: dict[str, Row] = {}

    def live(self, vault: str) -> Live:
        """Open restores and turns of a vault: one range of one partition, however many notices wait."""
        return _sorted(self.store.scan(row_keys.vault_partition(vault), "live-", row_keys.OWED))

    def look(self, vault: str, now: datetime) -> Live:
        """The same for the sweep, with the notices that are owed: still one range."""
        return _sorted(self.store.scan(row_keys.vault_partition(vault), "live-", row_keys.until("live-")), now)

    def owed(self, vault: str, now: datetime) -> Owed:
        """The notices that a vault owes now."""
        place = row_keys.vault_partition(vault)
        return _owed(self.store.scan(place, row_keys.OWED, row_keys.until(row_keys.OWED)), now)

    def watch(self, vault: str, read_at: datetime, more: Mapping[str, Field] = MappingProxyType({})) -> None:
        """Saves when the vault's jobs were last read, and what the next reading needs."""
        fields: dict[str, Field] = {"readAt": iso(read_at), **more}
        self.store.commit(row_keys.vault_partition(vault), [Change("put", "live-watch", fields)])

    def paused(self) -> Pause | None:
        """The operators' switch, and the deployment's."""
        pause = standstill.read_pause(self.store.get(row_keys.DESK, "paused"))
        if self.fixed is None:
            return pause
        return pause.joined(self.fixed) if pause else self.fixed

    def set_paused(self, pause: Pause | None, now: datetime) -> Pause | None:
        """Throws the switch. A second pause is added to the first; None ends them all. Gives what is on now."""
        for _ in range(TRIES):
            row = self.store.get(row_keys.DESK, "paused")
            before = standstill.read_pause(row)
            after = before.joined(pause) if before and pause else pause
            if before == after:
                return after
            changes = [
                _guarded(row, "paused", standstill.pause_fields(after)),
                *self._still("paused", bool(after), now),
            ]
            try:
                self.store.commit(row_keys.DESK, changes)
            except Conflict:
                continue  # another operator, or our own save, whose answer was lost
            return after
        raise Trouble("the pause was changed by others each time it was looked at")

    def glance(self) -> dict[str, Row]:
        """The desk's pulses, quiet times and standstills by key: one range, for a round of the sweep."""
        return {row.key: row for row in self.store.scan(row_keys.DESK, "pulse-", row_keys.until(STILL))}

    def stand_still(self, cause: str, still: bool, now: datetime, seen: Mapping[str, Row] | None = None) -> None:
        """Notes that the desk stands still for a cause, or no longer does; nothing if a `glance` says so already.
        Conflict rises."""
        spans = None if seen is None else standstill.read_spans(seen.get(f"{STILL}{cause}"))
        known = spans is not None and standstill.changed(spans, still, now) is None
        if not known and (changes := self._still(cause, still, now)):
            self.store.commit(row_keys.DESK, changes)

    def _still(self, cause: str, still: bool, now: datetime) -> list[Change]:
        row = self.store.get(row_keys.DESK, f"{STILL}{cause}")
        spans = standstill.changed(standstill.read_spans(row), still, now)
        return [] if spans is None else [_guarded(row, f"{STILL}{cause}", standstill.span_fields(spans))]

    def stood_still(self, since: datetime, now: datetime) -> float:
        """Seconds since then in which the desk stood still, for whatever cause: no deadline counts them."""
        rows = self.store.scan(row_keys.DESK, STILL, row_keys.until(STILL))
        return standstill.seconds_within([span for row in rows for span in standstill.read_spans(row)], since, now)

    def quiet_until(self, subscription: str) -> datetime | None:
        """Until when ARM wants no call for this subscription."""
        row = self.store.get(row_keys.DESK, f"quiet-{subscription}")
        return utc(row.text("until")) if row else None

    def set_quiet(self, subscription: str, until: datetime) -> None:
        """A 429 was met: every caller reads this. One that asks for less takes nothing away."""
        known = self.quiet_until(subscription)
        if known and known >= until:
            return
        self.store.commit(row_keys.DESK, [Change("put", f"quiet-{subscription}", {"until": iso(until)})])

    def take_start(self, subscription: str, now: datetime, most: int, window: float) -> bool:
        """Whether a queue message may start a restore at once: `most` in `window` seconds; else the sweep does. The
        row as this process left it is tried first, for mostly it stands; a no is said of the row alone."""
        place = f"starts-{subscription}"
        held = self._starts.pop(subscription, None)
        if held and self._started(subscription, held, now, most, window):
            return True
        return self._started(subscription, self.store.get(row_keys.DESK, place), now, most, window)

    def _started(self, subscription: str, row: Row | None, now: datetime, most: int, window: float) -> bool:
        place = f"starts-{subscription}"
        since, count = (utc(row.text("since")), int(row.text("count"))) if row else (now, 0)
        if not 0 <= (now - since).total_seconds() < window:
            since, count = now, 0
        if count >= most:
            return False
        fields: dict[str, Field] = {"since": iso(since), "count": count + 1}
        try:
            etag = self.store.commit(row_keys.DESK, [_guarded(row, place, fields)])[place]
        except Conflict:
            return False
        self._starts[subscription] = Row(place, fields, etag)
        return True

    def pulse(self, name: str) -> datetime | None:
        """When something regular last happened (the sweep)."""
        row = self.store.get(row_keys.DESK, f"pulse-{name}")
        return utc(row.text("at")) if row else None

    def beat(self, name: str, now: datetime, **more: Field) -> None:
        """It happened now."""
        self.store.commit(row_keys.DESK, [Change("put", f"pulse-{name}", {"at": iso(now), **more})])

    def account_look(self, account: str) -> AccountLook | None:
        """The result of the latest check of an account; None before the first one."""
        row = self.store.get(row_keys.DESK, row_keys.account(account))
        return read_look(row) if row else None

    def keep_look(self, look: AccountLook) -> None:
        """It takes the place of the one before."""
        self.store.commit(row_keys.DESK, [Change("put", row_keys.account(look.account), look.fields())])


def _sorted(rows: Iterator[Row], now: datetime | None = None) -> Live:
    opens, old, turns, watch, owed = [], [], {}, None, Owed()
    for row in rows:
        if row.key.startswith(row_keys.OWED):
            owed = _owed(chain([row], rows), now) if now else owed
        elif row.key.startswith("live-open-"):
            opens.append(row)
        elif row.key.startswith("live-owed-"):
            old.append(row)
        elif row.key.startswith("live-turn-"):
            turns[row.key] = row.text("restore")
        else:
            watch = row
    return Live(tuple(opens), turns, watch, owed, tuple(old))


def _owed(rows: Iterable[Row], now: datetime) -> Owed:
    """What is due is read whole, the rest is not."""
    lines, later = list[Row](), 0
    for row in rows:
        later += row.key > f"{row_keys.OWED}{iso(now)}~"
        if later > LATER:
            return Owed(tuple(lines), cut=True)
        lines.append(row)
    return Owed(tuple(lines))


def _guarded(row: Row | None, key: str, fields: Mapping[str, Field]) -> Change:
    """A save that fails if somebody saved since `row` was read."""
    return Change("update", key, fields, row.etag) if row else Change("insert", key, fields)
