"""1,000 containers and rows as they could stand: a DELETE goes only to what is ours and due."""

import random
from dataclasses import replace
from datetime import timedelta

from shared.aftercare.decide import Delete, decide
from shared.aftercare.states import STEPS, Act, State
from shared.domain.restore import OwnContainer, Phase, Restore
from shared.storage.container_rows import ContainerRow
from tests.kits.aftercare_kit import ACCOUNT, delivered, now_is, vaulted_world

CASES = 1000


def test_a_delete_goes_only_to_what_is_ours_and_due() -> None:
    world, dice = vaulted_world(), random.Random(20261126)  # noqa: S311 - a fixed seed
    one = now_is(world, delivered(world))
    now, name = world.clock.now(), f"rd-{one.id}-1"
    deleted = 0
    for _ in range(CASES):
        row_name = dice.choice([*[name] * 9, f"rd-{one.id}-2", "sales", f"rd-{one.id}x-1", name.upper()])
        state = dice.choice([*State, *[State.DELETING] * 9, "newer"])
        until = now + timedelta(hours=dice.choice([-1, -1, 0, 1]))
        account = dice.choice([ACCOUNT, ACCOUNT, f"{ACCOUNT}2"])
        row = ContainerRow(one.id, account, row_name, state, until, now)
        owner: dict[str, str] | None = dice.choice(
            [{"restoredesk": one.id}, {"restoredesk": one.id}, {"restoredesk": "other"}, {}, None]
        )
        restore = dice.choice([*[one] * 9, *_others(one), None])
        ours = restore is one and row_name == name and account == ACCOUNT and owner == {"restoredesk": one.id}
        due = state == State.DELETING and until <= now
        found = isinstance(decide(row, restore, owner, now), Delete)
        assert found == (ours and due), (row, owner, restore)
        deleted += found
    assert deleted > CASES / 50


def _others(one: Restore) -> list[Restore]:
    """An open one, one of 0.1.0 (without a container of its own), one with another name, another restore's."""
    other = OwnContainer(name="sales", attempt=1, made=True)
    return [
        one.model_copy(update={"phase": Phase.LOST}),
        one.model_copy(update={"own_container": None}),
        one.model_copy(update={"plan": None}),
        one.model_copy(update={"own_container": other}),
        one.model_copy(update={"id": f"{one.id[:-1]}z"}),
    ]


def test_nothing_can_be_kept_once_it_is_being_deleted_and_gone_is_the_end() -> None:
    assert {state for state, act in STEPS if act is Act.KEEP} == {State.KEPT, State.DUE}
    assert not [act for state, act in STEPS if state is State.GONE]


def test_a_row_without_a_look_has_no_line_in_the_index() -> None:
    world = vaulted_world()
    row = ContainerRow("x", ACCOUNT, "rd-x-1", "gone", world.clock.now(), None)
    assert row.index() is None
    assert replace(row, look=world.clock.now()).index()
