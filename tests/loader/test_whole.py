"""Not one false alarm on whole archives. `python -m tests.loader.good` does it for every major, with 5,000 tables."""

from collections.abc import Callable

import pytest

from local.postgres.programs import programs
from tests.loader.good import VARIANTS, archives

pytestmark = pytest.mark.slow


def test_whole_archives_of_every_kind_pass_with_their_exact_rows(
    record_property: Callable[[str, object], None],
) -> None:
    looked = list(archives(programs()[18], many=False))
    assert {good.name: good.fault for good in looked if good.fault} == {}
    assert len(looked) > 2 * len(VARIANTS)
    assert len([good for good in looked if good.rows]) > 10
    record_property("said", f"{len(looked) // 2} whole archives of PostgreSQL 18: no false alarm")
