"""The whole through the local host: Microsoft's runtime, Azurite, the emulator; requests good, repeated and bad."""

import base64
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from local.alerts.kusto import run
from local.alerts.rules import ALERTS, SILENCE
from local.demo import ticket_calls
from local.stack.entra import CLIENT
from local.stack.other_cloud import foreign
from local.stack.processes import ROOT, wait_until
from local.stack.stack import Options, Stack
from shared.api.routes import ROUTES, Route
from shared.config.settings import QUEUE, TABLE
from shared.domain.clouds import CHINA
from shared.domain.restore import Phase
from tests.kits.kusto import audit
from tests.kits.stack_kit import DRILL, ask, by_key, ended, submissions, told
from tests.stack.bad_requests import BAD

pytestmark = pytest.mark.slow


PAGE = {"show_page": "GET", "act_on_page": "POST"}
TRIGGERS = {"run_restore", "take_poison", "sweep_restores", "take_verdict", "take_verdict_poison"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(Options(cloud=CHINA)) as up:
        yield up


def call(stack: Stack, route: Route) -> httpx.Response:
    path = route.path.format(id="none", n=1, instance="pg-prod-01", source="none", name="events")
    act = {"by": "test", "reason": "every trigger"}
    headers = {"x-functions-key": stack.key if route.keyed else ""}
    return stack.http.request(
        route.method, f"/api{path}", json=act if route.method == "POST" else None, headers=headers
    )


def test_the_runtime_indexes_function_app_and_invokes_every_trigger(stack: Stack) -> None:
    names = set(stack.hosts[0].ready["functions"])
    assert names == {route.name for route in ROUTES} | TRIGGERS | set(PAGE)
    for route in ROUTES:
        answer = call(stack, route)
        assert answer.status_code in {*route.answers, *route.problems}, (route.name, answer.text)
    for name, method in PAGE.items():
        assert stack.http.request(method, "/desk/restores").status_code < 500, name
    stack.send("neither a wake nor a request")
    for name in (f"{QUEUE}-poison", "restore-verdicts", "restore-verdicts-poison"):
        with QueueClient.from_connection_string(stack.azurite.connection_string, name) as queue:
            with contextlib.suppress(ResourceExistsError):
                queue.create_queue()
            queue.send_message("what crashed us five times", time_to_live=-1)
    log = stack.home / "host-0.log"

    def invoked() -> set[str]:
        return set(re.findall(r"function=(\w+) ok", log.read_text()))

    wait_until("every function is invoked", 30, lambda: invoked() == names)


def test_every_route_but_health_wants_its_key(stack: Stack) -> None:
    for route in ROUTES:
        path = route.path.format(id="none", n=1, instance="pg-prod-01", source="none", name="events")
        answer = httpx.request(route.method, f"{stack.url}/api{path}", trust_env=False)
        assert (answer.status_code == 401) is route.keyed, route.name


def test_twenty_posts_of_one_key_at_once_are_one_restore_and_one_submission(stack: Stack) -> None:
    def post(_: int) -> httpx.Response:
        return stack.http.post("/api/restores", json=DRILL, headers={"Idempotency-Key": "twenty"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    (restore,) = {answer.json()["id"] for answer in answers}
    view = ended(stack, restore)
    assert (view["phase"], view["outcome"]) == ("succeeded", "filesDelivered")
    assert [post["effect"] for post in submissions(stack, view)] == [True]
    assert len(told(stack, view)) == len(set(told(stack, view))) == 3  # accepted, submitted, succeeded

    other = stack.http.post("/api/restores", json={**DRILL, "reason": "another"}, headers={"Idempotency-Key": "twenty"})
    assert (other.status_code, other.json()["field"]) == (422, "idempotencyKey")
    two = stack.http.post("/api/restores", json={**DRILL, "idempotencyKey": "a"}, headers={"Idempotency-Key": "b"})
    assert (two.status_code, two.json()["field"]) == (400, "idempotencyKey")


def on_the_books(stack: Stack) -> list[str]:
    """Every row that a request leaves: restores, keys."""
    with TableClient.from_connection_string(stack.azurite.connection_string, TABLE) as table:
        rows = table.query_entities("RowKey eq 'key' or (RowKey ge 'restore-' and RowKey lt 'restore.')")
        return sorted(f"{row['PartitionKey']} {row['RowKey']}" for row in rows)


def test_bad_input_names_its_field_and_writes_nothing(stack: Stack) -> None:
    ended(stack, ask(stack, dryRun=True))  # the ledger's table is made by its first restore
    before = on_the_books(stack)
    for number, (body, status, field) in enumerate(BAD):
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = stack.http.post("/api/restores", content=content, headers={"Idempotency-Key": f"bad-{number}"})
        problem = answer.json()
        assert (answer.status_code, problem.get("field")) == (status, field), (str(content)[:200], problem)
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert problem["title"]
        assert problem["detail"]
    assert on_the_books(stack) == before


def test_the_queue_takes_json_and_base64_of_it(stack: Stack) -> None:
    for name, written in (("plain", str), ("base64", lambda text: base64.b64encode(text.encode()).decode())):
        said = json.dumps({**DRILL, "dryRun": True, "idempotencyKey": f"queue-{name}", "reason": "é"})
        stack.send(written(said))
        stack.send(written(said))
        view = by_key(stack, f"queue-{name}")
        assert (ended(stack, view["id"])["phase"], view["via"], view["reason"]) == ("checked", "queue", "é")


def test_a_message_that_asks_for_what_may_not_be_is_a_refused_row_and_done(stack: Stack) -> None:
    stack.send(json.dumps({**DRILL, "surprise": 1, "idempotencyKey": "refused-1"}))
    view = by_key(stack, "refused-1")
    view = ended(stack, view["id"])
    assert (view["phase"], view["error"]["code"], view["requestedBy"]) == (
        "refused",
        "RequestRefused",
        "test@contoso.com",
    )
    assert "surprise" in view["error"]["message"]
    assert len(told(stack, view)) == 1


def test_unreadable_messages_are_refused_rows_told_and_gone(stack: Stack) -> None:
    since = {"since": "2020-01-01T00:00:00Z", "pageSize": "1000"}

    def refused() -> set[str]:
        rows = stack.http.get("/api/restores", params=since).json()["value"]
        return {row["id"] for row in rows if row["phase"] == "refused" and not row.get("instanceId")}

    before = refused()
    for text in ("restore pg-prod-01 please", "AAAA", '{"instance": "pg-prod-01"', "[1]"):
        stack.send(text)
    wait_until("each is on the books", 30, lambda: len(refused() - before) == 4)
    for restore in refused() - before:
        assert told(stack, ended(stack, restore))
    with QueueClient.from_connection_string(stack.azurite.connection_string, QUEUE) as queue:
        wait_until("the queue is empty", 10, lambda: not queue.peek_messages())


def test_a_ticket_is_asked_for_with_a_token_of_the_clouds_entra(stack: Stack) -> None:
    def posted(token: str) -> httpx.Response:
        raw, headers = ticket_calls.call("portal", token, ticket_calls.portal("pg-prod-01"))
        return stack.http.post("/api/tickets/portal", content=raw, headers=headers)

    token = stack.ticket_secrets["portal"]
    assert posted(token + "x").status_code == 401
    of_a_person = stack.tenant.token(stack.authority, idtyp="user", scp="user_impersonation")
    assert posted(of_a_person).status_code == 401
    answer = posted(token)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert ended(stack, answer.json()["restore"])["authenticatedAs"] == CLIENT


def test_the_audit_in_the_log_is_the_ledgers_timeline_restore_by_restore(stack: Stack) -> None:
    withdrawn = ask(stack, recoveryPoint={"atOrBefore": "2001-01-01T00:00:00Z"})
    act = {"by": "dba@contoso.com", "reason": "not needed"}
    stack.http.post(f"/api/restores/{withdrawn}/withdraw", json=act)
    ended(stack, withdrawn)
    wait_until("all is closed", 60, lambda: not stack.http.get("/api/restores").json()["value"])
    shown = stack.http.get(
        "/api/restores", params={"format": "jsonl", "since": "2020-01-01T00:00:00Z", "pageSize": 1000}
    )
    phases = set(Phase)
    books = {
        view["id"]: [(entry["what"], entry["at"]) for entry in view["timeline"] if entry["what"] in phases]
        for view in map(json.loads, shown.text.splitlines())
    }
    logged: dict[str, list[tuple[str, str]]] = {}
    for row in run(audit(), stack.traces()):
        logged.setdefault(row["restore"], []).append((row["phase"], row["at"]))
    assert len(books) > 8
    assert logged == books


def test_the_alerts_fire_on_what_happened_here_and_on_nothing_else(stack: Stack) -> None:
    """What crashed us was put on the poison queues above; all else went well, though slower than a quiet desk."""
    fired = {alert.name for alert in ALERTS.values() if run(alert.query, stack.traces())}
    assert "poison-queue" in fired
    assert fired <= {"poison-queue", SILENCE, "outbox-late", "queue-late"}  # SILENCE: its rows are sweeps that ended
    assert SILENCE in fired


def test_nothing_that_was_said_names_another_cloud(stack: Stack) -> None:
    view = ended(stack, ask(stack))
    assert told(stack, view)
    assert stack.http.post("/api/channels/ops-chat/test", json={"by": "a", "reason": "b"}).status_code == 200
    answers = [stack.http.get(path).text for path in ("/api/restores?since=2020-01-01T00:00:00Z", "/api/health")]
    said = [*answers, *(one.text for one in stack.channels.ends.arrived), json.dumps(stack.traces())]
    asked = [text for text in said if "testossstorageaccount.blob.core.windows.net" not in text]  # the bad input above
    assert len(asked) >= 4
    assert [foreign(text, CHINA) for text in asked if foreign(text, CHINA)] == []
    assert any("portal.azure.cn" in text for text in asked)


def test_the_app_reads_its_environment_in_one_place_and_knows_no_functions() -> None:
    def found(words: str, *places: str) -> set[str]:
        line = ["git", "grep", "-lE", words, "--", *places]
        return set(subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split())  # noqa: S603

    assert found(r"os\.environ|os\.getenv|getenv\(", "function_app.py", "shared") == {"shared/config/settings.py"}
    assert found(r"azure\.functions", "shared") == set()


def test_the_demo_ends_as_it_should() -> None:
    line = [sys.executable, "-m", "local", "demo", "--json"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=170)  # noqa: S603
    assert done.returncode == 0, done.stderr[-3000:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["ok"]
    assert last["requested"] == sum(last["ended"].values())
    assert {"succeeded", "checked", "failed", "refused"} == set(last["ended"])


def test_operations_whose_urls_say_no_for_good_end_by_the_jobs_list(stack: Stack) -> None:
    gone = {"match": {"verb": "restore", "probability": 1}, "fault": {"kind": "expire", "status": 403}}
    ended(stack, ask(stack))
    stack.emulated("faults", "POST", [gone])
    try:
        views = [ended(stack, one) for one in [ask(stack, instance=name) for name in ("pg-prod-01", "geo-flex")]]
    finally:
        (rule,) = stack.emulated("faults")
        stack.emulated("faults", "DELETE")
    assert rule["applied"] == 2
    assert [view["phase"] for view in views] == ["succeeded"] * 2
    assert [len(submissions(stack, view)) for view in views] == [1, 1]
