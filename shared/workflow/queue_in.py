"""The queue's way in: a message is taken, refused or put off; only a crash of ours lets it come again by itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from shared.domain.problems import Ours, Problem, Trouble
from shared.domain.request import canonical_hash
from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.storage.ledger import Unreadable as ForeignRow
from shared.storage.queue_messages import Asked, Unreadable, Wake, again, copy_of, read_message
from shared.storage.store import Change, Conflict, Field
from shared.telemetry import tell
from shared.workflow.intake import Caller, Intake
from shared.workflow.ports import Parts
from shared.workflow.workflow import Workflow

log = logging.getLogger("desk")
EACH = 10  # refusals of an hour that are announced one by one
HOUR = timedelta(hours=1)


@dataclass
class Flood:
    """Refused messages within an hour: the first are announced each, then every tenfold number of them. Counts in this
    process alone: several workers say the same a few times over, and no row is written for it. It counts what is new
    saved, not what is tried again or comes twice."""

    now: Callable[[], datetime]
    _since: datetime | None = None
    _count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def note(self) -> str | None:
        """Counts one refusal, before it is saved: several threads never count alike. The words that its notice adds, or
        None if it is announced by no notice."""
        with self._lock:
            now = self.now()
            if self._since is None or now - self._since >= HOUR:
                self._since, self._count = now, 0
            self._count += 1
            if self._count <= EACH:
                return ""
            digits = str(self._count)
            if digits.rstrip("0") != "1":
                return None
            return f" ({digits} messages were refused within the hour; GET /api/dead-letters lists them all.)"

    def take_back(self) -> None:
        """The one that was counted was not saved, or had been before."""
        with self._lock:
            self._count = max(0, self._count - 1)


@frozen
class QueueIn:
    """What the queue and the poison trigger call."""

    parts: Parts
    intake: Intake
    workflow: Workflow
    flood: Flood

    def message(self, raw: bytes, message_id: str) -> None:
        """A message of `restore-requests`."""
        read = read_message(raw, message_id)
        if isinstance(read, Wake):
            self._advance(read.restore, read.number)
        elif isinstance(read, Unreadable):
            self._refuse_unreadable(read)
        else:
            self._request(read)

    def poison(self, raw: bytes, message_id: str) -> None:
        """A message that crashed the app several times; it never changes a saved restore."""
        read = read_message(raw, message_id)
        tell("poison", logging.ERROR, message=message_id, restore=read.restore if isinstance(read, Wake) else None)
        if isinstance(read, Unreadable):
            self._refuse_unreadable(read)
        elif isinstance(read, Asked):
            self._request(replace(read, poisoned=True))

    def _request(self, asked: Asked) -> None:
        poisoned, keyless, came_as = asked.poisoned, asked.keyless, asked.key
        try:
            if keyless:
                asked = self._first_seen(asked) if poisoned else self._seen_again(asked)
            accepted = self.intake.take(asked.value, Caller("queue", asked.key))
            if keyless:
                self._note_content(asked, done=True, orphan=poisoned and asked.key == came_as)
        except Problem as problem:
            self._refuse(asked, asked.value, problem)
        except (Trouble, Ours, Conflict) as trouble:
            log.warning("a request of the queue is put off: %s", trouble)
            self.parts.send(copy_of(asked), self.parts.pace.hold_message)
        except ForeignRow as error:
            log.error("row left alone %s", error)
        else:
            if not poisoned:  # what crashed us may well be its next step: the sweep takes that, and reports it
                self._advance(accepted.restore.id, 0 if accepted.created else None)

    def _advance(self, restore_id: str, wake: int | None) -> None:
        """Trouble leaves the row as it is: it is due, and the sweep looks at it."""
        try:
            self.workflow.advance(restore_id, wake)
        except (Trouble, Ours, Conflict) as trouble:
            log.warning("restore %s is left to the sweep: %s", restore_id, trouble)
        except ForeignRow as error:
            log.error("row left alone %s", error)

    def _refuse_unreadable(self, read: Unreadable) -> None:
        log.warning("a message of the queue is refused: %s", read.problem)
        self._refuse(read, {}, read.problem)

    def _refuse(self, message: Asked | Unreadable, said: dict[str, Any], problem: Problem) -> None:
        note, created = self.flood.note(), False
        try:
            created = self.intake.refuse(said, problem, Caller("queue", message.key), note).created
        except (Trouble, Conflict):
            self.parts.send(copy_of(message), self.parts.pace.hold_message)
        finally:
            if not created:
                self.flood.take_back()

    def _note_content(self, asked: Asked, *, done: bool = False, orphan: bool = False) -> Asked:
        """A poison copy has another id than its original: by its content the original's id is found again. `done`: the
        original is in the ledger. `orphan`: it is a poison copy itself, of which no original was noted."""
        fields: dict[str, Field] = {"key": asked.key, "at": iso(self.parts.now()), "done": done, "orphan": orphan}
        self.parts.ledger.store.commit(_content(asked), [Change("put", "content", fields)])
        return asked

    def _seen_again(self, asked: Asked) -> Asked:
        """Notes a message. One that was put off may have been poisoned too, before its content could be noted: if such
        a copy was taken within the hour, the two are one message or two, as with a poison copy."""
        if asked.own_key and (row := self.parts.ledger.store.get(_content(asked), "content")):
            orphan = row.fields.get("orphan") and self.parts.now() - utc(row.text("at")) < HOUR
            self._refuse_twin(asked, row.text("key"), orphan)
        return self._note_content(asked)

    def _first_seen(self, asked: Asked) -> Asked:
        """A poison copy under its original's key."""
        row = self.parts.ledger.store.get(_content(asked), "content")
        if row is None:
            return replace(self._note_content(asked, orphan=True), own_key=True, poisoned=False)
        self._refuse_twin(asked, row.text("key"), row.fields.get("done"))
        return replace(asked, key=row.text("key"), own_key=True, poisoned=False)

    def _refuse_twin(self, asked: Asked, key: str, doubtful: object) -> None:
        """If a message of the same words was done before, this may be a copy of that one or a request of its own:
        Problem, so that whoever sent it hears of it."""
        before = KeyRows(self.parts.ledger.store).find("queue", key) if doubtful and key != asked.key else None
        if before:
            words = (
                f"the message crashed the desk, and it has the same words as restore {before.restore}: if it was meant "
                "as another request, ask again, with an idempotencyKey of its own"
            )
            raise Problem(409, "A message of the same words was taken before", words, None, {"restore": before.restore})


type Send = Callable[[str, float], None]


@frozen
class QueueDoor:
    """What the two queue functions call. `queue_in` builds the desk; if that fails (a bad setting, say) a message is
    sent again and its delivery ends well, so that no number of failed deliveries ends it. `wait` is the
    seconds until it comes. A sent message never expires, keeps the key of the first one, and is otherwise equal."""

    queue_in: Callable[[], QueueIn]
    send: Send
    send_poison: Send
    wait: float

    def message(self, raw: bytes, message_id: str) -> None:
        """A message of the request queue."""
        built = self._built()
        if built:
            built.message(raw, message_id)
        else:
            self.send(again(raw, message_id), self.wait)

    def poison(self, raw: bytes, message_id: str, expires: bool) -> None:
        """A message of the poison queue. The host puts it there for seven days: it is made to last before it is read,
        for it may crash this process too."""
        if expires:
            self.send_poison(again(raw, message_id, poisoned=True), 0)
            return
        built = self._built()
        if built:
            built.poison(raw, message_id)
        else:
            self.send_poison(again(raw, message_id, poisoned=True), self.wait)

    def _built(self) -> QueueIn | None:
        try:
            return self.queue_in()
        except Ours as error:
            log.error("the desk cannot be built, a message is put off: %s", error)
        except Exception:  # whatever it is, the message must not be lost by it
            log.exception("the desk cannot be built, a message is put off")
        return None


def _content(asked: Asked) -> str:
    return row_keys.key_partition("queue-content", canonical_hash(asked.value))
