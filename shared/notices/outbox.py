"""The outbox: notices owed and told, one row per channel and event; delivery moves a row, alone."""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.config.desk_file import Desk
from shared.domain.problems import Ours
from shared.domain.restore import Restore
from shared.domain.text import within
from shared.domain.values import iso, utc
from shared.notices.facts import Facts
from shared.notices.routing import channels_of
from shared.storage import row_keys, vault_directory
from shared.storage.dead_letters import dead_notice
from shared.storage.long_text import joined
from shared.storage.store import Change, Field, Row, Store

MOST = 30_000  # bytes of a notice's facts; a column takes 32 Ki characters
ROUTED = 30  # notices in a transaction, which takes 4 MiB
FACTS = "packed"  # the column of the facts: they repeat themselves for each channel, and take a third so
UNDER_WAY = "an attempt was begun, and nothing more was heard of it"
UNROUTED = "_unrouted"  # desk.toml could not be read when the event happened; it is routed when it can be
MAX_CHANNELS = 30  # in one transaction, which takes 4 MiB: more are routed in several, after the step


@dataclass(frozen=True)
class Notice:
    """One message to one channel about one event. States: owed, delivered, superseded, given up."""

    restore: str
    sequence: int
    channel: str
    event: str
    due: datetime
    owed_since: datetime
    facts: str
    state: str = "owed"
    attempts: int = 0
    answer: str = ""
    dead: str = ""  # where it stands among the dead letters
    etag: str = ""

    @property
    def key(self) -> str:
        return row_keys.notice("owed" if self.state == "owed" else "told", self.restore, self.sequence, self.channel)

    @property
    def event_id(self) -> str:
        return f"{self.restore}.{self.sequence}"

    def fields(self) -> dict[str, Field]:
        """Its columns; no URL and no secret of a channel is among them."""
        return {
            "restore": self.restore,
            "sequence": self.sequence,
            "channel": self.channel,
            "event": self.event,
            "state": self.state,
            "due": iso(self.due),
            "owedSince": iso(self.owed_since),
            "attempts": self.attempts,
            "answer": self.answer[:1000],
            "dead": self.dead,
            **(self._packed() if self.state == "owed" else {}),
        }

    def _packed(self) -> dict[str, Field]:
        return {FACTS: zlib.compress(self.facts.encode(), 9)}

    def said(self) -> Change:
        """What all channels of its event are sent: one row, the same from each of them."""
        fields = {"restore": self.restore, "event": self.event, **self._packed()}
        return Change("put", row_keys.said(self.restore, self.sequence), fields)

    def read_facts(self) -> Facts:
        """What it says."""
        return Facts.model_validate(json.loads(self.facts))


def owed(facts: Facts, channels: Sequence[str]) -> list[Change]:
    """The notices of one event, to be written in the transaction of its step."""
    value = within(facts.json_value(), MOST)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    made = [Notice(facts.restore, facts.sequence, name, facts.event, facts.at, facts.at, text) for name in channels]
    return [Change("insert", notice.key, notice.fields()) for notice in made]


def read_notice(row: Row) -> Notice:
    """A row of the outbox."""
    sequence, attempts = row.fields.get("sequence", 0), row.fields.get("attempts", 0)
    return Notice(
        restore=row.text("restore"),
        sequence=int(str(sequence)),
        channel=row.text("channel"),
        event=row.text("event"),
        due=utc(row.text("due")),
        owed_since=utc(row.text("owedSince")),
        facts=_facts(row),
        state=row.text("state"),
        attempts=int(str(attempts)),
        answer=row.text("answer"),
        dead=row.text("dead"),
        etag=row.etag,
    )


def _facts(row: Row) -> str:
    """The facts of a row, packed, or plain as an older release wrote them."""
    packed = row.fields.get(FACTS)
    if isinstance(packed, bytes) and packed:
        return zlib.decompress(packed).decode()
    return joined(row) or row.text("facts")


def channels_or_later(read_desk: Callable[[], Desk], restore: Restore, event: str) -> list[str]:
    """The channels of a restore's event. It is kept, to be routed later, where desk.toml cannot be read or more
    channels hear of it than one transaction takes; the restore's own are known by name."""
    try:
        named = channels_of(read_desk(), restore.instance_name, restore.channels, event, restore.ticket, restore.source)
    except Ours:
        return [UNROUTED, *restore.channels]
    return named if len(named) <= MAX_CHANNELS else [UNROUTED, *restore.channels]


class Outbox:
    """The notices in the table."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def of_restore(self, restore_id: str) -> list[Notice]:
        """Every notice of a restore, in the order of its events."""
        found = [*self._rows(restore_id, "owed"), *self._rows(restore_id, "told")]
        return sorted((read_notice(row) for row in found), key=lambda n: (n.sequence, n.channel))

    def _rows(self, restore_id: str, state: str) -> Iterator[Row]:
        prefix = row_keys.notice(state, restore_id, 0, "").removesuffix("0000-")
        return self.store.scan(row_keys.partition(restore_id), prefix, row_keys.until(prefix))

    def begin(self, notice: Notice, due: datetime, answer: str = UNDER_WAY) -> Notice:
        """An attempt on the books before its call: if nothing more is heard of it, the next one is at `due`. Conflict:
        somebody else is at it."""
        return self._saved(notice, replace(notice, due=due, attempts=notice.attempts + 1, answer=answer))

    def postpone(self, notice: Notice, due: datetime, answer: str) -> Notice:
        """Not delivered; tried again at `due`."""
        return self._saved(notice, replace(notice, due=due, answer=answer))

    def _saved(self, before: Notice, after: Notice) -> Notice:
        change = Change("update", before.key, after.fields(), before.etag)
        etags = self.store.commit(row_keys.partition(before.restore), [change])
        return replace(after, etag=etags[before.key])

    def settle(self, notice: Notice, state: str, answer: str) -> None:
        """Delivered or superseded: out of the live rows."""
        self._told(notice, replace(notice, state=state, answer=answer))

    def give_up(self, notice: Notice, why: str, now: datetime) -> None:
        """Out of the live rows, and among the dead letters."""
        dead = dead_notice(notice.restore, notice.event, notice.sequence, notice.channel, why, now)
        self._told(notice, replace(notice, state="given up", answer=why, dead=dead.key), dead)

    def _told(self, owed: Notice, told: Notice, *more: Change) -> None:
        gone, kept = Change("delete", owed.key, etag=owed.etag), Change("put", told.key, told.fields())
        self.store.commit(row_keys.partition(owed.restore), [gone, kept, told.said(), *more])

    def with_facts(self, notice: Notice) -> Notice:
        """A told notice with what it said, which is kept once for all channels of its event."""
        if notice.facts:
            return notice
        row = self.store.get(row_keys.partition(notice.restore), row_keys.said(notice.restore, notice.sequence))
        return replace(notice, facts=_facts(row) if row else "")

    def route(self, notice: Notice, channels: Sequence[str]) -> None:
        """An unrouted event gets its channels: many in several transactions, the last of which takes it away."""
        known = {(n.sequence, n.channel) for n in self.of_restore(notice.restore)}
        routed = [replace(notice, channel=name) for name in channels if (notice.sequence, name) not in known]
        changes = [Change("insert", n.key, n.fields()) for n in routed]
        place = row_keys.partition(notice.restore)
        while len(changes) > ROUTED:
            self.store.commit(place, changes[:ROUTED])
            changes = changes[ROUTED:]
        self.store.commit(place, [*changes, Change("delete", notice.key, etag=notice.etag)])

    def resend(self, notice: Notice, now: datetime) -> None:
        """A told notice is owed once more, under the same event id."""
        notice = self.with_facts(notice)
        again = replace(notice, state="owed", due=now, owed_since=now, attempts=0, answer="", dead="")
        vault_directory.enter(self.store, str(json.loads(notice.facts or "{}").get("vault", "")))  # it may be idle
        changes = [Change("put", again.key, again.fields())]
        if notice.dead:
            changes.append(Change("delete", notice.dead))
        if notice.state != "owed":
            changes.append(Change("delete", notice.key, etag=notice.etag))
        self.store.commit(row_keys.partition(notice.restore), changes)
