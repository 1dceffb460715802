"""Why a job is not adopted, in words: which job, what it is, and what it would have to be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.azure.responses import JobRead
from shared.domain.problems import Problem
from shared.domain.restore import Job
from shared.workflow.job_list import refuse_adoption
from tests.kits.restores import CONTAINER, INSTANCE, NOW, a_restore

EARLY = datetime(2020, 1, 1, tzinfo=UTC)


def refused(job: dict[str, Any], holder: str | None = None, **changes: Any) -> str:
    """The words, without `job j `."""
    shown = Job(**{"id": "j", "status": "InProgress", "started": NOW, "destination": CONTAINER, **job})
    read = {"category": "restore", "instance": INSTANCE.lower(), **changes}
    found = JobRead(shown, "running", None, read["instance"], read["category"], None, None, "m")
    with pytest.raises(Problem) as caught:
        refuse_adoption(a_restore(), found, holder)
    return caught.value.detail.removeprefix("job j ")


def test_each_refusal_says_what_the_job_is() -> None:
    assert refused({}, category="backup") == "is a backup, not a restore"
    assert refused({}, category="") == "is a job of no known kind, not a restore"
    assert refused({}, instance="/other") == "is one of /other"
    assert refused({}, instance="") == "is one of an instance that it does not name"
    assert refused({"started": EARLY}) == f"began at {EARLY}, before the first attempt"
    assert refused({"started": None}) == "began at a time it does not name, before the first attempt"
    assert refused({"destination": "https://x"}) == f"restores to https://x, this restore goes to {CONTAINER}"
    assert refused({}, holder="another") == "belongs to another"
