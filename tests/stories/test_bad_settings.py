"""A setting that cannot be used stops what it is for and nothing else; a desk that cannot start loses no message."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.stack.memory import MemoryQueue, MemoryStore
from shared.api.http import Call, answered
from shared.composition import App
from shared.config.settings import from_environment
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.storage.wake_queue import QueueState
from shared.workflow.queue_in import QueueDoor, QueueIn
from tests.kits.desk_kit import DESK
from tests.kits.world import World, body, running

GOOD = {"AzureWebJobsStorage": "AccountName=desk;AccountKey=a2V5", "ARM_ENDPOINT": "http://127.0.0.1:9"}
# the setting, a value that cannot be used, and what of the desk stops by it
BAD = [
    ("RETENTION_DAYS", "90d", "retention"),
    ("DESK_START_PAUSED", "ja", "submissions"),
    ("DESK_PACE", "quick", "pace"),
    ("ARM_ENDPOINT", "http://management.azure.com", "intake"),
    ("ARM_ENDPOINT", "https://management.contoso.example", "intake"),
    ("ARM_ENDPOINT", "https://[x", "intake"),
    ("ARM_CA_BUNDLE", "/no/such/file.pem", "azure"),
    ("DESK_CONFIG", ".", "intake"),
    ("DESK_CONFIG", "gone.toml", "intake"),
]


def desk_of(folder: Path, name: str, value: str) -> App:
    (folder / "desk.toml").write_text(DESK)
    app = App(from_environment(GOOD | {name: value}, folder))
    app.__dict__["store"] = MemoryStore()
    app.__dict__["send"] = MemoryQueue().send
    app.__dict__["queues"] = QueueState
    return app


@pytest.mark.parametrize(("name", "value", "stops"), BAD)
def test_a_bad_setting_stops_one_thing(tmp_path: Path, name: str, value: str, stops: str) -> None:
    app = desk_of(tmp_path, name, value)
    asked = answered(app.api.post_restore, Call(body=json.dumps(body()).encode()))
    assert asked.status == (503 if stops == "intake" else 202), asked.body
    app.queue_in.message(json.dumps(body("pg-b")).encode(), "m1")
    assert len(app.parts.board.live(app.parts.ledger.vaults()[0]).opens if stops != "intake" else "12") == 2
    app.upkeep.run()
    found = json.dumps(app.health.look())
    assert (name in found) or stops in ("intake", "azure"), found
    assert (app.parts.board.paused() is not None) == (stops == "submissions")
    if stops == "azure":
        with pytest.raises(Trouble, match=name):
            app.azure.ready()
        assert app.azure.azure_time() is None
        assert name in found


# --- the desk cannot be built ------------------------------------------------------------------------------------
@dataclass
class Queues:
    """Both queues as the host drives them: a message that fails five times is copied to the poison queue for a week."""

    world: World
    broken: bool = True
    copies: int = 1  # of a poisoned message: two where the host lost its receipt
    kept: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"main": [], "poison": []})
    expired: int = 0
    number: int = 0

    def put(self, queue: str, text: str, delay: float = 0, days: float | None = None) -> None:
        self.number += 1
        now = self.world.clock.now()
        ends = now + timedelta(days=days) if days else None
        one = {"id": f"{queue}-{self.number}", "text": text, "at": now + timedelta(seconds=delay), "ends": ends}
        self.kept[queue].append({**one, "tries": 0})

    def door(self, build: Callable[[], QueueIn]) -> QueueDoor:
        return QueueDoor(
            build,
            lambda text, delay: self.put("main", text, delay),
            lambda text, delay: self.put("poison", text, delay),
            self.world.pace.hold_message,
        )

    def round(self, build: Callable[[], QueueIn]) -> None:
        door, now = self.door(build), self.world.clock.now()
        for queue in ("main", "poison"):
            gone = [one for one in self.kept[queue] if one["ends"] and one["ends"] <= now]
            self.expired += len(gone)
            self.kept[queue] = [one for one in self.kept[queue] if one not in gone]
            for one in [one for one in self.kept[queue] if one["at"] <= now]:
                one["tries"] += 1
                try:
                    if queue == "main":
                        door.message(one["text"].encode(), one["id"])
                    else:
                        door.poison(one["text"].encode(), one["id"], one["ends"] is not None)
                except Exception:  # noqa: BLE001 - the Functions host takes any error for a failed delivery
                    one["at"] = now + timedelta(seconds=30 if queue == "main" else 600)
                    if queue == "main" and one["tries"] >= 5:
                        for _ in range(self.copies):
                            self.put("poison", one["text"], days=7)
                        self.kept[queue].remove(one)
                else:
                    self.kept[queue].remove(one)


def never() -> QueueIn:
    raise Ours("a setting is wrong")


def explodes() -> QueueIn:
    raise ValueError("a library's own error")


def days(queues: Queues, build: Callable[[], QueueIn], count: float) -> None:
    for _ in range(round(count * 24 * 2)):
        queues.round(build)
        queues.world.clock.advance(1800)


@pytest.mark.parametrize("build", [never, explodes])
@pytest.mark.parametrize("queue", ["main", "poison"])
def test_a_desk_that_cannot_be_built_for_nine_days_loses_no_message(queue: str, build: Callable[[], QueueIn]) -> None:
    world = World()
    queues, process = Queues(world), world.process()
    queues.put(queue, json.dumps(body()), days=7 if queue == "poison" else None)
    queues.put(queue, json.dumps(body("pg-b", idempotencyKey="k")), days=7 if queue == "poison" else None)
    queues.put(queue, "{not json", days=7 if queue == "poison" else None)
    days(queues, build, 9)
    assert (world.restores(), queues.expired, len([*queues.kept["main"], *queues.kept["poison"]])) == ([], 0, 3)
    days(queues, lambda: process.queue_in, 0.1)
    assert (queues.kept, queues.expired) == ({"main": [], "poison": []}, 0)
    keys = {restore.key for restore in world.restores() if restore.phase is not Phase.REFUSED}
    assert keys == {f"{queue}-1", "k"}
    assert len(world.restores()) == 3


def test_a_message_that_crashes_the_poison_function_too_outlives_its_week() -> None:
    world = World()
    queues, process = Queues(world), world.process()
    queues.put("main", json.dumps(body()))

    class Crashing(QueueIn):
        def message(self, raw: bytes, message_id: str) -> None:
            raise MemoryError

        poison = message

    crashing = Crashing(process.parts, process.intake, process.workflow, process.queue_in.flood)
    days(queues, lambda: crashing, 9)
    assert (world.restores(), queues.expired, len(queues.kept["poison"])) == ([], 0, 1)
    days(queues, lambda: process.queue_in, 0.1)
    assert [restore.phase for restore in world.restores()] == [Phase.ACCEPTED]


def test_a_message_that_was_put_off_and_comes_again_is_one_restore() -> None:
    world = World()
    queues, process = Queues(world), world.process()
    raw = json.dumps(body()).encode()
    queues.door(never).message(raw, "m1")  # ... and the host dies before it deletes the first one
    queues.door(lambda: process.queue_in).message(raw, "m1")
    world.clock.advance(world.pace.hold_message)
    queues.round(lambda: process.queue_in)
    assert [restore.key for restore in world.restores()] == ["m1"]


@pytest.mark.parametrize("first", ["main", "poison"])
@pytest.mark.parametrize("noted", [0.0, 8.0], ids=["never before", "last week too"])
def test_a_message_put_off_and_poisoned_is_one_restore_and_the_other_is_told(first: str, noted: float) -> None:
    """The copy that puts it off is sent, but the answer is lost five times: then there is a poison copy as well."""
    world = World()
    queues, process, raw = Queues(world), world.process(), json.dumps(body()).encode()
    if noted:
        process.queue_in.message(raw, "last week's")
        world.clock.advance(noted * 86400)
    for _ in range(5):
        queues.door(never).message(raw, "m1")  # ... and comes again
    queues.put("poison", raw.decode(), days=7)
    world.clock.advance(world.pace.hold_message)
    second = "poison" if first == "main" else "main"
    held, queues.kept[second] = queues.kept[second], []
    queues.round(lambda: process.queue_in)
    queues.kept[second] += held
    days(queues, lambda: process.queue_in, 0.1)
    found = [restore for restore in world.restores() if restore.key != "last week's"]
    assert len([one for one in found if one.phase is not Phase.REFUSED]) == 1
    (told,) = [one for one in found if one.phase is Phase.REFUSED]
    assert told.error
    assert "same words" in told.error.message
    assert queues.kept == {"main": [], "poison": []}


def test_a_wake_is_put_off_as_it_is() -> None:
    world = World()
    queues = Queues(world)
    one = running(world, world.process())
    text = world.queue[0].body.decode()
    queues.door(never).message(text.encode(), "m9")
    assert [kept["text"] for kept in queues.kept["main"]] == [text]
    assert one in text
