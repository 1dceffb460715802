"""Text from outside neither hides, reorders, forges nor gives away a secret, wherever it lands."""

import io
import itertools
import json
import logging
import zlib
from typing import Any

import pytest

from shared.api.desk import DeskApi
from shared.api.http import Call, answered
from shared.api.restores import Api
from shared.domain.restore import Phase
from shared.redaction import Redactor, _Record
from shared.workflow.operator_acts import Act
from tests.kits.stories import now_is
from tests.kits.world import EVENTS_URL, World, body, running

HIDDEN = ["\u202e", "\u2066", "\u061c", "\u200f", "\u2028", "\x85", "\x1b", "\ue000", "\U000f0000", "\U000e0041"]
SECRETS = {
    "https://bob:hunter2hunter2@git.contoso.com/x": "hunter2hunter2",
    "https://a.blob.core.windows.net/c?sv=1&sig=abcdefghijkl": "abcdefghijkl",
    "password=hunter2hunter2": "hunter2hunter2",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl": "c2lnbmF0dXJl",
    "AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0": "c2VjcmV0c2VjcmV0c2VjcmV0",
}


def unpacked(value: Any) -> Any:
    """Some columns are packed: what is in them is looked at, not their bytes."""
    return zlib.decompress(value).decode() if isinstance(value, bytes) and value else value


def stored(world: World) -> str:
    rows = [row.fields for place in world.store._keys for row in world.store.scan(place, "", "\uffff")]  # type: ignore[attr-defined]
    plain = [{name: unpacked(value) for name, value in fields.items()} for fields in rows]
    return repr(plain)


@pytest.mark.parametrize("mark", HIDDEN[:-2])
@pytest.mark.parametrize("field", ["reason", "requestedBy", "ticket"])
def test_hidden_characters_of_a_request_are_refused_by_their_field(mark: str, field: str) -> None:
    said: Any = {"system": "jira", "id": f"A{mark}1"} if field == "ticket" else f"a{mark}b"
    answer = World().process().post(body(**{field: said}))
    assert (answer.status, json.loads(answer.body)["field"].split(".")[0]) == (422, field)


@pytest.mark.parametrize("mark", HIDDEN[-2:])
def test_tags_and_higher_private_characters_are_taken_out(mark: str) -> None:
    world = World()
    said = body(reason=f"a{mark}b", requestedBy=f"{mark}bob", ticket={"system": "jira", "id": f"A{mark}-1"})
    assert world.process().post(said, "k").status == 202
    assert mark not in stored(world)
    assert repr(mark)[1:-1] not in stored(world)
    assert world.restores()[0].reason == "ab"


@pytest.mark.parametrize("mark", HIDDEN)
def test_what_is_refused_or_done_by_somebody_keeps_none_of_them(mark: str) -> None:
    world = World()
    process = world.process()
    process.queue_in.message(json.dumps(body(instance=f"pg{mark}x", reason=f"r{mark}s")).encode(), "m1")
    one = running(world, process)
    act = json.dumps({"by": f"d{mark}ba", "reason": f"x{mark}y"}).encode()
    answered(process.api.withdraw, Call(path={"id": one}, body=act))
    assert mark not in stored(world)
    assert repr(mark)[1:-1] not in stored(world)
    world.settle(process)
    assert all(mark.encode() not in message.body for message in world.posts.messages)


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_in_an_accepted_reason_or_ticket_is_kept_nowhere(text: str) -> None:
    world = World()
    process = world.process()
    url = text if text.startswith("https") else f"https://jira.contoso.com/x?{text}" if "=" in text else None
    ticket = {"system": "jira", "id": "A-1", **({"url": url} if url else {})}
    said = body(reason=f"see {text} please", requestedBy=f"bob {text}", ticket=ticket)
    one = json.loads(process.post(said, "k").body)["id"]
    assert process.post(said, "k").status == 200  # the same request is known by what was sent
    world.settle(process)
    assert now_is(world, one).phase is Phase.SUCCEEDED
    assert SECRETS[text] not in stored(world)
    assert all(SECRETS[text].encode() not in message.body for message in world.posts.messages)


@pytest.mark.parametrize(
    "by",
    [
        "eve (authenticated as ada@contoso.com)",
        "eve (Authenticated  As ada)",
        "eve \uff08\uff41uthenticated as ada\uff09",
        "authenticated\u200bas ada",
        "eve [authenticated-as: ada]",
        "eve (\u0430uth\u0435ntic\u0430t\u0435d \u0430s ada)",
        "eve (auth\u0435\u0301nt1cated a5 ada)",
    ],
)
def test_nobody_can_write_that_somebody_is_authenticated(by: str) -> None:
    world = World()
    process = world.process()
    one = running(world, process)
    acts = ({"by": by, "reason": "drill"}, {"by": "eve", "reason": by})
    for principals in (False, True):
        api = Api(process.parts, process.intake, process.acts, principals)
        desk = DeskApi(api, process.notifier)
        headers = {"x-ms-client-principal-name": "eve@contoso.com"}
        for act, (done, names) in itertools.product(
            acts, ((api.withdraw, {"id": one}), (desk.pause, {}), (desk.channel_test, {"name": "events"}))
        ):
            answer = answered(done, Call(names, {}, headers, json.dumps(act).encode()))
            assert answer.status == 422
            assert json.loads(answer.body)["field"] == ("by" if act["by"] == by else "reason")
        asked = answered(api.post_restore, Call({}, {}, headers, json.dumps(body(requestedBy=by)).encode()))
        assert (asked.status, json.loads(asked.body)["field"]) == (422, "requestedBy")
    process.queue_in.message(json.dumps(body(requestedBy=by)).encode(), "m")
    assert now_is(world, one).phase is not Phase.WITHDRAWN
    assert process.parts.board.paused() is None
    assert [restore.requested_by for restore in world.restores() if restore.id != one] == [None]


NAMES = (
    "Ada Lovelace (Contoso)", "auth-team@contoso.com", "not authenticated", "\u7530\u4e2d\u592a\u90ce " * 9,
    "".join(map(chr, range(0x430, 0x450))),  # the Cyrillic alphabet
)  # fmt: skip


@pytest.mark.parametrize("by", NAMES)
def test_names_of_people_are_names(by: str) -> None:
    assert Act(by=by, reason=by).by == by.strip()


def test_who_is_nobody_that_can_be_seen_is_refused() -> None:
    process = World().process()
    act = json.dumps({"by": "\u200b\u2060", "reason": "x"}).encode()
    assert answered(process.api.withdraw, Call(path={"id": "x"}, body=act)).status in (404, 422)


def test_a_line_of_jsonl_is_one_line_for_every_reader() -> None:
    world = World()
    process = world.process()
    running(world, process, reason="café \u00a0 line")
    call = Call(query={"format": "jsonl", "since": "2020-01-01T00:00:00Z"})
    text = answered(process.api.list_restores, call).body.decode()
    assert text.isascii()
    assert len(text.splitlines()) == 1


def test_a_log_line_moves_no_cursor_and_starts_no_other_line() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    record = type("Record", (_Record,), {"redact": staticmethod(Redactor())})
    handler.handle(record("desk", logging.INFO, "f", 1, "refused: %s", ("a" + "".join(HIDDEN) + "b",), None))
    assert out.getvalue().strip() == "refused: a" + "?" * len(HIDDEN) + "b"


def test_a_channels_answer_gives_no_secret_back() -> None:
    world = World()
    process = world.process()
    secret = "a-secret-of-the-channel"
    object.__setattr__(process.notifier, "redact", Redactor([secret]))
    object.__setattr__(process.notifier, "post", lambda message: (400, f'{{"message": "no {secret}"}}'.encode(), {}))
    one = running(world, process)
    world.settle(process)
    answers = [notice.answer for notice in process.parts.outbox.of_restore(one)]
    assert answers
    assert any("***" in answer for answer in answers)
    assert not any(secret in answer for answer in answers)
    assert EVENTS_URL
