"""Recovery points: reading a list of them, and choosing the one that was asked for. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.azure.lenient_json import Loose
from shared.domain.restore import Datasource, Point
from shared.domain.values import utc
from shared.frozen import frozen


class NoPoint(Exception):
    """No recovery point fits; the text says which were passed over and why."""


@frozen
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
        """The point as a restore pins it: in the vault if it is there, or is rehydrated for now; else in archive."""
        there = [store for store in self.stores if _unfit_store(store, now) is None]
        rehydrated = any(_rehydrated(store, now) for store in there)
        in_vault = any(store.says("type", "vaultstore") and not _copy_gone(store, now) for store in there)
        in_archive = any(store.says("type", "archivestore") for store in there)
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


def _unfit_store(store: Loose, now: datetime) -> str | None:
    """Why a data store no longer gives the point, or None."""
    if store["visible"] is False:
        return "hidden"
    expiry = store.moment("expiryTime")
    return "expired" if expiry and expiry <= now else None


def _rehydrated(store: Loose, now: datetime) -> bool:
    until = store.moment("rehydrationExpiryTime")
    return store.says("rehydrationStatus", "completed") and until is not None and until > now


def _copy_gone(store: Loose, now: datetime) -> bool:
    """Whether what stands in the vault is the rehydrated copy of an archived point, not ready yet or gone again.

    Whether Azure lists that copy as an entry of its own or marks the archive's is not documented: both are read.
    """
    return store.text("rehydrationStatus") is not None and not _rehydrated(store, now)


def read_point(item: object) -> PointRead | None:
    """AzureBackupRecoveryPointResource → the point; None if it has no id or no time."""
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
        return _by_id(found, str(wanted["id"]), asked.get("maxAgeHours"), now, flexible)
    limit = utc(wanted["atOrBefore"]) if isinstance(wanted, dict) else now
    passed: dict[str, int] = {}
    for point in (p for p in found if p.time <= limit):
        fault = unfit(point, now, flexible)
        if fault is None:
            return _young_enough(point, asked.get("maxAgeHours"), now)
        passed[fault] = passed.get(fault, 0) + 1
    why = ", ".join(f"{count} {fault}" for fault, count in passed.items()) or "none is listed"
    when = f" at or before {limit:%Y-%m-%d %H:%M:%S} UTC" if isinstance(wanted, dict) else ""
    near = limit if isinstance(wanted, dict) else None
    raise NoPoint(f"no recovery point{when} can be restored ({why}); {_others(found, now, flexible, near)}")


def _others(found: list[PointRead], now: datetime, flexible: bool, near: datetime | None = None) -> str:
    """What there is instead: the oldest, the newest, and the one nearest to a moment; `found` is newest first."""
    usable = [point for point in found if unfit(point, now, flexible) is None]
    if not found:
        return "the vault lists none of this instance"
    if not usable:
        return (
            f"none of the {len(found)} listed can be restored, the oldest {_said(found[-1])}, newest {_said(found[0])}"
        )
    named = [("oldest", usable[-1]), ("newest", usable[0])]
    if near is not None:
        named.append(("nearest to it", min(usable, key=lambda point: abs(point.time - near))))
    return "there are: " + ", ".join(f"{word} {_said(point)}" for word, point in named)


def _said(point: PointRead) -> str:
    return f"{point.time:%Y-%m-%d %H:%M} UTC (id {point.id})"


def unfit(point: PointRead, now: datetime, flexible: bool) -> str | None:
    """Why a point cannot be restored, or None."""
    if (point.state or "").lower() == "partial":
        return "partial"
    if point.expiry and point.expiry <= now:
        return "expired"
    faults = {_unfit_store(store, now) for store in point.stores}
    if faults and None not in faults:
        return "expired" if "expired" in faults else "hidden"
    if flexible and point.chosen(now).tier == "ArchiveStore":
        return "in archive, which flexible servers cannot be restored from; choose one that is in the vault"
    return None


def _by_id(found: list[PointRead], identity: str, max_age_hours: int | None, now: datetime, flexible: bool) -> Point:
    for point in found:
        if point.id.lower() == identity.lower():
            fault = unfit(point, now, flexible)
            if fault:
                others = _others(found, now, flexible, point.time)
                raise NoPoint(f"recovery point {identity} is {fault}; {others}")
            return _young_enough(point, max_age_hours, now)
    named = next((p for p in found if (p.friendly_name or "").lower() == identity.lower()), None)
    if named:
        raise NoPoint(
            f"{identity} is the friendlyName of a recovery point, which is for display only; its id is {named.id}: "
            f'ask with "recoveryPoint": {{"id": "{named.id}"}}'
        )
    others = _others(found, now, flexible)
    raise NoPoint(f"this instance has no recovery point {identity}; it may have expired; {others}")


def _young_enough(point: PointRead, max_age_hours: int | None, now: datetime) -> Point:
    hours = (now - point.time).total_seconds() / 3600
    if max_age_hours is not None and hours > max_age_hours:
        raise NoPoint(
            f"the fitting recovery point, of {_said(point)}, is {hours:.0f} hours old; maxAgeHours is {max_age_hours}"
        )
    return point.chosen(now)
