"""Ways in that were tried by an attacker: each held shut, or told where its second try would have been lost."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.api.dead_letters import DeadLetters
from shared.api.desk import DeskApi
from shared.api.http import Call, answered
from shared.api.instances import InstancesApi
from shared.azure.port import NotSent
from shared.config.desk_file import parse_desk
from shared.config.plans import Ground, check_file
from shared.config.settings import from_environment
from shared.config.target_entries import DatabaseEntry
from shared.domain.clouds import PUBLIC
from shared.domain.problems import Ours, Problem, Trouble
from shared.domain.restore import Datasource, Phase
from shared.storage.queue_messages import Asked, read_message
from shared.sweep.retention import Retention
from shared.workflow.intake import Caller
from tests.kits.fakes import FakeAzure
from tests.kits.stories import now_is, up_to
from tests.kits.world import DESK_MODEL, EVENTS_URL, World, body, desk_with, running

RAW = json.dumps(body()).encode()
SIGNED = "https://dumps.blob.core.windows.net/c?sv=2024&sp=racwl&sig=Zm9vYmFyc2VjcmV0"


SERVER = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/"
    "Microsoft.DBforPostgreSQL/servers/old"
)


class SingleServer(FakeAzure):
    """A vault of databases on the retired kind of server."""

    def _datasource(self, instance: str) -> Datasource:
        return Datasource(type="Microsoft.DBforPostgreSQL/servers/databases", id=f"{SERVER}/databases/a", name="a")


def down(name: str, act: Any, args: Any) -> Any:
    if name.startswith("store"):
        raise Trouble("the ledger's table could not be used (503)")
    return act()


def test_poison_read_while_the_table_is_down_is_refused_aloud_and_starts_nothing() -> None:
    """It may be a copy of the message that was done, or another one of the same words: whoever sent it hears of it."""
    world = World()
    world.process().queue_in.message(RAW, "m1")
    world.process(down).queue_in.poison(RAW, "poison-1")
    world.settle(world.process())
    assert sorted(r.phase for r in world.restores()) == [Phase.REFUSED, Phase.SUCCEEDED]
    assert world.azure.count("submit") == 1


def test_poison_that_was_never_taken_is_taken_by_its_copy() -> None:
    world = World()
    world.process(down).queue_in.poison(RAW, "poison-1")
    world.settle(world.process())
    assert [r.phase for r in world.restores()] == [Phase.SUCCEEDED]


def test_each_refusal_under_one_key_is_told_and_the_same_one_once() -> None:
    world = World()
    for reason in ("no such instance", "no such instance", "no such target"):
        problem = Problem(422, "No", reason, "instance")
        world.process().intake.refuse(body("pg-x"), problem, Caller("queue", "OPS-1"))
    world.settle(world.process())
    assert len(world.restores()) == 2
    assert len(world.posts.events(EVENTS_URL)) == 2


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59Z", "2026-10-01T23:00:00+09:00", "2027-01-01T00:00:00Z"])
def test_a_point_in_the_future_is_a_slip_and_refused(said: str) -> None:
    world = World()
    answer = world.process().post(body(recoveryPoint={"atOrBefore": said}))
    assert (answer.status, json.loads(answer.body)["field"]) == (422, "recoveryPoint.atOrBefore")
    assert "in the future" in json.loads(answer.body)["detail"]
    assert "2026-10-01T12:00:00Z" in json.loads(answer.body)["detail"]


def test_a_point_a_minute_ahead_is_only_another_clock() -> None:
    world = World()
    one = running(world, world.process(), recoveryPoint={"atOrBefore": "2026-10-01T14:01:00+02:00"})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED


def test_a_point_before_all_time_is_refused_in_words() -> None:
    world = World()
    one = running(world, world.process(), recoveryPoint={"atOrBefore": "0001-01-01T00:00:00Z"})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.REFUSED


def test_again_is_asked_once_under_the_header_too() -> None:
    world = World()
    one = running(world, world.process())
    process = world.process()
    act = {"by": "dba", "reason": "drill"}
    answered(process.api.withdraw, Call(path={"id": one}, body=json.dumps(act).encode()))
    call = Call(path={"id": one}, headers={"idempotency-key": "again-1"}, body=json.dumps(act).encode())
    answers = [answered(process.api.again, call) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 200]
    assert len(world.restores()) == 2


@pytest.mark.parametrize("field", ["instance", "target", "reason"])
def test_a_refused_requests_signed_url_is_kept_nowhere(field: str) -> None:
    world = World()
    value = body(**{field: SIGNED}) if field != "instance" else body(SIGNED)
    if field == "reason":
        value["target"] = {"kind": "files", "container": SIGNED}
    world.put(json.dumps(value).encode())
    world.settle(world.process())
    restore = world.restores()[0]
    assert restore.phase is Phase.REFUSED
    assert "Zm9vYmFyc2VjcmV0" not in restore.model_dump_json()
    everything = [row.fields for part in world.store._rows.values() for row in part.values()]  # type: ignore[attr-defined]
    assert "Zm9vYmFyc2VjcmV0" not in str(everything)


def test_a_channel_may_have_any_name() -> None:
    world = World()
    events = DESK_MODEL.channels["events"]
    world.desk = desk_with(channels={"unrouted": events})
    one = running(world, world.process())
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.SUCCEEDED
    assert world.live("owed") == []


def server(secret: str) -> DatabaseEntry:
    said = {
        "kind": "database",
        "server": SERVER,
        "credentialsSecret": f"https://kv-one.vault.azure.net/secrets/{secret}",
    }
    return DatabaseEntry.model_validate(said)


def test_a_secret_that_desk_toml_changed_meanwhile_is_not_used() -> None:
    world = World(desk=desk_with(targets={"drills": server("dbauth3")}))
    world.azure = SingleServer(world.clock)
    one = running(world, world.process(), database="emp21")
    up_to(world, one, Phase.VALIDATING)
    world.desk = desk_with(targets={"drills": server("dbauth4")})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.REFUSED
    assert world.azure.count("submit") == 0


def test_a_name_that_desk_toml_gave_to_another_instance_restores_neither() -> None:
    world = World()
    one = running(world, world.process())
    up_to(world, one, Phase.VALIDATING)
    world.desk = desk_with(instances={**DESK_MODEL.instances, "pg-a": DESK_MODEL.instances["pg-b"]})
    world.settle(world.process())
    assert now_is(world, one).phase is Phase.REFUSED
    assert world.azure.count("submit") == 0


def test_a_key_whose_restore_the_retention_is_just_removing_restores_nothing_anew() -> None:
    world = World()
    one = running(world, world.process())
    world.settle(world.process())
    world.clock.advance(40 * 86400)
    process = world.process()

    def meanwhile(name: str, act: Any, args: Any) -> Any:
        found = act()
        if name == "store.get" and args[0].startswith("k-"):
            Retention(process.parts.ledger, process.parts.outbox, 30).remove_old(world.clock.now())
        return found

    answer = world.process(meanwhile).post(body(), "k")
    assert (answer.status, json.loads(answer.body)["restore"]) == (410, one)
    assert world.restores() == []


def test_a_429_is_no_doubt_even_if_nobody_can_be_told_of_it() -> None:
    world = World()
    one = running(world, world.process())
    world.azure.script["submit"] = [NotSent("Azure answered 429 to the POST", 60.0, True)]

    def quiet_fails(name: str, act: Any, args: Any) -> Any:
        if name == "store.commit" and any(change.key.startswith("quiet-") for change in args[1]):
            raise Trouble("the ledger's table could not be used (503)")
        return act()

    process = world.process(quiet_fails)
    for _ in range(8):
        world.deliver(process)
        process.sweep.run()
        if world.azure.count("submit"):
            break
        world.clock.advance(world.next_due())
    assert [attempt.ended for attempt in now_is(world, one).attempts] == ["not sent"]


def test_a_copy_under_a_key_of_the_desks_own_is_no_copy() -> None:
    """Else whoever may send could take the place of a refusal to come, whose message would crash for ever."""
    bad = {**body(), "surprise": 1, "idempotencyKey": "k"}
    other = World()
    other.process().queue_in.message(json.dumps(bad).encode(), "m1")
    (own,) = (restore.key for restore in other.restores())
    for key in (own, "", "x" * 256, 7, {"a": 1}, None, "a\u2028b"):
        world = World()
        process = world.process()
        process.queue_in.message(json.dumps({"copyOf": key, "request": body()}).encode(), "m1")
        process.queue_in.message(json.dumps(bad).encode(), "m2")
        assert [restore.phase for restore in world.restores()] == [Phase.REFUSED] * 2


@pytest.mark.parametrize("number", ["0000010000000", "00000199", "1" * 5000, "0" * 5000, "-1", "\u0661", "1.0"])
def test_a_number_is_all_that_is_written(number: str) -> None:
    """Not its first digits: a notice that is not there is not found, and no page is larger than the largest."""
    process = World().process()
    one = running(World(), process)
    act = json.dumps({"by": "dba", "reason": "drill"}).encode()
    assert answered(process.api.resend, Call({"id": one, "n": number}, {}, {}, act)).status == 404
    for list_of in (process.api.list_restores, DeadLetters(process.parts).answer):
        assert answered(list_of, Call(query={"pageSize": number})).status == 422


def test_two_instances_never_share_a_container_made_of_their_names() -> None:
    one = DESK_MODEL.instances["pg-a"]
    desk = desk_with(instances={"pg-a": one, "PG.A": DESK_MODEL.instances["pg-b"]})
    assert check_file(DESK_MODEL, Ground(PUBLIC)) == []
    assert "rename one" in check_file(desk, Ground(PUBLIC))[0]


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


@pytest.mark.parametrize("slash", ["%2F", "%2f"])
def test_an_id_in_a_path_may_have_its_slashes_encoded_either_way(slash: str) -> None:
    world = World()
    process = world.process()
    instances = InstancesApi(process.parts)
    said = DESK_MODEL.instances["pg-a"].id.replace("/", slash)
    assert answered(instances.recovery_points, Call(path={"instance": said})).status == 200


@pytest.mark.parametrize(
    "storage",
    [
        "AccountName=deskstore;AccountKey=x",
        "BlobEndpoint=https://deskstore.blob.core.windows.net/;SharedAccessSignature=sv=2024",
        "TableEndpoint=https://DeskStore.table.core.windows.net;SharedAccessSignature=sv=2024",
    ],
)
def test_the_desks_own_account_is_known_however_its_storage_is_said(storage: str) -> None:
    assert from_environment({"AzureWebJobsStorage": storage}, Path()).own_account == "deskstore"


@pytest.mark.parametrize("query", ["sv=2024&sig=abc", "code=abcdefgh"])
def test_a_signed_url_stands_in_the_environment_only(query: str) -> None:
    text = f'[channels.q]\nkind = "queue"\nurl = "https://acct.queue.core.windows.net/q?{query}"\n'
    with pytest.raises(Ours, match="env"):
        parse_desk(text)


def test_base64_with_line_ends_is_read() -> None:
    long = json.dumps(body(reason="x" * 200)).encode()
    assert isinstance(read_message(base64.encodebytes(long), "m1"), Asked)
