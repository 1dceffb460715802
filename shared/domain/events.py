"""What can happen to a restore up to its submission: each event carries its own data and says what it sets. Pure."""

from dataclasses import fields
from datetime import datetime
from typing import Any, ClassVar

from shared.domain.restore import Attempt, AzureError, Datasource, Entry, OwnContainer, Plan, Point, Restore
from shared.frozen import frozen


@frozen
class Event:
    """Fields named as the restore's are set on it; `stamps` become now, `clears` become absent."""

    word: ClassVar[str | None] = None  # for the timeline, where the phase stays
    stamps: ClassVar[tuple[str, ...]] = ()
    clears: ClassVar[tuple[str, ...]] = ()
    ends: ClassVar[str | None] = None  # how the running attempt ended

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        """The fields of the restore after this event, the phase apart."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name in Restore.model_fields}
        changed = own | dict.fromkeys(self.clears) | dict.fromkeys(self.stamps, now)
        if self.ends and restore.attempts and restore.attempts[-1].ended in (None, "in doubt"):
            last = restore.attempts[-1].model_copy(update={"ended": self.ends})
            changed["attempts"] = (*restore.attempts[:-1], last)
        return changed

    def entry(self, now: datetime, phase: str | None) -> Entry | None:
        """Its line of the timeline: the new phase, or its own word where the phase stays."""
        what = phase or self.word
        return Entry(at=now, what=what, note=self.note()) if what else None

    def note(self) -> str | None:
        """What the timeline says of it."""
        return getattr(self, "why", None)


@frozen
class TurnTaken(Event):
    """It is this restore's turn on its instance."""

    word = "turn taken"
    stamps = ("turn_at",)
    clears = ("waiting_for",)


@frozen
class Waiting(Event):
    """Another restore has the turn on this instance."""

    waiting_for: str
    due: datetime
    word = "waiting"

    def note(self) -> str | None:
        return f"for {self.waiting_for}, which has the turn on this instance"


@frozen
class Postponed(Event):
    """Trouble that passes (429, 5xx, a time-out, a pause): it is looked at again when due."""

    why: str
    due: datetime
    word = "postponed"


@frozen
class ContainerBegun(Event):
    """The intent to make the attempt's container, saved before the call; until `due` nobody else asks for it."""

    own_container: OwnContainer
    plan: Plan
    due: datetime


@frozen
class ContainerMade(Event):
    """The attempt's container is there, and ours."""

    own_container: OwnContainer
    word = "container made"
    stamps = ("due",)

    def note(self) -> str | None:
        return self.own_container.name


@frozen
class NameTaken(Event):
    """A container of that name was there before the desk made one: it is somebody else's."""

    own_container: OwnContainer
    word = "container name taken"

    def note(self) -> str | None:
        return self.own_container.name


@frozen
class ValidationStarted(Event):
    """validateRestore was taken; `tracking` is the operation's URL, whole."""

    point: Point
    datasource: Datasource
    plan: Plan
    guard_requests: tuple[str, ...]
    source_region: str | None
    tracking: str | None
    due: datetime

    def note(self) -> str | None:
        return f"recovery point {self.point.id} of {self.point.time:%Y-%m-%d %H:%M} UTC"


@frozen
class StillRunning(Event):
    """The operation runs on."""

    due: datetime


@frozen
class ValidationGone(Event):
    """The validation's URL is gone before its end could be read: it is validated again, later each time."""

    why: str
    due: datetime
    word = "validation lost"
    clears = ("tracking",)

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        return super().changes(restore, now) | {"lost_validations": restore.lost_validations + 1}


@frozen
class Validated(Event):
    """Azure found nothing against the request; `azure_at` is its own time of saying so."""

    azure_at: datetime | None = None
    stamps = ("validated_at", "due")
    clears = ("tracking",)


@frozen
class Revalidated(Event):
    """An attempt lies between the validation and now: a second attempt is validated again."""

    stamps = ("due",)

    def note(self) -> str | None:
        return "an attempt was made since its validation: it is validated anew"


@frozen
class Checked(Event):
    """A dry run's end: validated, nothing submitted."""

    stamps = ("validated_at",)
    clears = ("tracking",)


@frozen
class Claimed(Event):
    """The intent to POST `restore`, saved before the POST."""

    request_id: str
    due: datetime

    def changes(self, restore: Restore, now: datetime) -> dict[str, Any]:
        number = len(restore.attempts) + 1
        attempt = Attempt(number=number, request_id=self.request_id, at=now, since=restore.azure_at)
        anew = {"readings": None, "overdue_at": None, "duplicate_at": None}
        return {"attempts": (*restore.attempts, attempt), "due": self.due, **anew}

    def note(self) -> str | None:
        return f"request id {self.request_id}"


@frozen
class Refused(Event):
    """Ours said no; nothing was started."""

    error: AzureError
    clears = ("tracking",)

    def note(self) -> str | None:
        return self.error.message


@frozen
class ByPerson(Event):
    """A person's act, with who and why."""

    by: str
    reason_given: str

    def note(self) -> str | None:
        return f"by {self.by}: {self.reason_given}"


@frozen
class Withdrawn(ByPerson):
    """A person withdrew the restore before submission."""

    clears = ("tracking",)
