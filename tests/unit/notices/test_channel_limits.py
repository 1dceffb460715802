"""What a channel's message holds at its limits, what a notice says, and what a channel's answer means."""

import base64
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from shared.domain.restore import AzureError, Job
from shared.domain.values import iso
from shared.notices.channels import eventgrid, queue, webhook
from shared.notices.channels.answers import wait_of
from shared.notices.channels.registry import compose, verdict
from shared.notices.facts import Facts, NextStep
from shared.notices.messages import Delivered, Kind, Message, Resolved, Stop, TryAgain
from shared.notices.notice_text import DESK_LINK, Notice, notice_of, one_text, said
from shared.notices.sample import sample_facts

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PORTAL = "https://portal.azure.com"
SITES = frozenset({"https://x.example", "https://contoso.service-now.com"})


def facts(event: str = "succeeded", **changes: Any) -> Facts:
    return sample_facts(event, AT).model_copy(update=changes)


def channel(kind: Kind, **more: Any) -> Resolved:
    return Resolved("c", kind, "https://channel.example", **{"secrets": (SECRET,), "user": "bot"} | more)


def notice(**changes: Any) -> Notice:
    return notice_of(facts(**changes), PORTAL, SITES)


def row(found: Notice, label: str) -> str | None:
    return next((one.text for one in found.rows if one.label == label), None)


# --- events for machines --------------------------------------------------------------------------------------------
LONG: dict[str, Any] = {"warnings": tuple(f"{n} " + "ä<&" * 400 for n in range(100))}


def text_of(message: Message) -> str:
    return ElementTree.fromstring(message.body.decode())[0].text or ""  # noqa: S314 - of our own making


@pytest.mark.parametrize(("kind", "limit"), [("webhook", webhook.LIMIT), ("eventgrid", eventgrid.LIMIT)])
def test_a_long_event_is_cut_to_its_limit_and_not_far_below(kind: Kind, limit: int) -> None:
    body = compose(facts(**LONG), channel(kind), AT).body
    assert limit // 4 < len(body) <= limit
    event = json.loads(body)
    assert (event["id"], event["time"]) == ("01JC0000000000000000SAMPLE.4", iso(AT))
    assert (event["specversion"], event["datacontenttype"]) == ("1.0", "application/json")
    assert event["data"]["restore"] == "01JC0000000000000000SAMPLE"


@pytest.mark.parametrize("encoding", ["none", "base64"])
def test_a_long_queue_message_fits_as_azure_counts_it(encoding: str) -> None:
    message = compose(facts(**LONG), channel("queue", encoding=encoding), AT)
    inner = message.body.removeprefix(b"<QueueMessage><MessageText>").removesuffix(b"</MessageText></QueueMessage>")
    assert queue.LIMIT // 4 < len(inner) <= queue.LIMIT
    text = text_of(message)
    event = json.loads(base64.b64decode(text) if encoding == "base64" else text)
    assert event["id"] == "01JC0000000000000000SAMPLE.4"
    assert parsedate_to_datetime(message.headers["x-ms-date"]) == AT
    assert message.headers["x-ms-date"].endswith("GMT")


def test_the_urls_of_topics_and_queues_are_completed_only_where_they_are_not_whole() -> None:
    def url(kind: Kind, said_url: str) -> str:
        return compose(facts(), Resolved("c", kind, said_url), AT).url

    assert url("eventgrid", "https://t.example/api/x?api-version=1") == "https://t.example/api/x?api-version=1"
    assert url("eventgrid", "https://t.example/api/x") == "https://t.example/api/x?api-version=2018-01-01"
    assert url("queue", "https://q.example/name/") == "https://q.example/name/messages?messagettl=-1"
    unsigned = compose(facts(), Resolved("c", "queue", "https://q.example/n?sv=1"), AT)
    assert (unsigned.url, unsigned.scope) == (
        "https://q.example/n/messages?messagettl=-1&sv=1",
        "https://storage.azure.com/.default",
    )


# --- tickets --------------------------------------------------------------------------------------------------------
TICKETS: dict[Kind, str] = {
    "servicenow": f"incident/{'0a' * 16}",
    "jira": "OPS-1",
    "zendesk": "7",
    "github": "c/r/issues/4",
}


def comment(kind: Kind, **more: Any) -> Message:
    ticket = {"system": kind, "id": "1", "ref": TICKETS[kind], "url": "https://tickets.example/1"}
    return compose(facts(ticket=ticket), channel(kind, **more), AT)


@pytest.mark.parametrize(
    ("kind", "user", "who"),
    [
        ("zendesk", "bot@contoso.com", "bot@contoso.com/token"),
        ("zendesk", "bot@contoso.com/token", "bot@contoso.com/token"),
        ("jira", "bot@contoso.com", "bot@contoso.com"),
        ("servicenow", "bot", "bot"),
    ],
)
def test_each_system_is_told_who_writes_as_it_wants_it(kind: Kind, user: str, who: str) -> None:
    scheme, _, coded = comment(kind, user=user).headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(coded).decode()) == ("Basic", f"{who}:{SECRET}")


def test_github_is_told_by_its_token_and_its_version() -> None:
    headers = comment("github").headers
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert (headers["accept"], headers["x-github-api-version"]) == ("application/vnd.github+json", "2022-11-28")
    assert comment("jira").headers["accept"] == "application/json"
    assert comment("jira").headers["content-type"] == "application/json"


def test_a_trigger_of_zendesk_can_know_our_comment_and_no_comment_links_to_its_own_ticket() -> None:
    assert json.loads(comment("zendesk").body)["ticket"]["additional_tags"] == ["restore-desk"]
    for kind in TICKETS:
        body = comment(kind).body.decode()
        assert "tickets.example" not in body
        assert "portal.azure.com" in body


@pytest.mark.parametrize("internal", [True, False])
def test_the_journal_is_asked_for_this_note_of_this_record(internal: bool) -> None:
    before = comment("servicenow", internal=internal).before
    assert before
    assert (before.method, before.body, before.before, "content-type" in before.headers) == ("GET", b"", None, False)
    query = parse_qs(urlsplit(before.url).query)
    name = "work_notes" if internal else "comments"
    assert query["sysparm_query"] == [
        f"element_id={'0a' * 16}^element={name}^valueLIKE(restore-desk 01JC0000000000000000SAMPLE.4)"
    ]
    assert (query["sysparm_fields"], query["sysparm_limit"]) == (["sys_id"], ["1"])
    assert comment("jira").before is None


# --- what a notice says ---------------------------------------------------------------------------------------------
def test_a_notice_says_from_where_to_where_by_whom_and_why() -> None:
    found = notice(warnings=("w1", "w2"))
    assert row(found, "Database") == "pg-prod-01 (orders), from vault backup-vault"
    assert row(found, "To") == "https://contosorestores.blob.core.windows.net/drills"
    assert row(found, "Asked by") == "alex@contoso.com, through servicenow RITM0012345"
    assert (row(found, "Reason"), row(found, "Warnings")) == ("quarterly drill", "w1; w2")
    assert row(found, "Took") == "38 min 0 s, the job itself 31 min 0 s, 12.4 GiB moved"
    assert row(found, "Restore") == "01JC0000000000000000SAMPLE"
    assert [one.label for one in found.rows if one.exact] == ["To", "Job", "Restore"]
    assert one_text(found) == f"{found.headline}. {found.point}"


def test_what_is_not_known_leaves_no_empty_line() -> None:
    nothing = {"instance_name": None, "database": "orders", "vault": "", "requested_by": None, "ticket": None}
    more = {"destination": None, "job": None, "reason": None, "took_seconds": None, "point_said": None}
    found = notice(**nothing, **more)
    assert row(found, "Database") == "orders"
    assert row(found, "Asked by") == "nobody named, through tickets/servicenow"
    assert row(found, "To") == "drills"
    assert {row(found, label) for label in ("Reason", "Took", "Error", "Warnings", "Job")} == {None}
    assert (found.point, found.links) == (None, ())
    assert one_text(found) == f"{found.headline}."
    assert row(notice(ticket={"id": "7"}), "Asked by") == "alex@contoso.com, through 7"
    assert row(notice(ticket={}), "Asked by") == "alex@contoso.com, through tickets/servicenow"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (5 * 2**40, "5.0 TiB"),
        (2**53, "8192.0 TiB"),
    ],
)
def test_bytes_are_said_in_the_largest_unit_that_fits(number: int, text: str) -> None:
    job = Job(id="j", status="Completed", bytes=number)
    assert row(notice(job=job, took_seconds=None), "Took") == f"{text} moved"


def test_an_error_of_ours_makes_no_link_and_azures_keeps_its_own() -> None:
    ours = AzureError(stage="request", code="No", message="see https://x.example")
    azures = AzureError(stage="job", code="E1", message="see https://aka.ms/x", detail="more")
    assert "https://" not in (row(notice(error=ours), "Error") or "")
    assert row(notice(error=azures), "Error") == "E1: see https://aka.ms/x (more)"


@pytest.mark.parametrize(
    ("event", "tone"),
    [("succeeded", "good"), ("checked", "good"), ("accepted", "default"), ("overdue", "warning"),
     ("refused", "warning"), ("withdrawn", "warning"), ("failed", "attention"), ("lost", "attention"),
     ("duplicateJob", "attention")],
)  # fmt: skip
def test_the_tone_is_the_events(event: str, tone: str) -> None:
    assert notice_of(sample_facts(event, AT), PORTAL).tone == tone


def test_a_success_with_warnings_is_said_with_a_warnings_tone() -> None:
    assert notice(warnings=("w",)).tone == "warning"
    assert notice_of(facts("failed", warnings=("w",)), PORTAL).tone == "attention"


def link(url: str) -> list[str]:
    return [one.url for one in notice(ticket={"id": "7", "url": url}).links if "ticket" in one.text]


def test_only_https_and_nothing_too_long_is_linked() -> None:
    whole = "https://x.example/" + "a" * (2000 - len("https://x.example/"))
    assert link(whole) == [whole]
    assert link(whole + "a") == []
    assert link("http://x.example/") == []
    assert link("https://X.Example/a") == ["https://X.Example/a"]
    for other in (
        *("x.example.evil.com", "evil.com", "x.example@evil.com", "user@x.example", "x.example:8443", "evil.com#x"),
        *("xx.example", "x.example.", "x.example%2eevil.com", "x.example\\@evil.com", "@x.example"),
    ):
        assert link(f"https://{other}/login") == [], other
    assert link('https://x.example/a b"<>') == ["https://x.example/a%20b%22%3C%3E"]
    named = notice(ticket={"id": "A](b)" + "c" * 100, "url": "https://x.example"}).links[0]
    assert named.text == "Open ticket Ab" + "c" * 58


def test_the_vault_is_linked_where_its_id_is_one() -> None:
    assert notice(vault="/Subscriptions/x").links[-1].url == f"{PORTAL}/#resource/Subscriptions/x/overview"
    assert [one.text for one in notice(vault="other", ticket=None).links] == []
    edge = 700 - len(f"{PORTAL}/#resource/overview")
    for length, linked in ((edge, 1), (edge + 1, 0)):
        vault = "/subscriptions/".ljust(length, "x")
        assert len(notice(vault=vault, ticket=None).links) == linked


def steps(count: int, **more: Any) -> list[NextStep]:
    made = tuple(NextStep(words=f"do {n}", command="c" * 10) for n in range(count))
    return list(said(notice(steps=made), 400, **{"commands": 1000, **more}))


def test_steps_are_numbered_and_commands_whole_or_referred_to() -> None:
    assert [step.words for step in steps(1)] == ["Next: do 0"]
    assert [step.words for step in steps(2)] == ["1. do 0", "2. do 1"]
    assert len(steps(8)) == 8
    nine = steps(9)
    assert (len(nine), nine[7].words) == (9, "8. do 7")
    assert nine[8].words.startswith("The commands are in nextStep")
    cut = steps(3, commands=25)
    assert [step.command for step in cut] == ["c" * 10, "c" * 10, None, None]
    assert [step.command for step in steps(2, commands=20)] == ["c" * 10] * 2
    assert [step.command for step in steps(1, usable=lambda command: False)] == [None, None]


def test_where_there_are_no_steps_the_events_own_follows() -> None:
    none: dict[str, Any] = {"steps": (), "next_step": None}
    assert [step.words for step in notice_of(facts("accepted", **none), PORTAL).steps] == [
        "Nothing to do now: it runs when its turn comes."
    ]
    assert [step.words for step in notice(steps=(), next_step="Look.").steps] == ["Look."]
    blank = (NextStep(words=" "), NextStep(words="a", command=" "))
    assert notice(steps=blank).steps == (NextStep(words="a", command=None),)


# --- what an answer means -------------------------------------------------------------------------------------------
SENT = "Mon, 23 Nov 2026 03:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"Retry-After": "86401"}, 86400),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 03:01:00 GMT", "Date": SENT}, 60),
        ({"Retry-After": "Mon, 23 Nov 2026 02:00:00 GMT", "Date": SENT}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 03:01:00 GMT"}, None),
        ({"X-RateLimit-Reset": str(int((AT + timedelta(seconds=90)).timestamp())), "Date": SENT}, 90),
        ({"X-RateLimit-Reset": str(int(AT.timestamp()) + 90), "Date": SENT, "X-RateLimit-Remaining": "0"}, 90),
        ({"X-RateLimit-Reset": str(int(AT.timestamp()) + 90), "Date": SENT, "X-RateLimit-Remaining": "1"}, None),
        ({"X-RateLimit-Reset": str(int(AT.timestamp()) + 90)}, None),
    ],
)
def test_a_wait_is_read_by_the_senders_own_clock(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_of(headers) == seconds


@pytest.mark.parametrize("status", [401, 403, 408, 409, 425, 429, 500, 503, 599])
def test_what_may_be_mended_or_passes_is_tried_again(status: int) -> None:
    rest = status == 429
    assert verdict("webhook", status, b"", {"Retry-After": "3"}) == TryAgain(f"answered {status}", 3, rest)


@pytest.mark.parametrize("status", [400, 402, 404, 410, 422, 499])
def test_a_final_no_stops(status: int) -> None:
    assert isinstance(verdict("webhook", status, b"", {}), Stop)
    assert isinstance(verdict("teams", status, b"", {}), Stop)


@pytest.mark.parametrize(
    ("kind", "status", "body", "taken"),
    [
        ("webhook", 299, b"", True), ("webhook", 300, b"", False), ("teams", 202, b"", True),
        ("slack", 200, b"ok\n", True), ("slack", 201, b"ok", False), ("slack", 200, b"<html>", False),
        ("eventgrid", 200, b"", True), ("eventgrid", 202, b"", False),
        ("queue", 201, b"", True), ("queue", 200, b"", False),
        ("pagerduty", 202, b"", True), ("pagerduty", 200, b"", False),
        ("jira", 201, b"{}", True), ("jira", 200, b"[]", False), ("jira", 200, b"<html>", False),
        ("jira", 300, b"{}", False),
    ],
)  # fmt: skip
def test_each_channel_takes_a_message_by_its_own_answer(kind: Kind, status: int, body: bytes, taken: bool) -> None:
    found = verdict(kind, status, body, {})
    assert (found == Delivered()) is taken
    assert taken or isinstance(found, TryAgain)


# --- the link to the page -------------------------------------------------------------------------------------------
DESK_URL = "https://desk.contoso.com"
LINKING: tuple[Kind, ...] = ("teams", "slack", "pagerduty", "jira", "github", "zendesk", "servicenow")


@pytest.mark.parametrize("kind", LINKING)
def test_people_get_a_link_to_the_restores_own_page_where_the_page_is_on(kind: Kind) -> None:
    refs = {"github": "contoso/ops#1", "jira": "issue/OPS-1", "zendesk": "tickets/1"}
    ticket = {"system": kind, "id": "OPS-1", "ref": refs.get(kind, f"sc_req_item/{'0f' * 16}")}
    told = facts("failed", ticket=ticket)
    where = f"{DESK_URL}/desk/restores/{told.restore}"
    body = compose(told, channel(kind, desk_url=DESK_URL), AT).body.decode()
    assert where in body.replace("\\/", "/")
    assert DESK_LINK in body
    assert DESK_LINK not in compose(told, channel(kind), AT).body.decode()


def test_no_link_leads_to_a_page_that_is_not_there() -> None:
    assert DESK_LINK not in {link.text for link in notice_of(facts("test"), PORTAL, SITES, DESK_URL).links}
    stale = facts("pointStale", path="/api/instances/pg-prod-01/recovery-points")
    (page,) = [link.url for link in notice_of(stale, PORTAL, SITES, DESK_URL).links if link.text == DESK_LINK]
    assert page == f"{DESK_URL}/desk/instances/pg-prod-01"
    for unsafe in ("http://desk.contoso.com", "javascript:alert(1)//", ""):
        assert DESK_LINK not in {link.text for link in notice_of(facts(), PORTAL, SITES, unsafe).links}


@pytest.mark.parametrize("length", [2_500, 2_550, 2_551, 2_900, 3_300])
@pytest.mark.parametrize("ticks", [False, True])
def test_slack_shows_a_command_whole_within_a_sections_limit_or_not_at_all(length: int, ticks: bool) -> None:
    command = ("echo " + "x" * length)[: length - 3] + ("```" if ticks else "xxx")
    sent = facts(steps=(NextStep(words="w" * 3_000, command=command),))
    found = json.loads(compose(sent, channel("slack"), AT).body)["blocks"]
    texts = [block["text"]["text"] for block in found if block["type"] == "section" and "text" in block]
    assert all(len(text) <= 3_000 for text in texts)
    whole = [text for text in texts if f"```{command}```" in text]
    assert len(whole) == int(length <= 2_550 and not ticks)
    assert any("The commands are in nextStep" in text for text in texts) is (not whole)


def test_a_comment_in_jira_shows_the_command_as_code() -> None:
    sent = facts(
        steps=(NextStep(words="Do", command="az x"), NextStep(words="Look")),
        ticket={"system": "jira", "id": "OPS-12", "ref": "OPS-12"},
    )
    body = json.loads(compose(sent, channel("jira", internal=False), AT).body)["body"]
    code = [node["content"][0]["text"] for node in body["content"] if node["type"] == "codeBlock"]
    assert code == ["az x"]
