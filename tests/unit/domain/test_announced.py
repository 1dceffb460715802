"""Each event of a restore is said once, one row for each; and what rides along with a restore is not in its JSON."""

from typing import Any

import pytest

from shared.domain.events import ValidationGone
from shared.domain.outcomes import Resubmit
from shared.domain.restore import Phase, Plan, Restore
from shared.workflow.announce import announcement
from tests.kits.fakes import START, VAULT

RESTORE = Restore(
    id="yoeytdsl-01m3vnbwg00000000000000000",
    phase=Phase.RESTORING,
    vault=VAULT,
    instance=f"{VAULT}/backupInstances/pg-a",
    source="http",
    asked={},
    accepted_at=START,
    due=START,
    etag="v1",
    tracking="https://management.azure.com/secret",
)


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        ({"phase": Phase.RESTORING}, {"overdue_at": START}, "overdue"),
        ({"overdue_at": START}, {"overdue_at": START, "phase": Phase.SUCCEEDED}, "succeeded"),
        ({"overdue_at": START}, {"overdue_at": START}, None),
        ({}, {"duplicate_at": START}, "duplicateJob"),
        ({"duplicate_at": START}, {"duplicate_at": START, "phase": Phase.FAILED}, "failed"),
        ({"duplicate_at": START}, {"duplicate_at": START}, None),
        ({"phase": Phase.SUBMITTED}, {"phase": Phase.RESTORING}, None),
        ({"phase": Phase.SUBMITTING}, {"phase": Phase.RESTORING}, "submitted"),
        ({"phase": Phase.LOST}, {"phase": Phase.RESTORING}, "submitted"),
        ({"phase": Phase.SUBMITTING}, {"phase": Phase.SUBMITTED}, "submitted"),
        ({"phase": Phase.SUBMITTING}, {"phase": Phase.LOST}, "lost"),
        ({"phase": Phase.ACCEPTED}, {"phase": Phase.VALIDATING}, None),
        ({"phase": Phase.VALIDATED}, {"phase": Phase.WITHDRAWN}, "withdrawn"),
        (None, {"phase": Phase.ACCEPTED}, "accepted"),
        (None, {"phase": Phase.REFUSED}, "refused"),
    ],
)
def test_what_is_said_of_a_step(before: dict[str, Any] | None, after: dict[str, Any], event: str | None) -> None:
    first = None if before is None else RESTORE.model_copy(update=before)
    assert announcement(first, RESTORE.model_copy(update=after)) == event


def test_the_version_and_the_tracking_url_ride_along_and_are_in_no_json() -> None:
    value = RESTORE.json_value()
    assert not {"etag", "tracking"} & set(value)
    assert "secret" not in str(value)


@pytest.mark.parametrize(
    ("plan", "destination"),
    [
        ({"container": "https://a.blob.core.windows.net/c"}, "https://a.blob.core.windows.net/c"),
        ({"container": "https://a.blob.core.windows.net/c", "account": "/x/storageAccounts/a"},
         "https://a.blob.core.windows.net/c"),
    ],
)  # fmt: skip
def test_a_container_that_is_there_is_the_destination(plan: dict[str, Any], destination: str) -> None:
    assert Plan(kind="files", **plan).destination == destination


def test_a_server_and_its_database_are_the_destination() -> None:
    assert Plan(kind="database", server="/s", database="d").destination == "/s/databases/d"


def test_what_a_person_sent_anew_shows_the_jobs_that_were_seen() -> None:
    assert Resubmit("dba", "none is ours", ("j1", "j2")).note() == (
        f"{Resubmit('dba', 'none is ours').note()} Jobs that may be its own: j1, j2."
    )
    assert "Jobs" not in str(Resubmit("dba", "none is ours").note())


def test_each_validation_whose_end_was_not_read_is_counted() -> None:
    gone = ValidationGone("its URL is gone", START)
    assert gone.changes(RESTORE.model_copy(update={"lost_validations": 3}), START)["lost_validations"] == 4
