"""What a restore and its plan say of themselves: the prefix of its files, where it leads, the age of its point."""

from typing import Any

from shared.domain.restore import Plan, Restore
from tests.kits.restores import CONTAINER, DATABASE, FILES, NOW, a_restore


def prefixed(**changes: Any) -> Restore:
    return a_restore(id="r", **changes)


def test_the_prefix_of_an_attempts_files() -> None:
    assert prefixed(plan=None).file_prefix(1) == "pg-prod-01-r-1"
    assert prefixed(plan=None, instance_name=None).file_prefix(2) == "restore-r-2"
    assert prefixed(plan=FILES.model_copy(update={"prefix": "q3"})).file_prefix(1) == "q3-r-1"
    assert prefixed(plan=FILES).file_prefix(1) == "pg-prod-01-r-1"


def test_where_a_plan_leads() -> None:
    assert FILES.destination == CONTAINER
    assert DATABASE.destination == f"{DATABASE.server}/databases/emp21"
    own = Plan(kind="files", account="/a")
    assert own.destination == "/a, in a container of its own"
    assert own.model_copy(update={"container": "c"}).destination == "c"
    assert prefixed().age_of_point(NOW.replace(hour=3)) == 3600
    assert prefixed(point=None).age_of_point(NOW) is None
