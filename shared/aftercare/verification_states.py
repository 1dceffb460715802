"""How a verification stands, and which act leads where: one table. Pure."""

from enum import StrEnum


class State(StrEnum):
    """The states of a verification."""

    QUEUED = "queued"  # a load is sent, or will be by the next sweep
    RUNNING = "running"  # a loader took it
    PASSED = "passed"
    FAILED = "failed"  # something is wrong with the backup
    INCONCLUSIVE = "inconclusive"  # something of ours kept it from being told
    LOST = "lost"  # no verdict came


class Act(StrEnum):
    """What happens to it."""

    SEND = "send"
    WAIT = "wait"
    START = "start"
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    DOUBT = "doubt"
    LOSE = "lose"
    ASK = "ask"  # a person asks for another one


_OPEN = (State.QUEUED, State.RUNNING)
_ENDED = (State.PASSED, State.FAILED, State.INCONCLUSIVE, State.LOST)
# For one number `passed` and `failed` outrank `inconclusive` and `lost`; the first of these two stands.
STEPS: dict[tuple[State, Act], State] = {
    **{(state, act): state for state in _OPEN for act in (Act.SEND, Act.WAIT)},
    **{(state, Act.START): State.RUNNING for state in _OPEN},
    **{(state, Act.PASS): State.PASSED for state in (*_OPEN, State.INCONCLUSIVE, State.LOST)},
    **{(state, Act.FAIL): State.FAILED for state in (*_OPEN, State.INCONCLUSIVE, State.LOST)},
    **{(state, Act.DOUBT): State.INCONCLUSIVE for state in (*_OPEN, State.LOST)},
    **{(state, Act.LOSE): State.LOST for state in _OPEN},
    **{(state, Act.ASK): State.QUEUED for state in _ENDED},
}
OF_VERDICT = {"passed": Act.PASS, "failed": Act.FAIL, "inconclusive": Act.DOUBT}
EVENTS = {
    State.PASSED: "verified",
    State.FAILED: "verificationFailed",
    State.INCONCLUSIVE: "verificationInconclusive",
    State.LOST: "verificationInconclusive",
}


def after(state: str, act: Act) -> State | None:
    """The state that follows, or None if the act is not possible."""
    return STEPS.get((State(state), act)) if state in set(State) else None
