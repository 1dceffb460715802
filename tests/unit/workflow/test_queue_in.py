"""The queue's way in: taken once, refused with a reason, or put off; what poisons is never lost."""

import base64
import json

import pytest

from shared.config.desk_file import Rights
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.storage.queue_messages import Asked, Unreadable, Wake, copy_of, read_message
from shared.workflow.queue_in import QueueDoor, QueueIn
from tests.kits.stories import now_is
from tests.kits.world import DESK_MODEL, EVENTS_URL, World, body, desk_with, running

ID = "yoeytdsl-01m3vnbwg00000000000000000"
RAW = json.dumps(body()).encode()


@pytest.mark.parametrize("raw", [RAW, base64.b64encode(RAW), b"  " + RAW, base64.b64encode(RAW) + b"\n"])
def test_json_is_taken_as_it_is_or_in_base64(raw: bytes) -> None:
    read = read_message(raw, "m1")
    assert isinstance(read, Asked)
    assert (read.value["instance"], read.key, read.own_key) == ("pg-a", "m1", False)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe", b"{", b"[]", b"null", b'"text"', b'{"a": 1, "a": 2}', b"{" + b" " * 40_000 + b"}", b"nonsense"],
)
def test_what_cannot_be_read_says_why(raw: bytes) -> None:
    read = read_message(raw, "m1")
    assert isinstance(read, Unreadable)
    assert read.problem.detail


def test_a_wake_and_a_copy_are_known_by_their_shape() -> None:
    assert read_message(json.dumps({"restore": ID, "wake": 3}).encode(), "m") == Wake(ID, 3)
    asked = Asked(body(), "m1", False)
    copied = read_message(copy_of(asked).encode(), "m2")
    assert isinstance(copied, Asked)
    assert (copied.value, copied.key) == (asked.value, "m1")
    refused = read_message(b"{", "m3")
    assert isinstance(refused, Unreadable)
    again = read_message(copy_of(refused).encode(), "m4")
    assert isinstance(again, Unreadable)
    assert again.key == "m3"


def test_a_message_delivered_again_and_again_is_one_restore() -> None:
    world = World()
    for _ in range(4):
        world.process().queue_in.message(RAW, "m1")
    assert len(world.restores()) == 1
    world.process().queue_in.message(RAW, "m2")
    assert len(world.restores()) == 2, "another message is another request, even with the same words"


def test_two_messages_under_one_key_are_one_restore_and_another_request_is_refused() -> None:
    world = World()
    keyed = json.dumps(body(idempotencyKey="k")).encode()
    other = json.dumps(body("pg-b", idempotencyKey="k")).encode()
    for n, raw in enumerate((keyed, keyed, other, other)):
        world.process().queue_in.message(raw, f"m{n}")
    assert sorted(r.phase for r in world.restores()) == [Phase.REFUSED, Phase.VALIDATING]


def test_the_queue_is_held_to_its_own_rights() -> None:
    world = World(desk=desk_with(queue=Rights(instances=("pg-b",), targets=("drills",))))
    world.process().queue_in.message(RAW, "m1")
    restore = world.restores()[0]
    assert restore.phase is Phase.REFUSED
    assert restore.error is not None
    assert "'pg-a' is no instance that queue may ask for" in restore.error.message
    world.settle(world.process())
    assert world.posts.events(EVENTS_URL) == [f"{restore.id}.1"]


@pytest.mark.parametrize("raw", [RAW, b"{not json"])
def test_while_the_table_is_down_a_copy_is_sent_and_nothing_raises(raw: bytes) -> None:
    world = World()

    def down(name: str, act: object, args: object) -> object:
        if name.startswith("store"):
            raise Trouble("the ledger's table could not be used (503)")
        return act()  # type: ignore[operator]

    world.process(down).queue_in.message(raw, "m1")
    assert len(world.queue) == 1
    assert world.queue[0].at > 0
    world.process().queue_in.message(raw, "m1")  # the original comes again, too
    world.settle(world.process())
    assert len(world.restores()) == 1
    assert world.faults() == []


def test_with_desk_toml_broken_queued_requests_wait() -> None:
    world = World(desk=Ours("desk.toml is not TOML"))
    world.put(RAW)
    world.settle(world.process(), rounds=5)
    assert world.restores() == []
    assert len(world.queue) == 1
    world.desk = DESK_MODEL
    world.settle(world.process())
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_poison_that_was_never_taken_is_taken_now_and_moves_nothing_itself() -> None:
    world = World()
    world.process().queue_in.poison(RAW, "poison-1")
    assert [r.phase for r in world.restores()] == [Phase.ACCEPTED]
    assert world.azure.calls == []
    world.settle(world.process())
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_poison_under_another_id_finds_what_its_original_put_on_the_books() -> None:
    world = World()
    world.process().queue_in.message(RAW, "m1")
    before = world.restores()
    world.process().queue_in.poison(copy_of(Asked(body(), "m1", False)).encode(), "poison-2")
    assert world.restores() == before
    world.process().queue_in.poison(RAW, "poison-1")
    assert [restore for restore in world.restores() if restore.phase is not Phase.REFUSED] == before


def test_a_wake_in_the_poison_queue_changes_nothing_and_unreadable_poison_is_refused_once() -> None:
    world = World()
    one = running(world, world.process())
    before = now_is(world, one)
    world.process().queue_in.poison(json.dumps({"restore": one, "wake": 0}).encode(), "p1")
    for _ in range(2):
        world.process().queue_in.poison(b"{not json", "p2")
    assert now_is(world, one) == before
    assert [r.phase for r in world.restores() if r.id != one] == [Phase.REFUSED]


def test_wakes_of_what_is_not_there_are_let_go() -> None:
    world = World()
    world.process().queue_in.message(json.dumps({"restore": ID, "wake": 0}).encode(), "m1")
    assert (world.restores(), world.queue) == ([], [])


@pytest.mark.parametrize(("expires", "delay"), [(True, 0), (False, 60)])
def test_a_poisoned_message_that_is_put_off_stays_poisoned(expires: bool, delay: float) -> None:
    sent: list[tuple[str, float]] = []

    def broken() -> QueueIn:
        raise Ours("a setting is missing")

    door = QueueDoor(broken, lambda text, wait: None, lambda text, wait: sent.append((text, wait)), 60)
    door.poison(RAW, "m1", expires)
    ((text, wait),) = sent
    read = read_message(text.encode(), "m2")
    assert isinstance(read, Asked)
    assert (read.key, read.poisoned, read.own_key, wait) == ("m1", True, False, delay)
