"""The log: one line of JSON an event, one correlation id from ticket to notices, nothing secret, whoever logs it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stack.answers import ARM, Answering
from shared.azure.arm_calls import ArmCalls
from shared.azure.arm_client import ArmClient
from shared.redaction import HIDDEN, Redactor, install, named_in, secrets_of
from shared.storage.wake_queue import QueueState
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from shared.telemetry import about, correlation, line, operation, tell
from tests.kits.fakes import Clock
from tests.kits.world import World, body

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=16, max_size=40)
PLAIN = st.text(st.sampled_from("abcxyz0189 .,:=/&?\"'{}\\\n%"), max_size=30)


class Console:
    """A handler as the Functions worker has one: it takes the formatted text."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)

    def lines(self, event: str) -> list[dict[str, Any]]:
        start = f"desk.{event} "
        found = self.stream.getvalue().splitlines()
        return [json.loads(one.removeprefix(start)) for one in found if one.startswith(start)]


@pytest.fixture
def console() -> Iterator[Console]:
    made, root, factory = Console(), logging.getLogger(), logging.getLogRecordFactory()
    level = root.level
    root.addHandler(made.handler)
    root.setLevel(logging.INFO)
    install(Redactor())
    yield made
    root.removeHandler(made.handler)
    root.setLevel(level)
    logging.setLogRecordFactory(factory)


def logged(redact: Redactor, act: Any) -> str:
    """What a handler of any logger gets to see."""
    made, factory = Console(), logging.getLogRecordFactory()
    logger = logging.getLogger("somebody.elses.library")
    logger.addHandler(made.handler)
    logger.setLevel(logging.DEBUG)
    install(redact)
    try:
        act(logger)
    finally:
        logging.setLogRecordFactory(factory)
        logger.removeHandler(made.handler)
    return made.stream.getvalue()


def raised(logger: logging.Logger, words: str) -> None:
    try:
        raise RuntimeError(words)
    except RuntimeError:
        logger.exception("it failed")


@given(secret=SECRETS, before=PLAIN, after=PLAIN)
def test_a_known_secret_never_comes_out(secret: str, before: str, after: str) -> None:
    text = f"{before}{secret}{after}"
    ways: list[Any] = [
        lambda log: log.info(text.replace("%", "%%"), *()),
        lambda log: log.info("value %s", text),
        lambda log: log.warning("%r and %s", text, {"key": text}),
        lambda log: raised(log, text),
        lambda log: log.info("%s", json.dumps({"a": text})),
        lambda log: log.info("%s", httpx.URL("https://example.net/", params={"a": secret})),
        lambda log: log.info("stack", stack_info=True),
        lambda log: log.info("%s", line("x", {"why": text})),
    ]
    for way in ways:
        assert secret not in logged(Redactor([secret]), way)


TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcm0ifQ.c2lnbmF0dXJl"
PLANTED = "Q7zWk3nB9xPvT2mRfY8d"


@pytest.mark.parametrize(
    "text",
    [
        f"POST https://hooks.slack.com/services/T0/B0/{PLANTED} 500",
        f"https://prod-1.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?api-version=1&sig={PLANTED}",
        f'HTTP Request: GET https://management.azure.com/subscriptions/s/x?t=1&c={PLANTED}&s={PLANTED} "HTTP/1.1 200"',
        f"https://user:{PLANTED}@example.net",
        f"https://user:{PLANTED}@example.net/a",
        f"Authorization: Bearer {PLANTED}",
        f"authorization=Basic {PLANTED}==",
        f"token {TOKEN}",
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={PLANTED}==;EndpointSuffix=x",
        f'{{"password": "{PLANTED}"}}',
        f"aeg-sas-key: {PLANTED}",
        f"GET /api/restores?code={PLANTED} 401",
        f"SharedAccessSignature sr=x&sig={PLANTED}",
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_knows_it(text: str) -> None:
    clean = Redactor()(text)
    assert PLANTED not in clean
    assert TOKEN not in clean
    assert HIDDEN in clean
    assert Redactor()(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "restore abcdefgh-01JC of pg-prod-01 failed: UserErrorContainerNotAccessible",
        "/subscriptions/1/resourceGroups/rg/providers/Microsoft.DataProtection/backupVaults/v",
        'desk.phase {"restore":"a","phase":"lost","attempt":"aaaaaaaa-0000-0000-0000-000000000001","code":"X-1"}',
        "https://management.azure.com",
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    assert Redactor()(text) == text


@given(st.dictionaries(st.sampled_from(["why", "channel", "requested_by"]), st.text(max_size=60) | st.none()))
def test_a_line_stays_one_line_of_json_after_redaction(values: dict[str, Any]) -> None:
    text = Redactor([PLANTED])(line("phase", values | {"url": 'see "https://example.net/x"'}))
    assert len(text.splitlines()) == 1
    read = json.loads(text.removeprefix("desk.phase "))
    assert {name for name in read if name != "url"} == {name for name, value in values.items() if value is not None}


def test_libraries_that_log_urls_are_quiet(console: Console) -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        client.get(f"https://hooks.slack.com/services/{PLANTED}")
    assert console.stream.getvalue() == ""


def test_the_values_of_every_secret_that_desk_toml_names_are_known() -> None:
    desk = '[channels.a]\nsecret = [{ env = "NEW" }, { env = "OLD" }]\nurl = { env = "URL" }\n[[x]]\ny = { env = "Z" }'
    environ = {"NEW": "n" * 16, "OLD": "o" * 16, "URL": "https://h/s", "Z": "z" * 16, "PATH": "/bin"}
    connection = f"AccountName=a;AccountKey={PLANTED}=="
    found = secrets_of(desk, environ | {"AzureWebJobsStorage": connection, "DESK_HEALTH_KEY": "h" * 16})
    assert set(found) == {"n" * 16, "o" * 16, "https://h/s", "z" * 16, connection, f"{PLANTED}==", "h" * 16}
    assert "j" * 16 in secrets_of("[broken", {"JIRA_SECRET": "j" * 16, "PATH": "/bin"})
    assert named_in({"a": [{"env": "X"}]}) == {"X"}


def test_one_id_from_ticket_to_arm_to_notices(console: Console) -> None:
    world = World()
    process = world.process()
    answer = process.post(body(ticket={"system": "servicenow", "id": "RITM0012345"}), "k")
    restore_id = json.loads(answer.body)["id"]
    world.settle(process)
    phases, notices = console.lines("phase"), console.lines("notice")
    assert [one["phase"] for one in phases] == [
        "accepted", "validating", "validated", "submitting", "submitted", "restoring", "succeeded",
    ]  # fmt: skip
    assert {one["correlation"] for one in phases + notices} == {correlation(restore_id)}
    assert {one["ticket"] for one in phases} == {"servicenow:RITM0012345"}
    assert {one["channel"] for one in notices} == {"events"} | {one["channel"] for one in notices}
    assert phases[-1]["attempt"] == world.azure.posted[0][1]
    assert all(one["seconds"] >= 0 for one in phases[1:])
    assert phases[-1]["total"] >= sum(one["seconds"] for one in phases[1:]) - 1
    assert {one["state"] for one in notices} == {"delivered"}


def test_each_call_to_azure_is_told_with_azures_own_id_and_without_names(console: Console) -> None:
    sent: list[httpx.Request] = []

    def azure(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(429, headers={"x-ms-request-id": "azures-own", "retry-after": "7"})

    calls = ArmCalls(ArmClient(Answering(azure), ARM, lambda: PLANTED), "2024-04-01", 60)
    vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataProtection/backupVaults/secret-vault"
    with about("a-restore"):
        calls.call("GET", f"{vault}/backupJobs", None, {}, {"c": PLANTED})
    calls.call("GET", vault, None, {})
    first, second = console.lines("arm")
    assert sent[0].headers["x-ms-correlation-request-id"] == first["correlation"] == correlation("a-restore")
    assert "x-ms-correlation-request-id" not in sent[1].headers
    assert (first["call"], first["status"]) == ("GET backupVaults/backupJobs", 429)
    assert (first["request_id"], first["retry_after"], first["restore"]) == ("azures-own", "7", "a-restore")
    assert "restore" not in second
    assert PLANTED not in console.stream.getvalue()


def test_operations_are_named_by_kind() -> None:
    operation_url = "/subscriptions/s/providers/Microsoft.DataProtection/locations/w/operationStatus/TOKEN?c=x"
    assert operation(operation_url) == "locations/operationStatus"


def test_each_sweep_tells_its_figures(console: Console) -> None:
    world = World()
    process = world.process()
    process.post(body(), "k")
    clock: Clock = world.clock
    p = process.parts
    state = QueueState(messages=3, age=12.5, poison=1)
    Upkeep(process.sweep, p.board, Retention(p.ledger, p.outbox, 0), PointsLook(p), lambda: state, clock.now).run()
    (figures,) = console.lines("sweep")
    assert (figures["queued"], figures["queue_age"], figures["poison"]) == (3, 12.5, 1)
    assert {"seconds", "open", "moved", "owed", "outbox_age", "faults", "unfinished"} <= set(figures)


def test_what_a_caller_says_cannot_forge_a_line(console: Console) -> None:
    tell("phase", restore="r", requested_by='x\ndesk.phase {"phase":"succeeded"}')
    assert len(console.lines("phase")) == 1
