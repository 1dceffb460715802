"""The sinks answer as the channels do, see what is wrong, and can be down."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from local.stack.sink_rules import check_payload
from local.stack.sinks import Sink, create_app
from shared.notices.channels.registry import KINDS, compose, verdict
from shared.notices.channels.servicenow import told_before
from shared.notices.facts import Facts
from shared.notices.messages import Delivered, Kind, Message, Resolved
from shared.notices.sample import sample_facts

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REFS: dict[str, str] = {
    "servicenow": f"sc_req_item/{'0a' * 16}",
    "jira": "OPS-12",
    "zendesk": "35436",
    "github": "contoso/restores/issues/42",
}
type Post = Callable[[Message], Awaitable[httpx.Response]]


def told(kind: Kind) -> tuple[Facts, Resolved]:
    """What is told, and the channel whose other end is the sink of that name."""
    ticket = {"system": kind, "id": "1", "ref": REFS.get(kind, "x")}
    facts = sample_facts("succeeded", datetime.now(UTC)).model_copy(update={"ticket": ticket})
    return facts, Resolved(kind, kind, f"http://127.0.0.1/{kind}", (SECRET,), "bot")


def message_to(kind: Kind) -> Message:
    facts, channel = told(kind)
    return compose(facts, channel, datetime.now(UTC))


def with_sinks(story: Callable[[httpx.AsyncClient, Post], Awaitable[None]]) -> None:
    """Runs a story against the app, in this process and without a port."""
    app = create_app({kind: Sink(kind, (SECRET,)) for kind in KINDS})

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:

            async def post(message: Message) -> httpx.Response:
                return await client.request(message.method, message.url, headers=message.headers, content=message.body)

            await story(client, post)

    asyncio.run(run())


def test_each_channel_takes_its_message_and_its_answer_means_so() -> None:
    async def story(client: httpx.AsyncClient, post: Post) -> None:
        for kind in KINDS:
            answer = await post(message_to(kind))
            assert verdict(kind, answer.status_code, answer.content, answer.headers) == Delivered(), kind
        arrived = (await client.get("/_sink/received")).json()
        assert [one["kind"] for one in arrived] == list(KINDS)
        assert not any(one["faults"] for one in arrived)

    with_sinks(story)


def test_a_work_note_is_found_again() -> None:
    async def story(client: httpx.AsyncClient, post: Post) -> None:
        message = message_to("servicenow")
        assert message.before is not None
        before = await post(message.before)
        assert told_before(before.status_code, before.content, before.headers) is None
        await post(message)
        before = await post(message.before)
        assert told_before(before.status_code, before.content, before.headers) == Delivered()

    with_sinks(story)


def test_a_channel_that_is_down_says_503_and_the_others_do_not() -> None:
    async def story(client: httpx.AsyncClient, post: Post) -> None:
        assert (await client.post("/_sink/down/teams")).json() == {"down": ["teams"]}
        assert (await post(message_to("teams"))).status_code == 503
        assert (await post(message_to("slack"))).status_code == 200
        await client.post("/_sink/up/teams")
        assert (await post(message_to("teams"))).status_code == 202
        assert (await client.post("/_sink/down/nobody")).status_code == 404

    with_sinks(story)


def test_what_a_channel_would_refuse_is_refused_with_its_faults() -> None:
    async def story(client: httpx.AsyncClient, post: Post) -> None:
        good = message_to("webhook")
        forged = replace(good, body=good.body.replace(b"succeeded", b"failed"))
        assert (await post(forged)).status_code == 400
        lost = replace(message_to("jira"), url="http://127.0.0.1/jira/rest/api/3/user")
        assert "no call of jira" in (await post(lost)).text
        assert (await client.post("/nobody", content=b"{}")).status_code == 404

    with_sinks(story)


def card(**changes: Any) -> Any:
    return {"type": "AdaptiveCard", "version": "1.2", "body": [{"type": "TextBlock", "text": "x"}], **changes}


def teams(content: Any) -> Any:
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}],
    }


def section(text: str) -> Any:
    return {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


def pagerduty(**changes: Any) -> Any:
    payload = {"summary": "x", "source": "x", "severity": "info"}
    return {"routing_key": "x", "event_action": "trigger", "dedup_key": "x", "payload": payload, **changes}


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("teams", {"type": "message"}),
        ("teams", teams(card(version="1.5"))),
        ("teams", teams(card(body=[{"type": "Table"}]))),
        ("teams", teams(card(body=[{"type": "TextBlock", "text": "x", "color": "red"}]))),
        ("teams", teams(card(actions=[{"type": "Action.OpenUrl", "title": "x", "url": "javascript:x"}]))),
        ("teams", teams(card(body=[{"type": "TextBlock", "text": "x" * 29_000}]))),
        ("slack", {"blocks": []}),
        ("slack", section("x" * 3001)),
        ("slack", section("<!channel>")),
        ("slack", section("a & b")),
        ("slack", {"text": "x", "blocks": [{"type": "divider"}] * 51}),
        ("slack", {"text": "x", "blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}]}),
        ("slack", {"text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}),
        ("slack", {"text": "x", "blocks": section("x" * 3000)["blocks"] * 5}),
        ("jira", {"body": "x"}),
        ("jira", {"body": {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": []}]}}),
        ("jira", {"body": {"type": "doc", "version": 1, "content": [{"type": "media"}]}}),
        ("servicenow", {"work_notes": "x" * 4001}),
        ("servicenow", {"work_notes": "[code]<b>"}),
        ("servicenow", {"work_notes": "x", "state": "3"}),
        ("zendesk", {"ticket": {"comment": {"body": "x"}}}),
        ("zendesk", {"ticket": {"comment": {"body": "{{ticket.id}}", "public": False}}}),
        ("github", {"body": "for @contoso/dba"}),
        ("pagerduty", pagerduty(event_action="page")),
        ("pagerduty", pagerduty(dedup_key="x" * 256)),
        ("pagerduty", pagerduty(links=[{"href": "http://x", "text": "x"}])),
        ("eventgrid", {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "myAttribute": "x"}),
        ("eventgrid", {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "sequence": 4}),
    ],
)
def test_the_limits_are_looked_at(kind: str, payload: Any) -> None:
    headers = {"content-type": "application/cloudevents+json", "user-agent": "x"}
    assert len(check_payload(kind, headers, json.dumps(payload).encode())) == 1


def test_what_is_no_json_is_seen() -> None:
    for kind in KINDS:
        assert check_payload(kind, {}, b"\xff<")
