"""A caller by HTTP or queue cannot make the desk write into a ticket that desk.toml does not give to it."""

import json
from typing import Any

import pytest

from shared.config.desk_file import parse_desk
from shared.notices.outbox import Outbox
from tests.kits.desk_kit import DESK, DESK_MODEL
from tests.kits.world import World, body

JIRA_URL = "https://contoso.atlassian.net"
JIRA = f'[channels.jira]\nkind = "jira"\nurl = "{JIRA_URL}"\nuser = "bot"\nsecret = {{ env = "JIRA_TOKEN" }}\n'
TICKET = {"system": "jira", "id": "HR-7", "ref": "HR-7", "url": "https://login.evil.example/HR-7"}


def a_world(more: str) -> World:
    return World(desk=parse_desk(DESK.replace('callbacks = ["events", "dba"]', 'callbacks = ["jira"]') + JIRA + more))


def answered(world: World, **said: Any) -> tuple[int, dict[str, Any]]:
    answer = world.process().post(body(ticket=TICKET, **said), "k")
    return answer.status, json.loads(answer.body)


def written(world: World) -> list[str]:
    world.settle(world.process())
    return [url for url in world.posts.tried if url.startswith(JIRA_URL)]


@pytest.mark.parametrize("refs", ["", 'refs = ["OPS"]\n', 'refs = ["HR-70", "hr-1"]\n'])
def test_a_callback_into_a_ticket_that_refs_do_not_cover_is_refused_by_its_field(refs: str) -> None:
    world = a_world(refs)
    status, said = answered(world, callback="jira")
    assert (status, said["field"], world.restores()) == (403, "ticket.ref", [])


@pytest.mark.parametrize("refs", ["", 'refs = ["OPS"]\n'])
def test_a_channel_that_hears_of_everything_writes_into_no_ticket_that_a_caller_names(refs: str) -> None:
    world = a_world(f"{refs}default = true\n")
    assert answered(world)[0] == 202
    world.process().queue_in.message(json.dumps(body("pg-b", ticket=TICKET)).encode(), "m1")
    assert written(world) == []
    assert len(world.restores()) == 2


def test_a_ticket_that_they_cover_is_written_to() -> None:
    world = a_world('refs = ["HR"]\n')
    assert answered(world, callback="jira")[0] == 202
    assert written(world)


def test_a_notice_that_was_owed_before_refs_were_narrowed_is_not_posted() -> None:
    world = a_world('refs = ["HR"]\n')
    restore = answered(world, callback="jira")[1]["id"]
    world.desk = a_world('refs = ["OPS"]\n').desk
    assert written(world) == []
    owed = [notice for notice in Outbox(world.store).of_restore(restore) if notice.channel == "jira"]
    assert {(notice.state, "`refs` do not cover it" in notice.answer) for notice in owed} == {("given up", True)}


def test_a_callback_that_no_line_opens_is_refused() -> None:
    names = ["events", "nothing-of-the-kind"]
    found = [answered(World(desk=parse_desk(DESK.replace("callbacks", "# "))), callback=name) for name in names]
    assert [(status, said["field"]) for status, said in found] == [(403, "callback")] * 2
    assert found[0][1]["detail"] == found[1][1]["detail"]
    assert answered(World(desk=DESK_MODEL), callback="events")[0] == 202
