"""/desk/restores: all restores of some days, filtered, page by page, the newest first; also as CSV."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Any
from urllib.parse import urlencode

from shared.api.http import Answer, known_parameters
from shared.api.listing import Listing
from shared.api.views import row_view
from shared.domain.problems import invalid, unknown
from shared.domain.restore import Phase
from shared.domain.text import cell, whole
from shared.domain.values import iso, utc
from shared.pages.templates import HEADERS
from shared.pages.visit import REFRESH, Ports, Shown, Visit

FILTERS = ("instance", "phase", "by", "ticket", "from", "until")
PAGE, MOST_PAGE, MOST = 50, 200, 5000
DAYS = 30  # shown where no time is asked for
COLUMNS = (
    "id", "phase", "instance", "acceptedAt", "closedAt", "via", "requestedBy", "ticket", "reason", "dryRun", "job",
)  # fmt: skip
EMPTY = dict.fromkeys(COLUMNS)
type Line = dict[str, Any]


def restores(ports: Ports, visit: Visit) -> Shown | Answer:
    """The lines that fit the filters."""
    known_parameters(visit.call.query, (*FILTERS, "page", "size", "format"))
    begin = _moment(visit, "from") or visit.now - timedelta(days=DAYS)
    rows = _rows(ports, visit, begin)
    found = nlargest(MOST + 1, filter(_fits(visit), rows), key=lambda line: str(line.get("acceptedAt", "")))
    if visit.said("format") == "csv":
        return _csv(found[:MOST])
    number, size = _number(visit, "page", 1, MOST), _number(visit, "size", PAGE, MOST_PAGE)
    shown = [{**EMPTY, **line} for line in found[(number - 1) * size : number * size]]
    values = {
        "lines": shown,
        "count": min(len(found), MOST),
        "cut": len(found) > MOST,
        "number": number,
        "newer": _link(visit, number - 1) if number > 1 else None,
        "older": _link(visit, number + 1) if len(found) > number * size else None,
        "csv": _link(visit, 1, format="csv"),
        "said": {name: visit.said(name) for name in FILTERS},
        "begin": begin,
        "phases": [phase.value for phase in Phase],
        "filtered": any(visit.said(name) for name in FILTERS),
    }
    moves = any(not line.get("closedAt") for line in shown)
    return Shown("restores.html", values, REFRESH * 3 if moves else None)


def _rows(ports: Ports, visit: Visit, begin: datetime) -> Any:
    wanted = visit.said("instance")
    if wanted and wanted not in visit.desk.instances:
        raise unknown("instance", wanted[:200], "instance", visit.desk.instances)
    query = {"instance": wanted} if wanted else {}
    return map(row_view, Listing(ports.parts, lambda restore, parts: {}).since(query, begin))


def _fits(visit: Visit) -> Callable[[Line], bool]:
    phase, by, ticket = visit.said("phase"), visit.said("by").lower(), visit.said("ticket").lower()
    if phase and phase not in set(Phase):
        raise unknown("phase", phase[:60], "phase", [known.value for known in Phase])
    moment = _moment(visit, "until")
    until = iso(moment + timedelta(days=1)) if moment else ""  # the day itself is meant, too

    def fits(line: Line) -> bool:
        return (
            (not phase or line.get("phase") == phase)
            and (not by or by in str(line.get("requestedBy", "")).lower())
            and (not ticket or ticket in str(line.get("ticket", "")).lower())
            and (not until or str(line.get("acceptedAt", "")) < until)
        )

    return fits


def _moment(visit: Visit, name: str) -> datetime | None:
    text = visit.said(name)
    try:
        return utc(text) if text else None
    except (ValueError, OverflowError) as error:
        raise invalid(name, "a day is expected, such as 2026-10-01") from error


def _number(visit: Visit, name: str, default: int, most: int) -> int:
    text = visit.said(name)
    found = whole(text, most) if text else default
    if found is None:
        raise invalid(name, f"a number from 1 to {most} is expected")
    return found


def _link(visit: Visit, number: int, **more: str) -> str:
    kept = {name: visit.said(name) for name in (*FILTERS, "size") if visit.said(name)}
    return f"/desk/restores?{urlencode({**kept, **({'page': number} if number > 1 else {}), **more})}"


def _csv(lines: list[Line]) -> Answer:
    """For spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in lines:
        said = (line.get(name) for name in COLUMNS)
        writer.writerow(["" if value is None else cell(str(value)) for value in said])
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="restores.csv"'}
    return Answer(200, text.getvalue().encode(errors="replace"), headers, "text/csv")
