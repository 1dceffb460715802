"""What a channel's message holds at its limits, and its link to the restore's own page."""

import base64
import json
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from shared.domain.text import dumped
from shared.domain.values import iso
from shared.notices.channels import eventgrid, queue, webhook
from shared.notices.channels.cloud_events import cloud_event
from shared.notices.channels.registry import compose
from shared.notices.facts import NextStep
from shared.notices.messages import Kind, Message, Resolved
from shared.notices.notice_text import DESK_LINK, notice_of
from tests.unit.notices.kit import AT, PORTAL, SITES, channel, facts

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


def test_a_page_says_each_step_in_its_line_and_the_command_below_where_there_is_one() -> None:
    sent = facts(steps=(NextStep(words="Do", command="az x"), NextStep(words="Look")))
    payload = json.loads(compose(sent, channel("pagerduty"), AT).body)["payload"]
    assert payload["custom_details"]["Next"] == "1. Do:\naz x\n2. Look"


def test_what_stands_around_the_facts_counts_for_an_events_limit_too() -> None:
    told = facts(reason="x" * 9000)
    whole = cloud_event(told, 1_000_000)
    most = len(dumped(whole))
    assert cloud_event(told, most + 1) == whole
    for limit in (most - 1, most - 100):
        cut = cloud_event(told, limit)
        assert len(dumped(cut)) <= limit
        assert {**cut, "data": whole["data"]} == whole
