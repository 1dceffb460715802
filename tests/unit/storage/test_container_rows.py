"""The rows that a closing restore leaves: one for its container, one for its verification, and their index."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.restore import OwnContainer, Phase, Plan
from shared.domain.verification import Check, Wanted
from shared.storage import row_keys
from shared.storage.container_rows import ContainerRow, changed, kept, moved, queued, read_container, read_verification
from shared.storage.store import Change, Row
from tests.kits.fakes import START
from tests.kits.restores import CONTAINER, a_restore
from tests.unit.storage.kit import ACCOUNT, HOUR, VERIFICATION

# --- what a closing restore leaves ------------------------------------------------------------------------------------
OWN = OwnContainer(name="rd-x-1", attempt=1, made=True)
VAULTED = Plan(kind="files", account=ACCOUNT, container=CONTAINER, keep_hours=5)


@pytest.mark.parametrize(
    ("phase", "changes", "until", "look"),
    [
        (Phase.SUCCEEDED, {}, 5, 5),
        (Phase.SUCCEEDED, {"plan": VAULTED.model_copy(update={"keep_hours": None})}, 0, 0),
        (Phase.FAILED, {}, 0, 0),
        (Phase.WITHDRAWN, {"own_container": OWN.model_copy(update={"made": False})}, 0, 5 / 60),
    ],
)
def test_a_container_is_kept_as_long_as_what_lies_in_it(
    phase: Phase, changes: dict[str, Any], until: float, look: float
) -> None:
    before = a_restore(own_container=OWN, plan=VAULTED)
    after = before.model_copy(update={"phase": phase, "closed_at": START, **changes})
    row, index = kept(before, after, 3600)
    found = read_container(Row(row.key, row.fields))
    assert (found.until, found.look) == (START + until * HOUR, START + look * HOUR)
    assert (row.verb, index.verb, index.key, found.state) == ("insert", "put", found.index(), "kept")


@pytest.mark.parametrize(
    "changes",
    [
        {"own_container": None},
        {"own_container": OWN.model_copy(update={"taken": True})},
        {"plan": None},
        {"plan": VAULTED.model_copy(update={"account": None})},
        {"phase": Phase.LOST},
        {"closed_at": None},
    ],
)
def test_no_row_is_left_for_a_container_that_is_not_ours_or_not_yet_done_with(changes: dict[str, Any]) -> None:
    before = a_restore(own_container=OWN, plan=VAULTED)
    ended = {"phase": Phase.FAILED, "closed_at": START}
    assert kept(before, before.model_copy(update=ended | changes), 3600) == []
    closed = before.model_copy(update=ended)
    assert kept(closed, closed, 3600) == []


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"verification": None}, False),
        ({"verification": Wanted(level="none")}, False),
        ({"own_container": None}, False),
        ({"plan": None}, False),
        ({"plan": VAULTED.model_copy(update={"container": None})}, False),
        ({"closed_at": None}, False),
        ({"phase": Phase.FAILED}, False),
    ],
)
def test_what_was_delivered_is_queued_to_be_verified(changes: dict[str, Any], asked: bool) -> None:
    wanted = Wanted(level="decoded", databases=("a",), checks=(Check(name="c", database="a", sql="select true"),))
    before = a_restore(own_container=OWN, plan=VAULTED, verification=wanted)
    ended = {"phase": Phase.SUCCEEDED, "closed_at": START}
    found = queued(before, before.model_copy(update=ended | changes))
    assert bool(found) is asked
    closed = before.model_copy(update=ended)
    assert queued(closed, closed) == []
    if asked:
        row = read_verification(Row(found[0].key, found[0].fields))
        assert (row.level, row.container, row.wanted, row.look, row.number) == ("decoded", CONTAINER, wanted, START, 1)
        assert (row.state, row.sends, row.taken, row.open, row.expected) == ("queued", 0, 0, True, ())
        assert found[1] == Change("put", row_keys.verify_look(START, row.restore), {"restore": row.restore})


@pytest.mark.parametrize(
    ("before", "after", "verbs"),
    [
        (None, None, ["update"]),
        (START, START, ["update"]),
        (START, START + HOUR, ["update", "delete", "put"]),
        (None, START, ["update", "put"]),
        (START, None, ["update", "delete"]),
    ],
)
def test_the_index_moves_with_its_row(before: Any, after: Any, verbs: list[str]) -> None:
    one = ContainerRow("r", ACCOUNT, "rd-r-1", "kept", START, before, etag="e")
    steps = moved(one, replace(one, look=after, etag=""))
    assert ([step.verb for step in steps], steps[0].etag) == (verbs, "e")
    two = VERIFICATION.model_copy(update={"look": before, "etag": "e"})
    steps = changed(two, two.model_copy(update={"look": after, "etag": ""}))
    assert ([step.verb for step in steps], steps[0].etag) == (verbs, "e")
