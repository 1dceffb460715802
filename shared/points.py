"""Recovery points: reading a list of them, and choosing the one that was asked for. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.loose import Loose
from shared.restore import Datasource, Point
from shared.values import utc

UNSET = datetime(1, 1, 1, tzinfo=UTC)


class NoPoint(Exception):
    """No recovery point fits; the text says which were passed over and why."""


@dataclass(frozen=True)
class PointRead:
    """A recovery point as listed, before one is chosen."""

    id: str
    time: datetime
    state: str | None
    type: str | None
    friendly_name: str | None
    tag: str | None
    expiry: datetime | None
    stores: tuple[Loose, ...]

    def chosen(self, now: datetime) -> Point:
        """The point as a restore pins it: in the vault where it is there, or is rehydrated for now; else in archive."""
        in_vault = any(store.says("type", "vaultstore") for store in self.stores)
        rehydrated = any(
            store.says("rehydrationStatus", "completed") and (store.moment("rehydrationExpiryTime") or UNSET) > now
            for store in self.stores
        )
        in_archive = any(store.says("type", "archivestore") for store in self.stores)
        archived = in_archive and not in_vault and not rehydrated
        return Point(
            id=self.id,
            time=self.time,
            tier="ArchiveStore" if archived else "VaultStore",
            rehydrated=rehydrated,
            tag=self.tag,
            type=self.type,
            expiry=self.expiry,
            friendly_name=self.friendly_name,
        )


def read_point(item: object) -> PointRead | None:
    """AzureBackupRecoveryPointResource → the point; None where it has no id or no time."""
    resource = Loose(item)
    inner = resource.part("properties")
    identity, time = resource.text("name") or inner.text("recoveryPointId"), inner.moment("recoveryPointTime")
    if not identity or not time:
        return None
    return PointRead(
        id=identity,
        time=time,
        state=inner.text("recoveryPointState"),
        type=inner.text("recoveryPointType"),
        friendly_name=inner.text("friendlyName"),
        tag=inner.text("retentionTagName"),
        expiry=inner.moment("expiryTime"),
        stores=tuple(inner.parts("recoveryPointDataStoresDetails")),
    )


def read_datasource(item: object) -> Datasource | None:
    """BackupInstanceResource → what it protects."""
    inner = Loose(item).part("properties")
    info = inner.part("dataSourceInfo")
    kind, resource_id = info.text("datasourceType") or info.text("resourceType"), info.text("resourceID")
    if not kind or not resource_id:
        return None
    name = inner.text("friendlyName") or info.text("resourceName") or resource_id.rsplit("/", 1)[1]
    return Datasource(type=kind, id=resource_id, name=name, location=info.text("resourceLocation"))


def choose(points: Iterable[PointRead], asked: Mapping[str, Any], now: datetime, flexible: bool) -> Point:
    """The point that a request asks for, or NoPoint.

    Partial, expired and hidden points are passed over; so are archived ones of a flexible server, which Azure
    cannot restore (https://learn.microsoft.com/azure/backup/backup-azure-database-postgresql-flex-support-matrix).
    """
    found = sorted(points, key=lambda p: p.time, reverse=True)
    wanted = asked.get("recoveryPoint", "latest")
    if isinstance(wanted, dict) and "id" in wanted:
        return _by_id(found, str(wanted["id"]), now, flexible)
    limit = utc(wanted["atOrBefore"]) if isinstance(wanted, dict) else now
    passed: dict[str, int] = {}
    for point in (p for p in found if p.time <= limit):
        fault = unfit(point, now, flexible)
        if fault is None:
            return _young_enough(point, asked.get("maxAgeHours"), now)
        passed[fault] = passed.get(fault, 0) + 1
    why = ", ".join(f"{count} {fault}" for fault, count in passed.items()) or "none is listed"
    raise NoPoint(
        f"no recovery point {'at or before ' + limit.isoformat() if isinstance(wanted, dict) else ''} can be "
        f"restored ({why}); see GET /api/instances/{{instance}}/recovery-points"
    )


def unfit(point: PointRead, now: datetime, flexible: bool) -> str | None:
    """Why a point cannot be restored, or None."""
    if (point.state or "").lower() == "partial":
        return "partial"
    if point.expiry and point.expiry <= now:
        return "expired"
    if point.stores and all(store["visible"] is False for store in point.stores):
        return "hidden"
    if flexible and point.chosen(now).tier == "ArchiveStore":
        return "in archive, which flexible servers cannot be restored from"
    return None


def _by_id(found: list[PointRead], identity: str, now: datetime, flexible: bool) -> Point:
    for point in found:
        if point.id.lower() == identity.lower():
            fault = unfit(point, now, flexible)
            if fault:
                raise NoPoint(f"recovery point {identity} is {fault}")
            return point.chosen(now)
    named = next((p for p in found if (p.friendly_name or "").lower() == identity.lower()), None)
    if named:
        raise NoPoint(f"{identity} is the friendlyName of a recovery point; its id is {named.id}")
    raise NoPoint(f"this instance has no recovery point {identity}; it may have expired")


def _young_enough(point: PointRead, max_age_hours: int | None, now: datetime) -> Point:
    hours = (now - point.time).total_seconds() / 3600
    if max_age_hours is not None and hours > max_age_hours:
        raise NoPoint(f"the newest fitting recovery point is {hours:.0f} hours old; maxAgeHours is {max_age_hours}")
    return point.chosen(now)
