"""Which channels hear of an event: the defaults, the instance's own, the restore's own; each by what it listens to."""

from typing import Any

import pytest

from shared.config.desk_file import Channel, Desk
from shared.notices.routing import channels_of, may_hear, may_write
from tests.kits.restores import INSTANCE

ENV: dict[str, Any] = {"env": "NAME"}
JIRA_TICKET = {"system": "jira", "id": "OPS-1", "ref": "OPS-1"}


def webhook(**more: Any) -> dict[str, Any]:
    return {"kind": "webhook", "url": "https://x.example", "secret": ENV, **more}


JIRA: dict[str, Any] = {"kind": "jira", "url": "https://x.example", "secret": ENV, "user": "bot"}
TICKETS: dict[str, Any] = {"kind": "jira", "secret": ENV, "when": "`true`", "request": "body"}
DESK = Desk.model_validate(
    {
        "channels": {
            "all": webhook(default=True),
            "ends": webhook(default=True, on=["succeeded", "failed"]),
            "team": webhook(),
            "other-team": webhook(),
            "callback": webhook(on=["failed"]),
            "jira": JIRA,
            "pager": {"kind": "pagerduty", "secret": ENV, "default": True},
        },
        "tickets": {
            "jira": TICKETS | {"reply": "jira"},
            "other": TICKETS,
            "portal": TICKETS | {"kind": "generic", "reply": "jira"},
        },
        "instances": {
            "pg-a": {"id": INSTANCE, "channels": ["team", "pager"]},
            "pg-b": {"id": INSTANCE, "channels": ["other-team"]},
        },
    }
)


def test_defaults_the_instances_and_the_restores_own_hear_what_they_listen_to_each_once() -> None:
    assert channels_of(DESK, "pg-a", ("callback", "all"), "failed", None) == [
        "all",
        "callback",
        "ends",
        "pager",
        "team",
    ]
    assert channels_of(DESK, "pg-b", (), "failed", None) == ["all", "ends", "other-team", "pager"]
    assert channels_of(DESK, "pg-a", ("callback",), "submitted", None) == ["all", "team"]
    assert channels_of(DESK, "pg-a", ("callback",), "succeeded", None) == ["all", "ends", "pager", "team"]


def test_an_instance_without_a_name_or_with_one_that_is_gone_has_the_defaults() -> None:
    for name in (None, "gone"):
        assert channels_of(DESK, name, (), "succeeded", None) == ["all", "ends", "pager"]


def test_a_channel_that_is_gone_hears_nothing_and_one_for_tickets_only_of_its_own() -> None:
    extra = ("gone", "jira")
    assert channels_of(DESK, "pg-b", extra, "accepted", JIRA_TICKET, "tickets/jira") == ["all", "jira", "other-team"]
    assert channels_of(DESK, "pg-b", extra, "accepted", None, "tickets/jira") == ["all", "other-team"]


def test_what_is_for_one_channel_alone_goes_there_where_it_listens_and_can() -> None:
    deaf = DESK.model_copy(update={"channels": {"jira": Channel.model_validate(JIRA | {"on": ["failed"]})}})
    assert may_hear(DESK, "jira", "standing", JIRA_TICKET, "tickets/jira") is True
    assert may_hear(deaf, "jira", "standing", JIRA_TICKET, "tickets/jira") is False
    assert may_hear(DESK, "jira", "standing", None, "tickets/jira") is False
    assert may_hear(DESK, "gone", "standing", JIRA_TICKET, "tickets/jira") is False


REFS: dict[str, dict[str, str]] = {
    "jira": {"system": "jira", "id": "1", "ref": "OPS-12"},
    "servicenow": {"system": "servicenow", "id": "1", "ref": f"sc_req_item/{'0a' * 16}"},
    "zendesk": {"system": "zendesk", "id": "1", "ref": "tickets/35436"},
    "github": {"system": "github", "id": "1", "ref": "contoso/restores#42"},
}
COVERED = [
    ("jira", "OPS", True), ("jira", "OPS-12", True), ("jira", "OPS-*", True), ("jira", "ops", True),
    ("jira", "*", True),
    ("jira", "OP", False), ("jira", "HR", False), ("jira", "PS-12", False), ("jira", "OPS-1", False),
    ("servicenow", "sc_req_item", True), ("servicenow", "sc_*", True), ("servicenow", "sc_req_item/*", True),
    ("servicenow", "sc_req", False), ("servicenow", "incident", False), ("servicenow", "*", True),
    ("zendesk", "*", True), ("zendesk", "35436", True), ("zendesk", "3543", False),
    ("github", "contoso/restores", True), ("github", "contoso/*", True), ("github", "Contoso/Restores/issues/*", True),
    ("github", "*", False), ("github", "contoso", False), ("github", "contoso/restore", False),
    ("github", "other/restores", False), ("github", "*/restores", True),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "pattern", "may"), COVERED)
def test_a_channel_writes_to_the_tickets_that_its_refs_cover_whoever_asks(kind: str, pattern: str, may: bool) -> None:
    made = {"kind": kind, "url": "https://x.example", "secret": ENV, "user": "bot", "refs": [pattern]}
    desk = Desk.model_validate({"channels": {"comments": made}})
    for source in ("http", "queue", "tickets/gone"):
        assert may_write(desk, "comments", REFS[kind], source) is may


def test_without_refs_a_channel_writes_for_the_source_that_replies_through_it_alone() -> None:
    assert may_write(DESK, "jira", JIRA_TICKET, "tickets/jira")
    for source in ("http", "queue", "page", "tickets/other", "tickets/portal", "tickets/gone", ""):
        assert not may_write(DESK, "jira", JIRA_TICKET, source), source
    assert may_write(DESK, "all", JIRA_TICKET, "http")
