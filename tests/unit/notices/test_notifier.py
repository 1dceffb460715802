"""Delivery of notices: at least once, in order, with back-off; given up in the end, and then a dead letter."""

import json
from dataclasses import replace

import pytest

from shared.api.dead_letters import DeadLetters
from shared.api.http import Call
from shared.config.desk_file import Channel, FromEnvironment, Page, PageRole
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.notices.outbox import Notice, Outbox
from shared.workflow.operator_acts import Act
from tests.kits.stories import now_is, up_to
from tests.kits.world import DBA_URL, DESK_MODEL, EVENTS_URL, World, desk_with, faster, running

HEARD = ["accepted", "submitted", "succeeded"]


def notices(world: World, restore_id: str, channel: str = "events") -> list[Notice]:
    return [notice for notice in Outbox(world.store).of_restore(restore_id) if notice.channel == channel]


def dead_letters(world: World) -> list[dict[str, str]]:
    answer = DeadLetters(world.process().parts).answer(Call())
    found: list[dict[str, str]] = json.loads(answer.body)["value"]
    return found


def test_each_event_is_told_once_and_in_order() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    assert world.posts.events(EVENTS_URL) == [f"{one}.{n}" for n in (1, 2, 3)]
    assert [(n.event, n.state, n.attempts) for n in notices(world, one)] == [(e, "delivered", 1) for e in HEARD]


def test_a_channel_that_is_down_delays_no_other_and_hears_all_in_order_when_it_is_back() -> None:
    world = World()
    world.posts.answers[EVENTS_URL] = [Trouble("the channel was not reached")] * 3
    one = running(world, world.process())
    up_to(world, one, Phase.SUCCEEDED)
    world.settle(world.process())
    assert world.posts.events(EVENTS_URL) == [f"{one}.{n}" for n in (1, 2, 3)]
    assert notices(world, one)[0].attempts == 4
    assert world.posts.events(DBA_URL) == [f"{one}.3"]


def test_a_broken_channel_is_tried_once_a_round() -> None:
    world = World()
    for n in range(5):
        running(world, world.process(), key=f"k{n}", dryRun=True)
    world.posts.answers[EVENTS_URL] = [Trouble("down")] * 50
    world.process().sweep.run()
    assert world.posts.tried.count(EVENTS_URL) == 1


def test_a_notice_nobody_takes_is_given_up_listed_with_its_reason_and_can_be_resent() -> None:
    world = World()
    faster(world, notice_delays=(5.0, 10.0))  # type: ignore[arg-type]
    world.posts.answers[DBA_URL] = [503] * 3
    one = running(world, world.process())
    world.settle(world.process())
    last = notices(world, one, "dba")[0]
    assert (last.state, last.attempts) == ("given up", 3)
    letter = dead_letters(world)[0]
    assert (letter["kind"], letter["restore"], letter["channel"]) == ("notice", one, "dba")
    assert "503" in letter["why"]
    world.process().acts.resend(last)
    assert dead_letters(world) == []
    world.settle(world.process())
    assert world.posts.events(DBA_URL) == [last.event_id]
    assert notices(world, one, "dba")[0].state == "delivered"


def test_a_final_no_is_given_up_at_once() -> None:
    world = World()
    world.posts.answers[DBA_URL] = [410]
    one = running(world, world.process())
    world.settle(world.process())
    assert [(n.state, n.attempts) for n in notices(world, one, "dba")] == [("given up", 1)]


def test_a_channel_that_is_missing_postpones_its_notices_and_they_are_given_up_by_age() -> None:
    world = World()
    one = running(world, world.process())
    kept = {name: channel for name, channel in DESK_MODEL.channels.items() if name != "events"}
    world.desk = desk_with(channels=kept)
    world.process().sweep.run()
    assert [(n.state, n.attempts) for n in notices(world, one)] == [("owed", 1)]
    world.clock.advance(600)
    world.desk = DESK_MODEL
    world.settle(world.process())
    assert [n.state for n in notices(world, one)] == ["delivered"] * 3
    world.desk = desk_with(channels=kept)
    two = running(world, world.process(), "pg-b", key="two")
    world.desk = DESK_MODEL
    three = running(world, world.process(), key="three", dryRun=True)
    world.desk = desk_with(channels=kept)
    world.settle(world.process(), rounds=200)
    while world.live("owed"):
        world.process().sweep.run()
        world.clock.advance(3600)
    assert notices(world, two) == []
    assert notices(world, three)[0].state == "given up"
    assert "no such channel" in dead_letters(world)[0]["why"]
    assert (notices(world, three)[0].attempts, now_is(world, two).phase) == (10, Phase.SUCCEEDED)


def test_an_event_while_desk_toml_is_broken_is_routed_when_it_is_mended() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.RESTORING)
    world.desk = Ours("desk.toml is not TOML")
    world.clock.advance(600)
    world.process().sweep.run()
    assert now_is(world, one).phase is Phase.SUCCEEDED
    assert [n.event for n in notices(world, one, "_unrouted")] == ["succeeded"]
    world.desk = DESK_MODEL
    world.settle(world.process())
    assert world.posts.events(DBA_URL) == [f"{one}.3"]
    assert world.faults({one}) == []


def test_people_read_the_latest_machines_all() -> None:
    world = World()
    chat = Channel.model_validate({"kind": "slack", "url": {"env": "SLACK"}, "default": True})
    world.desk = desk_with(channels={**DESK_MODEL.channels, "chat": chat})
    one = running(world, world.process())
    process = world.process()
    process.notifier.__dict__["environ"] = {
        **process.notifier.environ,
        "SLACK": "https://hooks.slack.com/services/T/B/x",
    }
    for notice in world.owed(one, "chat"):
        process.parts.outbox.postpone(notice, world.clock.now(), "was down")
    process.acts.withdraw(now_is(world, one), Act(by="dba", reason="not needed"))
    process.sweep.run()
    assert [(n.event, n.state) for n in notices(world, one, "chat")] == [
        ("accepted", "superseded"),
        ("withdrawn", "delivered"),
    ]
    assert [n.event for n in notices(world, one) if n.state == "delivered"] == ["accepted", "withdrawn"]


def test_facts_that_cannot_be_read_hold_up_no_other_notice() -> None:
    world = World()
    running(world, world.process())
    process = world.process()
    good = world.owed(channel="events")[0]
    process.notifier.deliver([replace(good, facts="{", channel="dba"), good], process.sweep.run().told)
    assert world.posts.events(EVENTS_URL)[0] == good.event_id


def test_a_round_that_must_end_tells_the_rest_in_the_next() -> None:
    world = World()
    one = running(world, world.process())
    process = world.process()
    process.notifier.deliver(world.owed(one, "events"), process.sweep.run().told, lambda: True)
    assert notices(world, one)[0].attempts <= 1


@pytest.mark.parametrize("raw", [b"{not json", b'{"instance": "pg-x", "target": "drills"}'])
def test_what_the_queue_could_not_take_is_a_dead_letter(raw: bytes) -> None:
    world = World()
    world.put(raw)
    world.settle(world.process())
    letter = dead_letters(world)[0]
    assert (letter["kind"], letter["source"]) == ("request", "queue")
    assert letter["why"]
    assert world.faults() == []


def test_the_newest_dead_letter_comes_first() -> None:
    world = World()
    for n in range(3):
        world.put(json.dumps({"instance": f"no-{n}", "target": "drills"}).encode())
        world.settle(world.process())
        world.clock.advance(60)
    assert [f"no-{n}" in letter["why"] for n, letter in zip((2, 1, 0), dead_letters(world), strict=True)] == [True] * 3


@pytest.mark.parametrize("on", [True, False])
def test_notices_link_to_the_page_where_it_has_an_address_and_is_on(on: bool) -> None:
    tenant, role = "99999999-8888-4777-8666-555555555555", PageRole()
    chat = {**DESK_MODEL.channels, "chat": Channel(kind="slack", url=FromEnvironment(env="CHAT"), default=True)}
    page = Page(tenant=tenant, roles={"R": role}) if on else None
    world = World(desk=desk_with(channels=chat, page=page))
    one = running(world, world.process())
    process = world.process()
    more = {"public_url": "https://desk.contoso.com", "environ": {"CHAT": "https://hooks.slack.com/services/T/B/x"}}
    notifier = replace(process.notifier, **more)  # type: ignore[arg-type]
    (first,) = notices(world, one, "chat")
    notifier.tell("chat", chat["chat"], process.parts.outbox.with_facts(first))
    body = world.posts.messages[-1].body.decode()
    assert (f"https://desk.contoso.com/desk/restores/{one}|Open in Restore Desk" in body) is on
