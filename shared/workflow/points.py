"""An instance's recovery points as the ledger remembers them, and one reading of Azure's list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.azure.port import Gone, Rejected
from shared.azure.recovery_points import PointRead, read_point, unfit
from shared.domain.problems import Trouble
from shared.frozen import frozen
from shared.workflow.azure_facts import datasource, remembered_source
from shared.workflow.ports import Parts


@frozen
class PointsRead:
    """The list as last read; `problem` says why the last reading failed, and then `points` are older or none."""

    at: datetime
    points: tuple[PointRead, ...]
    problem: str | None = None


def vault_of(instance: str) -> str:
    """The vault's ARM id, from a backup instance's."""
    return instance.rsplit("/", 2)[0]


def remembered_points(parts: Parts, instance: str) -> PointsRead | None:
    """The list in the ledger, or None if nobody has read it yet."""
    known = parts.board.recall(vault_of(instance), _name(instance))
    if known is None:
        return None
    return PointsRead(known[0], _read(known[1].get("value") or []), known[1].get("problem"))


def read_points(parts: Parts, instance: str) -> PointsRead:
    """Reads Azure's list of points (a scarce call) and saves it. A refusal is saved as the problem, and the last known
    points stay. Raises Trouble."""
    now = parts.now()
    try:
        items: list[Any] = parts.azure.points(instance, "")
        datasource(parts, vault_of(instance), instance)
    except (Rejected, Gone) as no:
        known = parts.board.recall(vault_of(instance), _name(instance))
        items, problem = (known[1].get("value") or [] if known else []), f"Azure said no: {no}"
        _remember(parts, instance, {"value": items, "problem": problem}, now)
        return PointsRead(now, _read(items), problem)
    _remember(parts, instance, {"value": items}, now)
    return PointsRead(now, _read(items))


def newest_usable(parts: Parts, instance: str, read: PointsRead) -> PointRead | None:
    """The newest point that can be restored now."""
    source, now = remembered_source(parts, instance), parts.now()
    flexible = source is not None and source.flexible
    usable = [point for point in read.points if unfit(point, now, flexible) is None]
    return max(usable, key=lambda point: point.time, default=None)


def is_stale(newest: PointRead | None, days: float, now: datetime) -> bool:
    """Whether the newest usable point is older than `days`, or there is none."""
    return newest is None or now - newest.time > timedelta(days=days)


def points_now(parts: Parts, instance: str) -> PointsRead:
    """The remembered list while it is fresh and whole, else Azure's; during trouble an older one. Raises Trouble."""
    known = remembered_points(parts, instance)
    if known and known.problem is None and (parts.now() - known.at).total_seconds() < parts.pace.points_fresh:
        return known
    try:
        return read_points(parts, instance)
    except Trouble:
        if known:
            return known
        raise


def _remember(parts: Parts, instance: str, value: dict[str, Any], now: datetime) -> None:
    parts.board.remember(vault_of(instance), _name(instance), value, now)


def _name(instance: str) -> str:
    return "points-" + instance.rsplit("/", 1)[-1].lower()


def _read(items: Sequence[Any]) -> tuple[PointRead, ...]:
    return tuple(point for point in map(read_point, items) if point)
