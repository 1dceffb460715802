"""Work that others can cause is bounded: floods of junk, crowds at the health check, deep bodies, large key sets."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.api.health import Health
from shared.api.http import Call
from shared.composition import App, app
from shared.composition.once import Once, locked_property
from shared.config.settings import from_environment
from shared.domain.problems import Problem, Trouble
from shared.domain.request import DEEPEST, parse_json
from shared.domain.restore import Phase
from shared.tickets.entra_tokens import MOST_JWKS, read_keys
from shared.workflow.queue_in import Flood
from tests.kits.ticket_door import Door
from tests.kits.ticket_samples import saved
from tests.kits.world import DBA_URL, EVENTS_URL, World, body

JUNK = 300


def test_a_flood_of_junk_posts_a_digest_and_delays_no_restore() -> None:
    world = World()
    process = world.process()
    for n in range(JUNK):
        process.queue_in.message(b"{junk %d" % n, f"m{n}")
    good = json.loads(process.post(body(), "k").body)["id"]
    world.settle(process)
    refused = [one for one in world.restores() if one.phase is Phase.REFUSED]
    assert len(refused) == JUNK  # each is on the books
    junk = {f"{one.id}.1" for one in refused}
    assert len([event for event in world.posts.events(EVENTS_URL) if event in junk]) == 11  # ten, and the hundredth
    assert [event for event in world.posts.events(DBA_URL) if event == f"{good}.3"]
    said = [one.error.message for one in refused if one.error and "within the hour" in one.error.message]
    assert len(said) == 1
    assert "100 messages were refused" in said[0]


@pytest.mark.parametrize("hindrance", ["table down", "delivered again"])
def test_one_message_many_times_is_no_flood(hindrance: str) -> None:
    world, down = World(), [hindrance == "table down"]

    def table(name: str, act: Callable[[], Any], _: Any) -> Any:
        if down[0] and name == "store.commit":
            raise Trouble("the ledger's table could not be used (503)")
        return act()

    process = world.process(table)
    for _ in range(30):
        process.queue_in.message(b"{", "m1")
    down[0] = False
    process.queue_in.message(b"{", "m1")
    process.queue_in.message(b"[", "m2")
    world.settle(process)
    refused = [one for one in world.restores() if one.phase is Phase.REFUSED]
    assert len(refused) == 2
    assert sorted(world.posts.events(EVENTS_URL)) == sorted(f"{one.id}.1" for one in refused)


def test_an_hour_later_they_are_announced_again() -> None:
    world = World()
    process = world.process()
    for n in range(20):
        process.queue_in.message(b"{", f"a{n}")
    world.clock.advance(3600)
    process.queue_in.message(b"{", "b")
    world.settle(process)
    assert len(world.posts.events(EVENTS_URL)) == 11


class Slow(Health):
    """A health check whose look takes as long as it is told."""

    def __init__(self) -> None:
        settings = from_environment({"AzureWebJobsStorage": "AccountName=desk"}, Path())
        super().__init__(SimpleNamespace(), settings)  # type: ignore[arg-type]
        self.looks, self.go = 0, threading.Event()

    def look(self) -> dict[str, Any]:
        self.looks += 1
        assert self.go.wait(10)
        return {"status": "ok", "looks": self.looks}


def test_a_crowd_at_the_health_check_is_one_look() -> None:
    health = Slow()
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(health.answer, Call()) for _ in range(20)]
        health.go.set()
        assert {answer.result(10).status for answer in answers} == {200}
    assert health.looks == 1


def test_while_one_looks_the_others_get_the_last_answer() -> None:
    health = Slow()
    health.go.set()
    health.standing()
    health._kept = (-1e9, {"status": "ok", "looks": 1})
    health.go.clear()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(health.standing)
        while not health._looking.locked():
            pass
        assert health.standing()["looks"] == 1
        health.go.set()
        assert looking.result(10)["looks"] == 2


def test_of_calls_that_come_at_the_same_moment_one_builds_the_app_and_each_part() -> None:
    built = []

    def build(*_: object) -> object:
        built.append(1)
        time.sleep(0.05)  # the others come meanwhile
        return object()

    class Parts:
        part = locked_property(build)

    parts, made = Parts(), Once(build)
    for ask in (lambda: parts.part, made):
        with ThreadPoolExecutor(8) as pool:
            assert len({id(one.result()) for one in [pool.submit(ask) for _ in range(8)]}) == 1
    assert len(built) == 2
    assert isinstance(app, Once)
    kept = [member for one in App.__mro__ for member in vars(one).values() if isinstance(member, cached_property)]
    assert len(kept) > 15
    assert {type(one) for one in kept} == {locked_property}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_body_is_nested_so_deep_and_no_deeper(opening: str, closing: str) -> None:
    def nested(levels: int) -> bytes:
        inner = levels - 1
        return ('{"x": ' + opening * inner + "1" + closing * inner + "}").encode()

    assert parse_json(nested(DEEPEST))
    for levels in (DEEPEST + 1, 900, 5_000):
        with pytest.raises(Problem, match="nested too deeply"):
            parse_json(nested(levels))


def test_a_ticket_that_is_nested_too_deeply_is_refused_and_nothing_raises() -> None:
    event = saved("jira")["body"]
    for levels in (200, 950, 100_000):
        raw = json.dumps(event).encode()[:-1] + b', "deep": ' + b"[" * levels + b"]" * levels + b"}"
        assert Door().send("jira", raw)["status"] == "refused"


def test_a_key_set_of_megabytes_or_of_depths_is_no_key_set() -> None:
    for raw in (b'{"keys": [' + b" " * MOST_JWKS + b"]}", b'{"keys": ' + b"[" * 100_000, b'{"keys": 7}'):
        with pytest.raises(Trouble):
            read_keys(raw)
    assert read_keys(b'{"keys": []}') == {}


def test_a_flood_that_comes_on_several_threads_is_announced_ten_times() -> None:
    """All are asked for their words before the first is saved."""
    flood = Flood(World().clock.now)
    said = [flood.note() for _ in range(14)]
    assert said == [""] * 10 + [None] * 4
    for _ in range(5):  # were tried again, or came twice
        flood.take_back()
    assert flood.note() == ""
