"""The outbox: one row per channel and event with a notice's state. An unsent notice also has a line, sorted by time."""

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from shared.config.desk_file import Desk
from shared.domain.problems import Ours
from shared.domain.restore import Restore
from shared.domain.text import within
from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.notices.facts import Facts
from shared.notices.routing import channels_of
from shared.storage import row_keys, vault_directory
from shared.storage.dead_letters import dead_notice
from shared.storage.store import Change, Field, Row, Store, joined

MOST = 30_000  # bytes of a notice's facts; a column takes 32 Ki characters
ROUTED = 30  # notices in a transaction, which takes 4 MiB
FACTS = "packed"  # the column of the facts
UNDER_WAY = "an attempt was begun, and nothing more was heard of it"
UNROUTED = "_unrouted"  # desk.toml could not be read when the event happened; it is routed when it can be
MAX_CHANNELS = 30  # in one transaction, which takes 4 MiB: more are routed in several, after the step


@frozen
class Notice:
    """One message to one channel about one event. States: owed, delivered, superseded, given up. What is read from
    its line can be delivered: the line's version guards each step."""

    restore: str
    sequence: int
    channel: str
    event: str
    due: datetime
    owed_since: datetime
    facts: str = ""  # empty where they are to be read from the event's own row
    state: str = "owed"
    attempts: int = 0
    answer: str = ""
    dead: str = ""  # where it stands among the dead letters
    line: str = ""  # the key of the line that it was read from
    unsure: bool = False  # an earlier one of its restore and channel may be owed that was not read with it
    etag: str = ""

    @property
    def key(self) -> str:
        return row_keys.notice(self.restore, self.sequence, self.channel)

    @property
    def event_id(self) -> str:
        return f"{self.restore}.{self.sequence}"

    def fields(self) -> dict[str, Field]:
        """The columns of its row; no URL and no secret of a channel is among them."""
        told: dict[str, Field] = {
            "restore": self.restore,
            "sequence": self.sequence,
            "channel": self.channel,
            "event": self.event,
            "state": self.state,
            "due": self._time(self.due),
            "owedSince": self._time(self.owed_since),
            "attempts": self.attempts,
        }
        more = {"answer": self.answer[:1000], "dead": self.dead}
        return {**told, **{name: text for name, text in more.items() if text}}

    def _time(self, moment: datetime) -> str:
        """To the second if nobody acts at it any more."""
        return iso(moment) if self.state == "owed" else f"{iso(moment)[:19]}Z"

    def owed(self) -> list[Change]:
        """The writes of an unsent notice: its row, and its line with the facts (if it has them)."""
        key = row_keys.owed(self.due, self.restore, self.sequence, self.channel)
        return [
            Change("put", self.key, self.fields()),
            Change("put", key, {**self.fields(), **(_packed(self.facts) if self.facts else {})}),
        ]

    def said(self) -> Change:
        """The write of the facts that all channels of the event get; its name is among them."""
        fields = {"restore": self.restore, **_packed(self.facts)}
        return Change("put", row_keys.said(self.restore, self.sequence), fields)

    def read_facts(self) -> Facts:
        """The facts that the notice announces."""
        return Facts.model_validate(json.loads(self.facts))


def owed(facts: Facts, channels: Sequence[str]) -> list[Change]:
    """The notices of one event, to be written in the transaction of its step. What they say is kept once; where one
    channel alone hears of it, its line has it too, and nothing more is read to send it."""
    value = within(facts.json_value(), MOST)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    made = [Notice(facts.restore, facts.sequence, name, facts.event, facts.at, facts.at) for name in channels]
    return [*_written(made, text), replace(made[0], facts=text).said()] if made else []


def _written(notices: Sequence[Notice], facts: str) -> list[Change]:
    """Rows that must not be there yet, and their lines."""
    pairs = [replace(one, facts=facts if len(notices) == 1 else "").owed() for one in notices]
    return [change for row, line in pairs for change in (replace(row, verb="insert"), line)]


def notices_in(changes: Iterable[Change]) -> list[Notice]:
    """The notices that were just written, as they stand."""
    return [read_notice(Row(c.key, c.fields)) for c in changes if c.key.startswith(row_keys.NOTICE)]


def read_notice(row: Row) -> Notice:
    """A row of the outbox, or a line."""
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
        line=row.key if row.key.startswith(row_keys.OWED) else "",
        etag=row.etag,
    )


def _packed(facts: str) -> dict[str, Field]:
    return {FACTS: zlib.compress(facts.encode(), 9)}


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
        start = row_keys.notices(restore_id)
        rows = self.store.scan(row_keys.partition(restore_id), start, row_keys.until(start))
        return sorted((read_notice(row) for row in rows), key=lambda n: (n.sequence, n.channel))

    def waits_behind(self, notice: Notice) -> bool:
        """Whether an earlier notice of the same restore and channel is still unsent."""
        earlier = (n for n in self.of_restore(notice.restore) if n.sequence < notice.sequence)
        return any(n.state == "owed" and n.channel == notice.channel for n in earlier)

    def begin(self, notice: Notice, due: datetime, answer: str = UNDER_WAY) -> Notice:
        """Saves an attempt before its call; if the process ends, the next attempt is at `due`. Only the line
        is changed, and keeps its key. Conflict: another process delivers the notice."""
        begun = replace(notice, due=due, attempts=notice.attempts + 1, answer=answer)
        change = Change("update", notice.line, begun.fields(), notice.etag)
        return replace(begun, etag=self.store.commit(row_keys.partition(notice.restore), [change])[notice.line])

    def postpone(self, notice: Notice, due: datetime, answer: str) -> None:
        """Not delivered; tried again at `due`."""
        row, line = replace(notice, due=due, answer=answer, facts="").owed()
        if line.key == notice.line:
            stays = replace(line, verb="update", etag=notice.etag)
            self.store.commit(row_keys.partition(notice.restore), [row, stays])
        else:
            self._leave(notice, row, line)

    def settle(self, notice: Notice, state: str, answer: str) -> None:
        """Marks a notice as delivered or superseded; it leaves the line of unsent ones."""
        told = replace(notice, state=state, answer=answer)
        self._leave(notice, Change("put", told.key, told.fields()))

    def _leave(self, notice: Notice, *changes: Change) -> None:
        """Away from its line, if nobody else was there."""
        gone = Change("delete", notice.line, etag=notice.etag)
        self.store.commit(row_keys.partition(notice.restore), [gone, *changes])

    def take_over(self, row: Row) -> None:
        """A notice that release 0.1.0 owed."""
        notice = read_notice(row)
        gone = Change("delete", row.key, etag=row.etag)
        self.store.commit(row_keys.partition(notice.restore), [gone, *notice.owed(), notice.said()])

    def give_up(self, notice: Notice, why: str, now: datetime) -> None:
        """Marks a notice as given up and adds it to the dead letters."""
        dead = dead_notice(notice.restore, notice.event, notice.sequence, notice.channel, why, now)
        told = replace(notice, state="given up", answer=why, dead=dead.key)
        self._leave(notice, Change("put", told.key, told.fields()), dead)

    def with_facts(self, notice: Notice) -> Notice:
        """A notice with what it says, which is kept once for all channels of its event."""
        if notice.facts:
            return notice
        row = self.store.get(row_keys.partition(notice.restore), row_keys.said(notice.restore, notice.sequence))
        return replace(notice, facts=_facts(row) if row else "")

    def route(self, notice: Notice, channels: Sequence[str]) -> None:
        """Gives an unrouted event its channels. Many need several transactions; the last removes the unrouted row."""
        known = {(n.sequence, n.channel) for n in self.of_restore(notice.restore)}
        unheard = [name for name in channels if (notice.sequence, name) not in known]
        routed = [replace(notice, channel=name) for name in unheard]
        while len(routed) > ROUTED:
            self.store.commit(row_keys.partition(notice.restore), _written(routed[:ROUTED], notice.facts))
            routed = routed[ROUTED:]
        self._leave(notice, *_written(routed, notice.facts), Change("delete", notice.key))

    def resend(self, notice: Notice, now: datetime) -> None:
        """A notice that `of_restore` gave is owed once more, under the same event id."""
        known = self.with_facts(notice)
        vault_directory.enter(self.store, str(json.loads(known.facts or "{}").get("vault", "")))  # it may be idle
        again = replace(notice, state="owed", due=now, owed_since=now, attempts=0, answer="", dead="", facts="")
        row, line = again.owed()
        changes = [Change("update", row.key, {"answer": "", "dead": "", **row.fields}, notice.etag), line]
        changes += [known.said()] if notice.facts else []  # a row of release 0.1.0 had them
        if notice.dead:
            changes.append(Change("delete", notice.dead))
        before = row_keys.owed(notice.due, notice.restore, notice.sequence, notice.channel)
        if notice.state == "owed" and before != line.key:
            changes.append(Change("delete", before))
        self.store.commit(row_keys.partition(notice.restore), changes)
