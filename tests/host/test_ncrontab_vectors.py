"""NCRONTAB against the answers of NCrontab 3.4.0 itself, where they lie beside the repository."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from local.host.bindings import ncrontab

VECTORS = Path(__file__).parents[3] / "shared" / "reference" / "ncrontab-vectors.json"
__test__ = VECTORS.is_file()  # they lie beside the repository; without them nothing here is collected
# Taken by NCrontab 3.4.0 and refused here on purpose: a step of 0 or below counts as 1 there, and a date that never
# comes never fires. Both are slips of the pen that nobody would see.
ON_PURPOSE = re.compile(r"/0+\b|/-\d|^0 0 0 3[01] (2|feb|4,6,9,11) \*$", re.IGNORECASE)


def test_the_answers_of_ncrontab_itself() -> None:
    rows = json.loads(VECTORS.read_text())
    refused, differing = [], []
    for row in rows:
        try:
            schedule = ncrontab.parse(row["expression"])
            now, found = datetime.fromisoformat(row["after"]).replace(tzinfo=UTC), []
            for _ in row.get("next", ()):
                now = schedule.next(now)
                found.append(now.strftime("%Y-%m-%dT%H:%M:%S"))
        except ncrontab.InvalidSchedule:
            if "error" not in row:
                refused.append(row["expression"])
            continue
        if "error" in row or found != row["next"]:
            differing.append(row)
    assert differing == []
    assert [expression for expression in refused if not ON_PURPOSE.search(expression)] == []
    assert len(rows) > 500
