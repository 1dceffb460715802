"""Which channels hear of an event: the defaults, the instance's own, the restore's own; each by what it listens to."""

from typing import Any

from shared.config.desk_file import Channel, Desk
from shared.notices.routing import channels_of, may_hear
from tests.kits.restores import INSTANCE

ENV: dict[str, Any] = {"env": "NAME"}
JIRA_TICKET = {"system": "jira", "id": "OPS-1", "ref": "OPS-1"}


def webhook(**more: Any) -> dict[str, Any]:
    return {"kind": "webhook", "url": "https://x.example", "secret": ENV, **more}


JIRA: dict[str, Any] = {"kind": "jira", "url": "https://x.example", "secret": ENV, "user": "bot"}
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
    assert channels_of(DESK, "pg-b", ("gone", "jira"), "accepted", JIRA_TICKET) == ["all", "jira", "other-team"]
    assert channels_of(DESK, "pg-b", ("gone", "jira"), "accepted", None) == ["all", "other-team"]


def test_what_is_for_one_channel_alone_goes_there_where_it_listens_and_can() -> None:
    jira = Channel.model_validate(JIRA)
    deaf = jira.model_copy(update={"on": ("failed",)})
    assert may_hear(jira, "standing", JIRA_TICKET) is True
    assert may_hear(deaf, "standing", JIRA_TICKET) is False
    assert may_hear(jira, "standing", None) is False
