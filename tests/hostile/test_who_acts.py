"""Who acts is who the platform says: no name in a request or a header is taken for an authenticated one."""

import json
from dataclasses import replace

import pytest

from shared.api.desk import DeskApi
from shared.api.http import Call, answered
from tests.kits.stories import now_is
from tests.kits.world import World, running


def test_who_acts_is_who_the_platform_says(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    one = running(world, world.process())
    process = world.process()
    api = replace(process.api, principals=True)
    act, desk = json.dumps({"by": "dba", "reason": "drill"}).encode(), DeskApi(api, process.notifier)
    headers = {"x-ms-client-principal-name": "eve@contoso.com", "x-ms-client-principal-id": "an-object-id"}
    answered(api.withdraw, Call(path={"id": one}, headers=headers, body=act))
    assert now_is(world, one).timeline[-1].note == "by dba (authenticated as eve@contoso.com): drill"
    with caplog.at_level("INFO", "desk"):
        answered(api.resend, Call({"id": one, "n": "1"}, {}, headers, act))
        answered(desk.channel_test, Call({"name": "events"}, {}, headers, act))
        answered(desk.pause, Call({}, {}, headers, act))
        assert json.loads(answered(desk.resume, Call({}, {}, headers, act)).body) == {"paused": False}
    said = [json.loads(line.removeprefix("desk.act ")) for line in caplog.messages if line.startswith("desk.act ")]
    assert [line["act"] for line in said] == ["resend", "test", "pause", "resume"]
    assert {line["by"] for line in said} == {"dba (authenticated as eve@contoso.com)"}


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"x-ms-client-principal-name": "dba"}, "dba (authenticated as dba)"),  # others may call themselves dba, too
        ({"x-ms-client-principal-id": "an-object-id"}, "dba (authenticated as an-object-id)"),
        ({"x-ms-client-principal-name": " \u202e", "x-ms-client-principal-id": "x"}, "dba (authenticated as x)"),
        ({}, "dba"),
    ],
)
def test_a_name_that_is_verified_never_reads_like_one_that_is_not(headers: dict[str, str], shown: str) -> None:
    act = json.dumps({"by": "dba", "reason": "drill"}).encode()
    for principals, who in ((True, shown), (False, "dba")):
        process = World().process()
        desk = DeskApi(replace(process.api, principals=principals), process.notifier)
        answered(desk.pause, Call(headers=headers, body=act))
        pause = process.parts.board.paused()
        assert pause
        assert pause.by == who
