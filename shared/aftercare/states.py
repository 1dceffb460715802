"""How a container stands after its restore closed, and which act leads where: one table. Pure."""

from enum import StrEnum


class State(StrEnum):
    """Where a container stands."""

    KEPT = "kept"  # until its time is over
    DUE = "due"  # its time is over; it can still be kept
    DELETING = "deleting"  # saved before the DELETE: from here on it cannot be kept
    GONE = "gone"
    FAILED = "cleanupFailed"  # it could not be deleted, or must not be; tried again once a day


class Act(StrEnum):
    """What happens to it."""

    EXPIRE = "expire"
    BEGIN = "begin"
    CONFIRM = "confirm"
    FAIL = "fail"
    KEEP = "keep"
    CLEAN = "cleanup"


STEPS: dict[tuple[State, Act], State] = {
    (State.KEPT, Act.EXPIRE): State.DUE,
    (State.KEPT, Act.KEEP): State.KEPT,
    (State.KEPT, Act.CLEAN): State.DUE,
    (State.DUE, Act.BEGIN): State.DELETING,
    (State.DUE, Act.KEEP): State.KEPT,
    (State.DUE, Act.CLEAN): State.DUE,
    (State.DELETING, Act.BEGIN): State.DELETING,
    (State.DELETING, Act.CONFIRM): State.GONE,
    (State.DELETING, Act.FAIL): State.FAILED,
    (State.FAILED, Act.BEGIN): State.DELETING,
    (State.FAILED, Act.CLEAN): State.DUE,
}


def after(state: str, act: Act) -> State | None:
    """The state that follows, or None if the act is not possible."""
    return STEPS.get((State(state), act)) if state in set(State) else None


def possible(state: str) -> list[str]:
    """The acts of people that are possible in a state."""
    return [act.value for act in (Act.KEEP, Act.CLEAN) if after(state, act)]
