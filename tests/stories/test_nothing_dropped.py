"""What a request may meet on its way in, and nobody hears of: poisoned twins, lost answers, broken set-ups."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.config.desk_reader import DeskReader
from shared.config.plans import Ground
from shared.domain.clouds import PUBLIC
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.notices.outbox import Outbox
from shared.storage.store import Conflict
from tests.kits.world import World, body
from tests.unit.sweep.test_sweep_pulse import health

WORDS = json.dumps(body(reason="weekly")).encode()


def test_a_poisoned_message_with_the_words_of_an_older_one_is_refused_aloud() -> None:
    world = World()
    world.process().queue_in.message(WORDS, "last-week")
    world.settle(world.process())
    world.clock.advance(7 * 24 * 3600)
    world.process().queue_in.poison(WORDS, "copy-of-this-weeks")
    done, refused = sorted(world.restores(), key=lambda restore: restore.accepted_at)
    assert (done.phase, refused.phase) == (Phase.SUCCEEDED, Phase.REFUSED)
    assert refused.error is not None
    assert f"same words as restore {done.id}" in refused.error.message
    assert [n.event for n in Outbox(world.store).of_restore(refused.id)] == ["refused"] * 2


def test_two_poisoned_twins_are_one_restore_and_one_refusal() -> None:
    world = World()
    for copy in ("copy-1", "copy-2"):
        world.process().queue_in.poison(WORDS, copy)
    world.settle(world.process())
    assert sorted(restore.phase for restore in world.restores()) == [Phase.REFUSED, Phase.SUCCEEDED]


@pytest.mark.parametrize("at", range(1, 12))
def test_a_message_that_crashed_anywhere_and_its_poisoned_copy_are_one_restore(at: int) -> None:
    world, count = World(), 0

    def crashing(name: str, act: Callable[[], Any], args: Any) -> Any:
        nonlocal count
        count += 1
        if count > at:
            raise KeyboardInterrupt
        return act()

    with pytest.raises(KeyboardInterrupt):
        world.process(crashing).queue_in.message(WORDS, "original")
    world.process().queue_in.poison(WORDS, "copy")
    world.settle(world.process())
    phases = [restore.phase for restore in world.restores()]
    assert phases.count(Phase.SUCCEEDED) == 1
    assert set(phases) <= {Phase.SUCCEEDED, Phase.REFUSED}
    assert len(world.azure.posted) == 1


@pytest.mark.parametrize("error", [Trouble("timeout"), Conflict("the client's own retry")])
def test_a_keyless_request_whose_save_took_effect_is_answered_with_that_restore(error: Exception) -> None:
    world = World()

    def answer_lost(name: str, act: Callable[[], Any], args: Any) -> Any:
        found = act()
        if name == "store.commit" and any(change.key.startswith("restore-") for change in args[1]):
            raise error
        return found

    answer = world.process(answer_lost).post(body())
    assert answer.status == 202
    assert [restore.id for restore in world.restores()] == [json.loads(answer.body)["id"]]


def test_no_202_is_said_for_what_is_not_on_the_books() -> None:
    world = World()

    def deleted(name: str, act: Callable[[], Any], args: Any) -> Any:
        if name == "store.commit" and any(change.key.startswith("restore-") for change in args[1]):
            raise Conflict("the table is being deleted")
        return act()

    assert world.process(deleted).post(body()).status == 503
    assert world.restores() == []


def reader(text: str, folder: Path) -> DeskReader:
    (folder / "desk.toml").write_text(text)
    return DeskReader(folder / "desk.toml", Ground(PUBLIC, "deskstore"), lambda desk: [])


@pytest.mark.parametrize("text", ["", "[http]\ninstances = []\n"])
def test_a_desk_toml_without_instances_is_a_broken_one(text: str, tmp_path: Path) -> None:
    with pytest.raises(Ours, match="no \\[instances"):
        reader(text, tmp_path)()


def test_a_broken_desk_toml_that_is_read_often_grows_no_traceback(tmp_path: Path) -> None:
    read, depths = reader("this is not TOML", tmp_path), set()
    for _ in range(50):
        with pytest.raises(Ours) as raised:
            read()
        depth, trace = 0, raised.value.__traceback__
        while trace:
            depth, trace = depth + 1, trace.tb_next
        depths.add(depth)
    assert len(depths) == 1


def test_a_vault_whose_directory_row_is_gone_is_back_with_the_next_restore() -> None:
    world, process = World(), None
    process = world.process()
    assert process.post(body(), "one").status == 202
    world.store = type(world.store)()
    other = world.process()
    process.parts.ledger.store = world.store
    assert process.post(body(), "two").status in (202, 503)
    assert other.parts.ledger.vaults() != []


def test_health_is_down_once_the_first_sweep_is_overdue() -> None:
    world = World()
    assert health(world)[0] == 200
    world.clock.advance(world.pace.sweep_silent + 1)
    assert health(world)[0] == 503
    world.process().sweep.run()
    assert health(world)[0] == 200
    late = World()
    assert late.process().post(body(), "k").status == 202
    late.clock.advance(24 * 3600)
    assert health(late)[0] == 503, "a restore waits for a day, though nobody asked before"
