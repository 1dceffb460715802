"""The age of points when something fails: each event is still announced once, and nothing else is held up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.api.health import Health
from shared.domain.problems import Ours, Trouble
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.stale_points import Watched
from shared.storage.store import Conflict
from shared.storage.wake_queue import QueueState
from shared.sweep.point_age import judge
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from shared.workflow.points import read_points
from tests.kits.desk_kit import EVENTS_URL
from tests.unit.sweep.point_age_kit import DAY, HEALTH, OFTEN, STALE, desk, look, told


def test_an_event_whose_save_was_answered_by_silence_is_said_once() -> None:
    world, _ = desk()

    def silent(name: str, act: Callable[[], Any], args: Any) -> Any:
        found = act()
        if name == "store.commit" and any(change.key.startswith("points-") for change in args[1]):
            raise Trouble("the table did not answer")
        return found

    world.clock.advance(3 * DAY)
    PointsLook(world.process(silent).parts).run()
    look(world, 1)
    look(world, 1)
    assert told(world) == [STALE]


def test_of_two_sweeps_at_once_one_says_it() -> None:
    world, _ = desk()
    world.clock.advance(3 * DAY)
    own = Watched(world.read_desk().instances["pg-a"].id, "pg-a").key
    others = [world.process()]

    def late(name: str, act: Callable[[], Any], args: Any) -> Any:
        found = act()
        if name == "store.get" and args[1] == own and others:
            other, instance = others.pop().parts, world.read_desk().instances["pg-a"].id
            assert judge(other, instance, "pg-a", 2, read_points(other, instance))
        return found

    PointsLook(world.process(late).parts).run()
    look(world, 1)
    look(world, 1)
    assert (others, told(world)) == ([], [STALE])


@pytest.mark.parametrize("fault", [KeyError("x"), Trouble("503"), Conflict("x"), Ours("x"), RuntimeError("x")])
def test_one_instance_in_trouble_holds_up_no_other_and_is_tried_again_soon(fault: Exception) -> None:
    world, azure = desk()
    world.clock.advance(3 * DAY)
    azure.newest["pg-b"] = [world.clock.now()]
    azure.script["points"] = [fault]
    process = world.process()
    assert [PointsLook(process.parts).run() for _ in range(3)] == [2, 1, 0]
    assert [name for name, _ in azure.calls].count("points") == 3
    world.clock.advance(process.parts.pace.back_off_most + 1)
    assert PointsLook(process.parts).run() == 1
    process.sweep.run()
    assert told(world) == [STALE]


def test_a_step_of_the_timer_that_fails_holds_up_no_other_and_a_failed_sweep_is_still_a_failure() -> None:
    world, _ = desk()
    process = world.process()
    done: list[str] = []

    class Failing(Retention):
        def remove_old(self, now: datetime) -> int:
            done.append("retention")
            raise RuntimeError("a damaged row")

    p = process.parts
    retention, points = Failing(p.ledger, p.outbox, 90), PointsLook(p)
    Upkeep(process.sweep, p.board, retention, points, QueueState, p.now).run()
    assert (done, world.azure.count("points")) == (["retention"], 2)

    def no_queues() -> QueueState:
        raise Trouble("no queues")

    with pytest.raises(Trouble):
        Upkeep(process.sweep, p.board, retention, points, no_queues, p.now).run()
    assert (done, world.azure.count("points")) == (["retention"] * 2, 3)


def test_a_broken_desk_toml_says_nothing() -> None:
    world, _ = desk()
    parts = world.process().parts
    world.desk = Ours("broken")
    assert PointsLook(parts).run() == 0
    assert "points" not in Health(parts, HEALTH).look()["checks"]


# --- what is kept -----------------------------------------------------------------------------------------------------
def test_only_the_last_two_events_are_kept_and_their_dead_letters() -> None:
    world, azure = desk()
    world.posts.answers[EVENTS_URL] = [404] * 3
    box, place = Outbox(world.store), row_keys.vault_partition(world.read_desk().instances["pg-a"].id.rsplit("/", 2)[0])
    for stale in (True, False, True, False):
        azure.newest["pg-a"] = [] if stale else [world.clock.now() + timedelta(days=1)]
        look(world, 1)
    identity = Watched(world.read_desk().instances["pg-a"].id, "pg-a").id
    assert [n.sequence for n in box.of_restore(identity)] == [3, 4]
    assert len(list(world.store.scan(place, "dead-", "dead."))) == 1


def test_many_channels_are_routed_in_several_transactions() -> None:
    more = "".join(
        f'[channels.more-{n}]\nkind = "webhook"\nurl = "https://hooks.example.net/{n}"\n'
        'secret = { env = "EVENTS_SECRET" }\ndefault = true\n'
        for n in range(40)
    )
    world, _ = desk(OFTEN + more)
    look(world, 3)
    world.process().sweep.run()
    world.process().sweep.run()
    assert {message.url for message in world.posts.messages if STALE[0] in message.body.decode()} >= {
        f"https://hooks.example.net/{n}" for n in range(40)
    }
