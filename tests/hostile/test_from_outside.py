"""The inputs of the review, as an attacker sends them: HTTP and queue into a running desk, real sockets out of it."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlencode

import pytest

from local.demo import ticket_calls
from local.stack.faulty_links import Links
from local.stack.processes import wait_until
from local.stack.stack import Options, Stack
from shared.api.health import KEPT
from shared.tickets.kind import EVENT_LIMIT
from tests.kits import attacks
from tests.kits.attacks import KINDS, NO_TICKET, TRIES, a_desk, cpu, header_sets, post, signed, stranger, without_ticket
from tests.kits.crooked_arm import CrookedArm, Thief, a_crooked_arm, a_thief
from tests.kits.stack_kit import DRILL, ask, by_key, ended, submissions
from tests.kits.ticket_door import SECRET

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def thief() -> Iterator[Thief]:
    with a_thief() as one:
        yield one
        assert one.seen == []


@pytest.fixture(scope="module")
def arm() -> Iterator[CrookedArm]:
    with a_crooked_arm() as one:
        yield one


@pytest.fixture(scope="module")
def stack(thief: Thief, arm: CrookedArm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    away = "https://away.queue.core.windows.net.example.net/restores"
    environ = {"ARM_ENDPOINT": arm.url, "AWAY_URL": away, "PORTAL_SECRET": SECRET, "WEBSITE_AUTH_ENABLED": "true"}
    config = a_desk(tmp_path_factory.mktemp("desk"))
    apart = (("http",), ("queue", "timer"))  # a request's CPU is counted without a sweep's
    with Stack(Options(speed=600, pace=240, config=config, environ=environ, hosts=apart)) as up:
        arm.upstream = up.arm
        up.ticket_secrets["portal"] = SECRET
        up.http.event_hooks["response"].append(attacks.not_kept)
        yield up


# --- 1: tokens go to one host -------------------------------------------------------------------------------------
def test_no_link_and_no_redirect_of_azures_takes_the_token_to_another_host(
    stack: Stack, arm: CrookedArm, thief: Thief
) -> None:
    restore = ""
    links = (f"//127.0.0.1:{thief.port}/steal", f"HTTP://127.0.0.1:{thief.port}/x")
    for arm.link, arm.redirect in zip(links, (False, True), strict=True):
        arm.spoilt = 0
        restore = restore or ask(stack)
        wait_until("a spoilt answer was read", 30, lambda: arm.spoilt > 0)
    arm.link = None
    view = ended(stack, restore)
    assert (view["phase"], sum(post["effect"] for post in submissions(stack, view))) == ("succeeded", 1), view["error"]
    assert thief.seen == []
    assert all(one.startswith("Bearer ") for one in arm.authorized)


def test_a_queue_channel_elsewhere_is_closed(stack: Stack) -> None:
    answer = stack.http.post("/api/channels/away/test", json={"by": "eve", "reason": "x"})
    assert (answer.status_code, answer.json()["delivered"]) == (502, False)
    assert "must end in .queue.core.windows.net" in stack.http.get("/api/health").json()["closed"]["channels.away"]


# --- 2: what was signed is what is read ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "ticket"), [*((kind, True) for kind in KINDS), *((kind, False) for kind in NO_TICKET)]
)
def test_the_same_signed_bytes_under_any_headers_are_one_restore_at_most(stack: Stack, kind: str, ticket: bool) -> None:
    event = ticket_calls.EVENTS[kind]("pg-prod-01") if ticket else without_ticket(kind)
    if kind == "jira":
        event["issue"]["fields"]["summary"] = "Drill &payload={}&instance=pg-prod-02"
    raw, proof = signed(stack, kind, event)
    said = [post(stack, kind, raw, [*more, *proof]) for more in header_sets(TRIES, kind)]
    assert {(status, answer["status"]) for status, answer in said} == {(202, "accepted"), (200, "duplicate")}
    (restore,) = {answer["restore"] for _, answer in said}
    assert [status for status, _ in said].count(202) == 1
    assert stack.http.get(f"/api/restores/{restore}").json()["instance"] == "pg-prod-01"


def test_a_signed_time_and_body_that_are_cut_elsewhere_are_no_other_event(stack: Stack) -> None:
    """Zendesk signs the time and the body as one text: a byte moved from one to the other is signed as well."""
    event = {"dry_run": "true", "ticket_id": "77", **ticket_calls.zendesk("pg-prod-01") | {"ticket_id": "77"}}
    raw = urlencode({"dry_run": "true", **event}).encode()
    proof = ticket_calls.SIGNED["zendesk"](stack.ticket_secrets["zendesk"], raw)
    stamp = proof["X-Zendesk-Webhook-Signature-Timestamp"]
    for cut in range(1, len(stamp)):
        moved = {**proof, "X-Zendesk-Webhook-Signature-Timestamp": stamp[:-cut]}
        assert post(stack, "zendesk", stamp[-cut:].encode() + raw, list(moved.items()))[0] == 401
    assert post(stack, "zendesk", raw, list(proof.items()))[1]["status"] == "accepted"


# --- 3: what an approver sees is what is restored ------------------------------------------------------------------
def test_a_form_that_hides_something_is_refused_and_its_ticket_says_so(stack: Stack) -> None:
    refused = []
    for number, hidden in enumerate(attacks.HIDING):
        event = ticket_calls.github("hrdb")
        event["issue"] |= {"number": number + 70, "body": f"{event['issue']['body']}\n\n{hidden}\n"}
        status, said = post(stack, "github", *signed(stack, "github", event))
        assert (status, said["status"]) == (200, "refused")
        refused.append(said["restore"])
    for number, restore in enumerate(refused):
        view = ended(stack, restore)
        assert (view["phase"], view["attempts"]) == ("refused", [])
        ends = stack.channels.ends.arrived
        (comment,) = [one.text for one in ends if one.path.endswith(f"/issues/{number + 70}/comments")]
        assert "cannot be read as its approver saw it" in comment


# --- 4: a confused deputy ------------------------------------------------------------------------------------------
def test_a_callback_writes_into_no_ticket_that_refs_do_not_cover_and_no_button_leads_elsewhere(stack: Stack) -> None:
    ticket = {"system": "jira", "id": "HR-7", "ref": "HR-7", "url": "https://login.evil.example/HR-7"}
    asked = stack.http.post("/api/restores", json={**DRILL, "callback": "jira-comments", "ticket": ticket})
    assert (asked.status_code, asked.json()["field"]) == (403, "ticket.ref")
    other = stack.http.post("/api/restores", json={**DRILL, "callback": "ops-chat"})
    assert (other.status_code, other.json()["field"]) == (422, "callback")
    ended(stack, ask(stack, ticket=ticket, dryRun=False, instance="pg-prod-02"))
    arrived = stack.channels.ends.arrived
    assert [one for one in arrived if one.kind == "jira" and "HR-7" in one.path] == []
    cards = [one.text for one in arrived if one.kind in ("teams", "slack") and "HR-7" in one.text]
    assert cards
    assert not any("login.evil.example" in text for text in cards)


def test_a_comment_that_refs_no_longer_cover_is_given_up(stack: Stack) -> None:
    event, down = ticket_calls.jira("pg-prod-02"), stack.channels.ends.down
    event["issue"]["key"] = "OLD-1"
    down.add("jira-comments")
    asked = post(stack, "jira", *signed(stack, "jira", event))[1]["restore"]
    comments = partial(attacks.notices, stack, asked, "jira-comments")
    wait_until("the first comment is owed", 30, lambda: [one for one in comments() if one["attempts"]])
    with attacks.changed(stack, "[channels.jira-comments]", '[channels.jira-comments]\nrefs = ["OPS"]'):
        down.discard("jira-comments")
        ended(stack, asked)
        assert {one["state"] for one in comments()} == {"given up"}
    assert "`refs` do not cover it" in comments()[0]["answer"]


# --- 5 and 6: closed means closed; the container is the one that desk.toml knows ------------------------------------
def test_the_forbidden_reads_like_the_absent_and_a_source_without_rights_asks_for_nothing(stack: Stack) -> None:
    said = []
    for name in ("pg-guarded", "pg-unheard"):
        answer = stack.http.post("/api/restores", json={**DRILL, "instance": name})
        said.append((answer.status_code, answer.text.replace(name, "…")))
    assert said[0] == said[1]
    assert "guarded" not in said[0][1]
    for source in ("no-instances", "no-targets"):
        status, refused = post(stack, source, *signed(stack, "portal", ticket_calls.portal("pg-prod-01")))
        assert (status, refused["status"]) == (200, "refused"), source
    stack.send(json.dumps({**DRILL, "instance": "geo-flex", "idempotencyKey": "not-for-the-queue"}))
    assert ended(stack, by_key(stack, "not-for-the-queue")["id"])["phase"] == "refused"


def test_a_container_of_another_subscription_or_another_instance_gets_nothing(stack: Stack) -> None:
    foreign = f"/subscriptions/{'9' * 8}-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.Storage/"
    foreign += "storageAccounts/testossstorageaccount/blobServices/default/containers/drills"
    for name, more in (("drills", {"containerId": foreign}), ("drills-pg-prod-02", {})):
        target = {"kind": "files", "container": f"https://testossstorageaccount.blob.core.windows.net/{name}", **more}
        answer = stack.http.post("/api/restores", json={**DRILL, "target": target}, headers={"Idempotency-Key": name})
        assert (answer.status_code, answer.json()["field"]) == (403, ".".join(("target", *more))), answer.text
        assert stack.http.get("/api/restores", params={"key": name}).json()["value"] == []


# --- 7: bounded work -----------------------------------------------------------------------------------------------
def test_a_signed_ticket_of_a_megabyte_takes_less_than_two_seconds_of_cpu(stack: Stack) -> None:
    names = ",".join(f'"name{n}": 1' for n in range(60_000))[: EVENT_LIMIT - 9000].rpartition(",")[0]
    for more in (names, names + ', "name1": 2', '"deep": ' + "[" * 100_000 + "]" * 100_000):
        raw = (json.dumps(ticket_calls.jira("pg-prod-01"))[:-1] + f", {more}}}").encode()
        secret = stack.ticket_secrets["jira"]
        before = cpu(stack)
        status, said = post(stack, "jira", raw, list(ticket_calls.SIGNED["jira"](secret, raw).items()))
        assert cpu(stack) - before < 2
        assert (status, said["status"]) in {(200, "refused"), (200, "duplicate")}


def test_a_flood_of_junk_is_on_the_books_and_told_by_ten_notices(stack: Stack) -> None:
    for number in range(14):
        stack.send(f"{{junk {number}")
    wait_until("each is on the books", 60, lambda: len(attacks.junk(stack)) == 14)
    refused = attacks.junk(stack)
    for restore in refused:
        ended(stack, restore)
    ids = [one.webhook_id or "" for one in stack.channels.ends.arrived if one.channel == "events"]
    told = [webhook_id for webhook_id in ids if webhook_id.rpartition(".")[0] in refused]
    assert 1 <= len(told) <= 10
    assert len(set(told)) == len(told)


def test_a_crowd_at_health_costs_one_look_at_the_storage(stack: Stack) -> None:
    """On a host of its own, that is new and has nothing to repeat, on a wire where each call of its own is seen."""
    crowd, heard = 150, list[bytes]()
    with Links(stack.azurite) as links:
        links.table.heed = heard.append
        own = {"AzureWebJobsStorage": links.connection_string, "PYTHON_THREADPOOL_THREAD_COUNT": "32"}
        host = stack.another_host(("http",), own).start()
        began, port = time.monotonic(), host.ready["port"]
        with ThreadPoolExecutor(crowd) as pool:
            said = set(pool.map(lambda _: stranger(port, "/api/health"), range(crowd)))
        assert said <= {b'{"status": "ok"}', b'{"status": "down"}'}
        most = 1 + (time.monotonic() - began) // KEPT  # where the machine takes longer than an answer is kept
        host.stop()
    reads = [one for one in heard if one.startswith(b"GET ") and b"pulse-sweep" in one.split(b"\r\n")[0]]
    assert 1 <= len(reads) <= 2 * most, len(reads)  # a look reads that row twice


# --- 8: text from outside -----------------------------------------------------------------------------------------
def test_nothing_hidden_forged_or_secret_reaches_a_channel_a_log_or_an_answer(stack: Stack) -> None:
    secret = "hunter2hunter2"
    for field, text in (("reason", "a\u202eb"), ("requestedBy", "eve (authenticated as ada)"), ("reason", "\ue000")):
        answer = stack.http.post("/api/restores", json={**DRILL, field: text})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    reason = f"see https://bob:{secret}@git.contoso.com/x password={secret} \U000e0041"
    one = ended(stack, ask(stack, reason=reason, instance="geo-flex"))
    headers = {"x-ms-client-principal-name": "eve@contoso.com"}
    forged = {"by": "eve (authenticated as ada)", "reason": "x"}
    assert stack.http.post("/api/desk/pause", json=forged, headers=headers).json()["field"] == "by"
    lines = stack.http.get("/api/restores", params={"format": "jsonl", "since": "2020-01-01T00:00:00Z"}).text
    said = [json.dumps(one), lines, *(arrived.text for arrived in stack.channels.ends.arrived)]
    said += [path.read_text(errors="replace") for path in stack.home.glob("*.log")]
    assert not [text for text in said if secret in text or "\U000e0041" in text]
    assert lines.isascii()


# --- 9: who calls, and what answers carry --------------------------------------------------------------------------
def test_each_principal_has_its_key_and_each_act_says_it(stack: Stack) -> None:
    def asked(who: str, reason: str) -> tuple[int, str]:
        headers = {"x-ms-client-principal-name": who, "Idempotency-Key": "of-everybody"}
        answer = stack.http.post("/api/restores", json={**DRILL, "dryRun": True, "reason": reason}, headers=headers)
        return answer.status_code, answer.json().get("id", "")

    ada, bob = asked("ada@contoso.com", "a"), asked("bob@contoso.com", "b")
    assert [ada[0], bob[0], asked("ada@contoso.com", "a"), asked("bob@contoso.com", "b")] == [
        202, 202, (200, ada[1]), (200, bob[1])
    ]  # fmt: skip
    act = {"by": "dba", "reason": "drill"}
    for path in ("/api/desk/pause", "/api/desk/resume"):
        assert stack.http.post(path, json=act, headers={"x-ms-client-principal-name": "eve"}).status_code == 200
    assert stack.http.post("/api/channels/events/test", json={}).status_code == 422
    wait_until("both acts are logged", 10, lambda: attacks.acts_logged(stack).count("dba (authenticated as eve") >= 2)
