"""Whether the desk works: storage, token, desk.toml, the sweep's pulse, the outbox's age; kept for ten seconds."""

import hmac
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from shared.aftercare.strangers import accounts_of, closed_targets
from shared.api.http import Answer, Call, json_answer
from shared.config.desk_file import Desk
from shared.config.secrets import resolve
from shared.config.settings import Settings
from shared.domain.problems import Ours, Trouble
from shared.domain.values import iso, utc
from shared.domain.version import VERSION
from shared.notices.resolved import resolve_channel
from shared.storage import row_keys, stale_points
from shared.storage.account_looks import AccountLook
from shared.storage.store import Change, Conflict, Row
from shared.workflow.points import vault_of
from shared.workflow.ports import Parts

KEPT = 10.0


@dataclass
class Health:
    """`GET /api/health`: ok or down for every caller, the details for a caller with the key."""

    parts: Parts
    settings: Settings
    _kept: tuple[float, dict[str, Any]] | None = field(default=None)
    _looking: Lock = field(default_factory=Lock, repr=False)

    def answer(self, call: Call) -> Answer:
        """200 or 503."""
        found = self.standing()
        status = 200 if found["status"] == "ok" else 503
        return json_answer(status, found if self._has_key(call) else {"status": found["status"]})

    def standing(self) -> dict[str, Any]:
        """Every check in its own words, at most ten seconds old. One call looks; those that come meanwhile get the
        last answer, or wait for the first: no crowd of anonymous calls can multiply the work."""
        if fresh := self._fresh():
            return fresh
        if not self._looking.acquire(blocking=self._kept is None):
            return self._kept[1] if self._kept else self.standing()
        try:
            found = self._fresh() or self.look()
            self._kept = self._kept if self._kept and found is self._kept[1] else (time.monotonic(), found)
            return found
        finally:
            self._looking.release()

    def _fresh(self) -> dict[str, Any] | None:
        return self._kept[1] if self._kept and time.monotonic() - self._kept[0] <= KEPT else None

    def _has_key(self, call: Call) -> bool:
        due = self.settings.environ.get("DESK_HEALTH_KEY", "")
        given = call.headers.get("x-functions-key") or call.query.get("code") or ""
        return len(due) >= 16 and hmac.compare_digest(due.encode(), given.encode())

    def look(self) -> dict[str, Any]:
        """Every check, each in its own words."""
        checks = {"storage": self._storage(), "token": self._token(), "desk.toml": self._desk()}
        if checks["storage"] == "ok":
            checks |= self._sweep()
            pause = self.parts.board.paused()
            checks |= self._containers()
            checks |= self._points()
            checks |= {"settings": "; ".join(self.settings.faults.values()) or "ok"}
            checks |= {"pause": f"ok, {pause.words()}"} if pause else {}
        closed = self._closed(checks["storage"] == "ok")
        bad = {name: words for name, words in checks.items() if words != "ok" and not words.startswith("ok,")}
        return {"status": "down" if bad else "ok", "version": VERSION, "checks": checks, "closed": closed}

    def _storage(self) -> str:
        try:
            self.parts.board.pulse("sweep")
        except Trouble as error:
            return str(error)
        return "ok"

    def _token(self) -> str:
        try:
            self.parts.azure.ready()
        except Trouble as error:
            return str(error)
        return "ok"

    def _desk(self) -> str:
        try:
            self.parts.read_desk()
        except Ours as error:
            return str(error)
        return "ok"

    def _sweep(self) -> dict[str, str]:
        row = self.parts.ledger.store.get(row_keys.DESK, "pulse-sweep")
        now, pace = self.parts.now(), self.parts.pace
        if row is None:
            return {"sweep": self._first_sweep(now)}
        age = (now - utc(row.text("at"))).total_seconds()
        words = f"the last one finished {age:.0f} s ago"
        return {"sweep": words if age > pace.sweep_silent else f"ok, {words}", "outbox": self._outbox(row)}

    def _first_sweep(self, now: datetime) -> str:
        """Where none has finished yet, the first is waited for since health was first asked or a restore was taken."""
        store, board = self.parts.ledger.store, self.parts.board
        with suppress(Conflict):
            store.commit(row_keys.DESK, [Change("insert", "pulse-expected", {"at": iso(now)})])
        opens = [row for vault in self.parts.ledger.vaults() for row in board.live(vault).opens]
        since = [board.pulse("expected") or now, *(utc(row.text("acceptedAt")) for row in opens)]
        age = (now - min(since)).total_seconds()
        late = age > self.parts.pace.sweep_silent
        words = f"none has finished in {age:.0f} s"
        return f"{words}: look at SWEEP_SCHEDULE and at the function sweep_restores" if late else f"ok, {words}"

    def _outbox(self, row: Row) -> str:
        """A channel that takes no notices is no fault of the desk: it is named, and an alert is made of its age."""
        oldest, now = row.text("oldestOwed"), self.parts.now()
        if not oldest:
            return "ok"
        wait = "1 notice waits" if row.text("owed") == "1" else f"{row.text('owed')} notices wait"
        words = f"ok, {wait}, the oldest for {(now - utc(oldest)).total_seconds():.0f} s"
        late = {
            name: (count, age)
            for name, (count, since) in json.loads(row.text("waiting") or "{}").items()
            if (age := (now - utc(since)).total_seconds()) > self.parts.pace.outbox_late
        }
        said = (f"{name} ({count}, the oldest for {age:.0f} s)" for name, (count, age) in late.items())
        return f"{words}; late: {', '.join(said)}" if late else words

    def _containers(self) -> dict[str, str]:
        """What the daily look found in the accounts of `account` targets; nobody deletes it unasked."""
        try:
            accounts = sorted(accounts_of(self.parts.read_desk()))
        except Ours:
            return {}
        looks = [look for look in map(self.parts.board.account_look, accounts) if look]
        return {"containers": "; ".join(["ok, as of the daily look", *map(_said, looks)])} if looks else {}

    def _points(self) -> dict[str, str]:
        """The instances without a recent point, where desk.toml asks for that; the desk itself works."""
        try:
            days = {e.id.lower(): e.stale_after_days for e in self.parts.read_desk().instances.values()}
        except Ours:
            return {}
        asked = [instance for instance, limit in days.items() if limit is not None]
        places = {row_keys.vault_partition(vault_of(one)) for one in asked}
        scan = self.parts.ledger.store.scan
        rows = (
            row for place in places for row in scan(place, stale_points.PREFIX, row_keys.until(stale_points.PREFIX))
        )
        stale = [one for one in stale_points.all_stale(rows) if one.instance.lower() in asked]
        names = ", ".join(sorted(one.name for one in stale))
        return {"points": f"ok, but no recent recovery point: {names}" if names else "ok"} if asked else {}

    def _closed(self, storage: bool) -> dict[str, str]:
        """What a missing secret closes, and targets whose account is not the desk's alone; the rest goes on."""
        try:
            desk = self.parts.read_desk()
        except Ours:
            return {}
        return closed_doors(desk, self.settings) | (closed_targets(desk, self.parts.board) if storage else {})


def _said(look: AccountLook) -> str:
    """What an account holds that the ledger does not know, and what soft delete means there."""
    days = look.soft_delete_days
    parts = [
        f"could not be read ({look.trouble})" if look.trouble else "",
        f"not the desk's: {', '.join(look.strangers)}" if look.strangers else "",
        f"of no restore of the ledger, and left alone: {', '.join(look.orphans)}" if look.orphans else "",
        f"a deleted container can be brought back for {days} days" if days else "",
    ]
    return f"{look.account.rsplit('/', 1)[-1]}: {', '.join(filter(None, parts)) or 'only containers of the desk'}"


def closed_doors(desk: Desk, settings: Settings) -> dict[str, str]:
    """What is closed and why, by its place in desk.toml."""
    found: dict[str, str] = {}
    for name, channel in desk.channels.items():
        try:
            resolve_channel(name, channel, settings.environ, settings.local, settings.cloud)
        except Ours as error:
            found[f"channels.{name}"] = str(error)
    for name, source in desk.tickets.items():
        try:
            if source.secret:
                resolve(source.secret, settings.environ)
        except Ours as error:
            found[f"tickets.{name}"] = str(error)
    return found
