"""Comments on tickets: which ticket they may go to, and what they are."""

from typing import Any

import pytest

from local.stack.sink_rules import check_payload
from shared.config.desk_file import Desk
from shared.notices.channels.registry import compose, concerns, covered, is_ticket_system
from shared.notices.channels.servicenow import told_before
from shared.notices.messages import Delivered, Kind, Stop, TryAgain, Undeliverable
from shared.notices.resolved import ticket_sites
from shared.notices.sample import sample_facts
from tests.unit.notices.delivery_kit import SERVICENOW, SYS_ID, a_notice, notifier
from tests.unit.notices.kit import AT
from tests.unit.notices.sample_messages import TICKETS, about, body_of, channel, sent


@pytest.mark.parametrize(
    ("kind", "more", "method", "path"),
    [
        ("servicenow", {}, "PATCH", f"/api/now/table/sc_req_item/{'0a' * 16}?sysparm_fields=sys_id,number"),
        ("jira", {}, "POST", "/rest/servicedeskapi/request/OPS-12/comment"),
        ("jira", {"internal": False}, "POST", "/rest/api/3/issue/OPS-12/comment"),
        ("zendesk", {}, "PUT", "/api/v2/tickets/35436.json"),
        ("github", {}, "POST", "/repos/contoso/restores/issues/42/comments"),
    ],
)
def test_a_comment_goes_to_the_ref_at_the_channels_own_url(kind: Kind, more: Any, method: str, path: str) -> None:
    message = sent(kind, **more)
    assert (message.method, message.url) == (method, f"https://channel.example{path}")
    assert check_payload(kind, message.headers, message.body) == []


def test_comments_are_internal_unless_the_channel_says_otherwise() -> None:
    assert body_of(sent("jira"))["public"] is False
    assert body_of(sent("zendesk"))["ticket"]["comment"]["public"] is False
    assert body_of(sent("zendesk", internal=False))["ticket"]["comment"]["public"] is True
    assert body_of(sent("servicenow")).keys() == {"work_notes"}
    assert body_of(sent("servicenow", internal=False)).keys() == {"comments"}


@pytest.mark.parametrize(
    ("kind", "ref"),
    [
        ("servicenow", "sys_user/" + "0a" * 16),
        ("servicenow", "incident/../x"),
        ("jira", "OPS-12/../../user"),
        ("jira", "ops 12"),
        ("zendesk", "1.json?x=1"),
        ("github", "contoso/../issues/1"),
        ("github", "contoso/restores/pulls/1"),
        ("github", "contoso/restores/issues/1/lock"),
    ],
)
def test_a_ref_that_could_lead_elsewhere_is_not_dialled(kind: Kind, ref: str) -> None:
    facts = about(kind).model_copy(update={"ticket": {"system": kind, "id": "1", "ref": ref}})
    with pytest.raises(Undeliverable, match="ref is not"):
        compose(facts, channel(kind), AT)
    assert not concerns(kind, "failed", facts.ticket)


def test_a_ticket_channel_is_no_concern_of_a_restore_without_such_a_ticket() -> None:
    assert concerns("jira", "failed", TICKETS["jira"])
    assert not concerns("jira", "failed", TICKETS["github"])
    assert not concerns("jira", "failed", None)
    assert concerns("teams", "failed", None)
    assert not concerns("pagerduty", "accepted", None)
    with pytest.raises(Undeliverable, match="no ticket in jira"):
        compose(about("jira").model_copy(update={"ticket": None}), channel("jira"), AT)


def test_the_test_of_a_ticket_channel_needs_no_ticket_and_writes_nothing() -> None:
    for kind in TICKETS:
        message = compose(sample_facts("test", AT), channel(kind), AT)
        assert (message.method, message.body) == ("GET", b"")
        assert "authorization" in message.headers


def test_a_second_work_note_is_not_written() -> None:
    message = sent("servicenow")
    assert message.before is not None
    assert "valueLIKE%28restore-desk%2001JC0000000000000000SAMPLE.4%29" in message.before.url
    assert "(restore-desk 01JC0000000000000000SAMPLE.4)" in body_of(message)["work_notes"]
    assert told_before(200, b'{"result":[{"sys_id":"1"}]}', {}) == Delivered()
    assert told_before(200, b'{"result":[]}', {}) is None
    assert told_before(403, b"{}", {}) is None
    assert told_before(429, b"", {"Retry-After": "7"}) == TryAgain(
        "asked whether the note is there already, the channel answered 429", 7, rest=True
    )


TICKET = {"system": "servicenow", "id": "RITM1", "ref": f"sc_req_item/{SYS_ID}"}
JSON = {"content-type": "application/json"}
ASKED = "asked whether the note is there already, the channel answered"


def test_a_ticket_of_another_table_can_never_be_written_to() -> None:
    made, posted = notifier(SERVICENOW.model_copy(update={"refs": ()}))
    found = made.tell("other", SERVICENOW, a_notice(ticket={**TICKET, "ref": "sys_user/x"}))
    assert isinstance(found, Stop)
    assert found.why.startswith("other writes to servicenow tickets, but its ticket's ref is not <table>/<sys_id>")
    assert posted == []


@pytest.mark.parametrize(
    ("before", "verdict", "calls"),
    [
        ((200, b'{"result": [{"sys_id": "1"}]}', JSON), Delivered(), 1),
        ((503, b"", {}), TryAgain(f"{ASKED} 503"), 1),
        ((429, b"", {"retry-after": "9"}), TryAgain(f"{ASKED} 429", 9.0, rest=True), 1),
        ((200, b'{"result": []}', JSON), Delivered(), 2),
        ((200, b"<html>", {}), Delivered(), 2),
        ((403, b"{}", JSON), Delivered(), 2),
    ],
)  # fmt: skip
def test_a_journal_is_asked_first_whether_the_note_is_there(before: Any, verdict: Any, calls: int) -> None:
    made, posted = notifier(SERVICENOW, before, (200, b"{}", JSON))
    assert made.tell("x", SERVICENOW, a_notice(ticket=TICKET)) == verdict
    assert [message.method for message in posted] == ["GET", "PATCH"][:calls]


def test_what_is_no_ticket_system_covers_no_ticket() -> None:
    assert not covered("webhook", TICKET, ("*",))
    assert not covered("servicenow", {"system": "jira", "id": "1"}, ("*",))
    assert covered("servicenow", TICKET, ("sc_req_item",))
    assert covered("servicenow", TICKET, (f"SC_REQ_ITEM/{SYS_ID}",))
    assert not covered("servicenow", TICKET, ("sc_req", "incident"))
    assert [is_ticket_system(kind) for kind in ("servicenow", "webhook", "nothing")] == [True, False, False]


def test_links_lead_to_the_sites_of_the_ticket_channels_that_can_be_used() -> None:
    env = {"env": "S"}
    channels = {
        "sn": {"kind": "servicenow", "url": "https://Contoso.service-now.com/x", "user": "u", "secret": env},
        "gh": {"kind": "github", "secret": env},
        "hook": {"kind": "webhook", "url": "https://hook.example", "secret": env},
        "gone": {"kind": "jira", "url": {"env": "MISSING"}, "user": "u", "secret": env},
    }
    desk = Desk.model_validate({"channels": channels})
    assert ticket_sites(desk, {}) == {"https://contoso.service-now.com", "https://github.com"}
