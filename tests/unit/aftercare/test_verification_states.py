"""The table of a verification's states: drawn in the README, whole, and such that the better verdict stands."""

import re
from itertools import permutations
from pathlib import Path

import pytest

from local.build.diagram import verification_diagram
from shared.aftercare.verification_states import EVENTS, OF_VERDICT, STEPS, Act, State, after
from shared.config.desk_file import EVENTS as KNOWN
from shared.domain.verification import OPEN

README = Path(__file__).parents[3] / "README.md"
OPEN_STATES = {State.QUEUED, State.RUNNING}


def drawn(text: str) -> dict[tuple[str, str], str]:
    """The steps that the last state diagram of a text shows."""
    block = text.rpartition("stateDiagram-v2")[2].partition("```")[0]
    arrows = re.findall(r"^\s*(\w+) --> (\w+)\s*:\s*(.+)$", block, re.MULTILINE)
    return {(at, name.strip()): to for at, to, names in arrows for name in names.split(",")}


def test_the_readme_draws_this_table() -> None:
    table = {(at.value, act.value): to.value for (at, act), to in STEPS.items()}
    assert drawn(verification_diagram()) == table
    assert drawn(README.read_text()) == table, f"README.md must hold this:\n{verification_diagram()}"


def test_open_states_are_those_of_the_rows_and_all_others_are_told() -> None:
    assert set(OPEN) == OPEN_STATES
    assert set(EVENTS) == set(State) - OPEN_STATES
    assert set(EVENTS.values()) <= set(KNOWN)
    assert set(OF_VERDICT.values()) <= set(Act)


@pytest.mark.parametrize("state", State)
def test_only_what_has_ended_is_asked_for_again_and_only_what_has_not_is_sent_or_lost(state: State) -> None:
    ended = state not in OPEN_STATES
    assert [after(state, act) is not None for act in (Act.ASK, Act.SEND, Act.WAIT, Act.START, Act.LOSE)] == [
        ended, *[not ended] * 4,
    ]  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(["inconclusive", "lose", "passed"])))
@pytest.mark.parametrize("first", sorted(OPEN_STATES))
def test_whatever_the_order_a_verdict_of_the_backup_outranks_what_is_ours(first: State, order: tuple[str, ...]) -> None:
    for last, other in (("passed", "failed"), ("failed", "passed")):
        state = first
        for one in (*(last if each == "passed" else each for each in order), other):
            state = after(state, OF_VERDICT.get(one, Act.LOSE)) or state
        assert state == last


def test_a_state_of_a_newer_release_goes_nowhere() -> None:
    assert not [act for act in Act if after("newer", act)]
