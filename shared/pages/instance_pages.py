"""/desk/instances and /desk/instances/{name}: what can be restored and from when, how it went before, who may."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from shared.api.http import Call
from shared.config.desk_file import Desk, InstanceEntry, Rights
from shared.domain.problems import Problem, Trouble, unknown
from shared.frozen import frozen
from shared.pages import plots
from shared.pages.access import choices
from shared.pages.outlook import Past, percentile
from shared.pages.visit import Ports, Shown, Visit

DAYS = 8  # without staleAfterDays: flexible servers are backed up weekly, and a day is given for the backup itself
WEEKS = 6
MOST_POINTS = 100
type Json = dict[str, Any]


@frozen
class Day:
    """A day of the calendar and its recovery points."""

    day: date
    points: int
    archive: bool
    usable: bool
    future: bool


@frozen
class Grant:
    """Who may ask for an instance, and where it may go then."""

    who: str
    targets: str


def instances(ports: Ports, visit: Visit) -> Shown:
    """The instances of desk.toml, with their newest point and its age."""
    rows = ports.instances_api.rows()
    may_ask = choices(visit.person, visit.desk)
    lines = [
        {
            **row,
            "point": (point := row.get("lastPoint")),
            "old": is_old(point, visit.desk.instances.get(row["name"])),
            "ask": row["name"] in may_ask,
        }
        for row in rows
    ]
    return Shown("instances.html", {"lines": lines})


def is_old(point: Json | None, entry: InstanceEntry | None) -> bool:
    """Whether a point is older than `staleAfterDays`, or than eight days if desk.toml has no such line."""
    days = (entry.stale_after_days if entry else None) or DAYS
    return point is not None and point["ageSeconds"] > days * 86400


def instance(ports: Ports, visit: Visit) -> Shown:
    """One instance: its points on a calendar, earlier restores over time, sources and targets."""
    name = visit.path.removeprefix("instances/")
    if name not in visit.desk.instances:
        raise unknown("instance", name[:100], "instance", visit.desk.instances)
    entry = visit.desk.instances[name]
    points, problem = points_of(ports, name)
    usable = [point for point in points if point["restorable"]]
    earlier = ports.history.of(entry.id)
    values = {
        "name": name,
        "id": entry.id,
        "points": points[:MOST_POINTS],
        "more": max(0, len(points) - MOST_POINTS),
        "newest": usable[0] if usable else None,
        "old": bool(usable) and is_old(usable[0], entry),
        "problem": problem,
        "weeks": calendar(points, visit.now),
        "earlier": earlier[::-1],
        "rto": _plot("Minutes from request to files, over time (RTO)", "min", earlier, [p.total / 60 for p in earlier]),
        "rpo": _plot(
            "Hours of changes that were not in it, over time (RPO)",
            "h",
            [past for past in earlier if past.point_age is not None],
            [past.point_age / 3600 for past in earlier if past.point_age is not None],
        ),
        "usual": percentile([past.total for past in earlier], 0.5),
        "worst": percentile([past.total for past in earlier], 0.95),
        "grants": list(grants(visit.desk, name)),
        "ask": name in choices(visit.person, visit.desk),
    }
    return Shown("instance.html", values)


def points_of(ports: Ports, name: str) -> tuple[list[Json], str | None]:
    """The recovery points, newest first; or why they cannot be read now."""
    try:
        answer = ports.instances_api.recovery_points(Call(path={"instance": name}))
    except (Problem, Trouble) as no:
        return [], str(no)
    return json.loads(answer.body)["value"], None


def calendar(points: Sequence[Mapping[str, Any]], now: datetime) -> list[list[Day]]:
    """Six weeks up to this one, Monday first."""
    monday = now.date() - timedelta(days=now.weekday(), weeks=WEEKS - 1)
    by_day: dict[date, list[Mapping[str, Any]]] = {}
    for point in points:
        by_day.setdefault(datetime.fromisoformat(point["time"]).date(), []).append(point)

    def cell(day: date) -> Day:
        own = by_day.get(day, [])
        archive = bool(own) and all(point["tier"] == "ArchiveStore" for point in own)
        return Day(day, len(own), archive, any(point["restorable"] for point in own), day > now.date())

    return [[cell(monday + timedelta(days=7 * week + day)) for day in range(7)] for week in range(WEEKS)]


def _plot(title: str, unit: str, earlier: Sequence[Past], values: Sequence[float]) -> str:
    if len(earlier) < 2:
        return ""
    first, last = earlier[0].closed_at, earlier[-1].closed_at
    whole = max((last - first).total_seconds(), 1.0)
    places = [(past.closed_at - first).total_seconds() / whole for past in earlier]
    return plots.dots(title, unit, [plots.Dot(at, value) for at, value in zip(places, values, strict=True)])


def grants(desk: Desk, name: str) -> Iterator[Grant]:
    """Every source that may ask for this instance, with the targets that the source and the instance both allow."""
    ways: dict[str, Rights] = {"http": desk.http, "queue": desk.queue}
    ways |= {f"tickets/{source}": rights for source, rights in desk.tickets.items()}
    ways |= {f"page, role {role}": rights for role, rights in (desk.page.roles if desk.page else {}).items()}
    own = desk.instances[name].targets
    for way, rights in ways.items():
        open_to = [target for target in own if target in rights.targets]
        if {"*", name} & {*rights.instances} and open_to:
            yield Grant(way, ", ".join(open_to))
