"""A pager alert ends: the success of a restore that was asked for again resolves the alert of the first."""

import json
from typing import Any

from shared.config.desk_file import Channel
from shared.domain.version import AGENT
from shared.notices.channels.registry import KINDS, compose
from shared.notices.messages import Resolved
from shared.notices.sample import sample_facts
from shared.workflow.operator_acts import Again
from tests.kits.fakes import START
from tests.kits.stories import now_is
from tests.kits.world import DESK_MODEL, World, desk_with, running

PAGER = Channel.model_validate({"kind": "pagerduty", "secret": {"env": "EVENTS_SECRET"}, "default": True})


def with_pager() -> World:
    world = World(desk=desk_with(channels={**DESK_MODEL.channels, "pager": PAGER}))
    world.posts.answers["https://events.pagerduty.com/v2/enqueue"] = [202] * 20
    return world


def paged(world: World) -> list[tuple[str, str]]:
    bodies = [json.loads(message.body) for message in world.posts.messages if "/v2/enqueue" in message.url]
    return [(body["event_action"], body["dedup_key"]) for body in bodies]


def again(world: World, restore: str, **more: Any) -> str:
    act = Again.model_validate({"by": "dba", "reason": "mended", **more})
    return world.process().acts.again(now_is(world, restore), act, None).restore.id


def test_the_third_tries_success_resolves_the_alert_of_the_first() -> None:
    world = with_pager()
    world.azure.end_status = "Failed"
    first = running(world, world.process())
    world.settle(world.process())
    second = again(world, first)
    world.settle(world.process())
    world.azure.end_status = "Completed"
    third = again(world, second)
    world.settle(world.process())
    key = f"restore-{first}"
    assert paged(world) == [("trigger", key), ("trigger", key), ("resolve", key)]
    assert now_is(world, third).chain == first


def test_a_refused_again_does_not_end_the_alert() -> None:
    world = with_pager()
    world.azure.end_status = "Failed"
    first = running(world, world.process())
    world.settle(world.process())
    again(world, first, recoveryPoint={"id": "none"})
    world.settle(world.process())
    assert [action for action, _ in paged(world)] == ["trigger", "trigger"]


def test_every_call_says_which_release_it_is_of() -> None:
    for kind in KINDS:
        if kind == "queue":
            continue  # the storage service's own headers
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        resolved = Resolved("c", kind, "https://channel.example", secrets=(secret,), user="bot@contoso.com")
        message = compose(sample_facts("test", START), resolved, START)
        assert message.headers["user-agent"] == AGENT, kind
