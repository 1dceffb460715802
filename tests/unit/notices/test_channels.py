"""What each channel is sent, and what its answer means."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from local.stack.sink_rules import check_payload
from shared.domain.clouds import CHINA, GOVERNMENT, PUBLIC, Cloud
from shared.notices.channels.registry import KINDS, compose
from shared.notices.facts import TITLES, NextStep
from shared.notices.messages import Kind, Resolved
from shared.notices.sample import sample_facts
from shared.notices.standard_webhooks import key, sign
from tests.unit.notices.kit import AT, SECRET
from tests.unit.notices.sample_messages import TICKETS, about, body_of, channel, sent

OTHER = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!").decode()


@pytest.mark.parametrize("event", TITLES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_channel_takes_every_event(kind: Kind, event: str) -> None:
    message = sent(kind, event)
    assert check_payload(kind, message.headers, message.body) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_of_which_hardly_anything_is_known_is_told_too(kind: Kind) -> None:
    unknown = dict.fromkeys(("instance_name", "database", "target", "reason", "requested_by", "next_step"))
    empty = {"vault": "", "instance": "", "steps": ()}
    facts = about(kind, "refused").model_copy(update=unknown | empty)
    message = compose(facts, channel(kind), AT)
    assert check_payload(kind, message.headers, message.body) == []


@pytest.mark.parametrize("kind", ["teams", "slack", "servicenow", "zendesk", "github", "jira", "pagerduty"])
def test_a_notice_begins_with_what_happened_and_from_when_the_data_is(kind: Kind) -> None:
    text = sent(kind).body.decode()
    happened, age = text.index("Files delivered, not loaded yet"), text.index("3 h old; later changes are not in it")
    assert happened < age < text.index("backup-vault")
    assert "restored" not in text[:age].lower()
    for told in (
        "pg-prod-01",
        "orders",
        "drills",
        "alex@contoso.com",
        "38 min",
        "quarterly drill",
        "pg_restore",
        "az storage blob",
    ):
        assert told in text.replace("\\", "")


@pytest.mark.parametrize("kind", ["teams", "slack", "servicenow", "zendesk", "github", "jira", "pagerduty"])
def test_a_command_is_there_whole_or_not_at_all(kind: Kind) -> None:
    short, long = "az storage blob list --name 'a_b*c'", "rm -r " + "x" * 20_000
    steps = (NextStep(words="List them", command=short), NextStep(words="Then this", command=long))
    facts = about(kind).model_copy(update={"steps": steps})
    text = json.dumps(body_of(compose(facts, channel(kind), AT)), ensure_ascii=False)
    assert short in text
    assert "rm -r" not in text
    assert "The commands are in nextStep" in text


def test_no_notice_links_anywhere_but_to_the_ticket_and_the_vault() -> None:
    card = body_of(sent("teams"))["attachments"][0]["content"]
    assert [action["url"].split("/")[2] for action in card["actions"]] == [
        "contoso.service-now.com",
        "portal.azure.com",
    ]
    plain_http = about("teams").model_copy(update={"ticket": {"system": "x", "id": "1", "url": "http://x.example/1"}})
    card = body_of(compose(plain_http, channel("teams"), AT))["attachments"][0]["content"]
    assert [action["title"] for action in card["actions"]] == ["Open the vault in the portal"]


def test_the_vector_of_standard_webhooks() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = sign([key("c", SECRET)], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_both_secrets_sign_while_one_is_rotated_and_the_id_stays_over_attempts() -> None:
    now, facts = datetime.now(UTC), about("webhook")
    rotated = channel("webhook", secrets=(SECRET, OTHER))
    first, second = (compose(facts, rotated, now + timedelta(seconds=s)) for s in (0, 60))
    for secret in (SECRET, OTHER):
        for message in (first, second):
            Webhook(secret).verify(message.body, dict(message.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(first.body, dict(first.headers))
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == facts.event_id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


def test_a_webhook_carries_a_cloud_event_with_all_facts() -> None:
    event = body_of(sent("webhook"))
    assert event["type"] == "restoredesk.restore.succeeded.v1"
    assert (event["source"], event["subject"]) == ("/restore-desk", "restores/01JC0000000000000000SAMPLE")
    assert event["sequence"] == "0000000004"
    assert event["data"] == about("webhook").json_value()


def test_event_grid_and_queue_ask_for_a_token_unless_the_channel_has_its_own() -> None:
    topic = compose(about("eventgrid"), channel("eventgrid", secrets=()), AT)
    assert topic.url == "https://channel.example/api/events?api-version=2018-01-01"
    assert topic.scope == "https://eventgrid.azure.net/.default"
    assert sent("eventgrid").headers["aeg-sas-key"] == SECRET
    assert sent("eventgrid").scope is None
    mine = sent("queue")
    assert (mine.url, mine.scope) == (
        "https://channel.example/messages?messagettl=-1",
        "https://storage.azure.com/.default",
    )
    signed = compose(about("queue"), Resolved("q", "queue", "https://a.example/q?sv=1&sig=x%3D"), AT)
    assert (signed.url, signed.scope) == ("https://a.example/q/messages?messagettl=-1&sv=1&sig=x%3D", None)


OWN = replace(
    PUBLIC, name="", storage_suffix="storage.contoso.example", vault_suffix="kv.contoso.example",
    eventgrid_suffix="events.contoso.example", portal="https://portal.contoso.example",
)  # fmt: skip


@pytest.mark.parametrize("cloud", [GOVERNMENT, CHINA, OWN], ids=lambda cloud: cloud.name or "own")
@pytest.mark.parametrize("kind", KINDS)
def test_in_another_cloud_nothing_names_a_host_of_public_azure(kind: Kind, cloud: Cloud) -> None:
    ends = {"queue": f"https://acct.queue.{cloud.storage_suffix}/q", "eventgrid": f"https://t.{cloud.eventgrid_suffix}"}
    to = Resolved("c", kind, ends.get(kind, "https://channel.example"), (SECRET,), "bot@contoso.com", cloud=cloud)
    to = replace(to, secrets=()) if kind == "eventgrid" else to
    facts = sample_facts("succeeded", AT, cloud).model_copy(update={"ticket": TICKETS.get(kind)})
    message = compose(facts, to, AT)
    said = f"{message.url} {message.scope} {message.body.decode()}"
    assert not re.search(r"azure\.com|windows\.net|vault\.azure\.net|eventgrid\.azure\.net|microsoftonline\.com", said)
    scopes = {
        "queue": f"https://acct.queue.{cloud.storage_suffix}/.default",
        "eventgrid": f"https://{cloud.eventgrid_suffix}/.default",
    }
    assert message.scope == scopes.get(kind)


def test_a_queue_message_is_base64_for_readers_that_expect_it() -> None:
    text = sent("queue", encoding="base64").body.split(b"<MessageText>")[1].split(b"<")[0]
    assert json.loads(base64.b64decode(text))["id"] == about("queue").event_id


@pytest.mark.parametrize(
    ("event", "action", "severity"),
    [
        ("failed", "trigger", "error"),
        ("lost", "trigger", "critical"),
        ("overdue", "trigger", "warning"),
        ("succeeded", "resolve", "info"),
        ("withdrawn", "resolve", "info"),
        ("refused", "resolve", "info"),
        ("test", "trigger", "info"),
    ],
)
def test_the_pager_rings_only_where_somebody_must_act(event: str, action: str, severity: str) -> None:
    alert = body_of(sent("pagerduty", event))
    assert (alert["event_action"], alert["payload"]["severity"]) == (action, severity)
    assert alert["dedup_key"] == "restore-01JC0000000000000000SAMPLE"


def test_nothing_secret_shows() -> None:
    message = sent("slack")
    shown = repr(channel("webhook")) + repr(message) + repr(sent("jira"))
    assert SECRET not in shown
    assert "channel.example" not in shown
