"""Puts a seed into the store: ages become times, names become ids. What is there already is replaced."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from local.emulator.world import ticks
from local.emulator.world.inventory import HeldInstance, HeldPoint, HeldVault, vault_doc
from local.emulator.world.left_behind import Job, add_job
from local.emulator.world.seed import Instance, Point, Seed, stable_guid
from local.emulator.world.store import Store

_BACKUP_SECONDS = 190


def plant(store: Store, seed: Seed, now: int) -> None:
    for vault in seed.vaults:
        held = HeldVault(seed.vault_id(vault), seed.subscription, vault)
        store.db.execute("INSERT OR REPLACE INTO vaults VALUES (?, ?)", (held.key, vault_doc(held)))
        for instance in vault.instances:
            _plant_instance(store, HeldInstance(held, instance), now)
    store.db.executemany("INSERT OR IGNORE INTO groups VALUES (?)", [(group,) for group in _groups(seed)])
    store.db.executemany(
        "INSERT OR REPLACE INTO resources VALUES (?, ?)",
        [(each.id.lower(), json.dumps(asdict(each))) for each in seed.resources],
    )
    store.db.executemany(
        "INSERT OR REPLACE INTO assignments VALUES (?, ?, ?)",
        [(each.scope, each.principal, each.role) for each in seed.assignments],
    )
    store.db.executemany(
        "INSERT OR REPLACE INTO conditions VALUES (?, ?, ?, ?)",
        [(each.scope, each.principal, each.role, each.condition) for each in seed.assignments if each.condition],
    )
    store.db.executemany(
        "INSERT OR REPLACE INTO databases VALUES (?, NULL)", [(each.lower(),) for each in seed.databases]
    )


def _plant_instance(store: Store, held: HeldInstance, now: int) -> None:
    instance = held.instance
    doc = json.dumps(asdict(instance))
    store.db.execute("INSERT OR REPLACE INTO instances VALUES (?, ?, ?)", (held.key, held.held.key, doc))
    points = [_point(instance, n, point, now) for n, point in enumerate(instance.points)]
    store.db.executemany(
        "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?)",
        [(held.key, point.id, point.time, json.dumps(asdict(point))) for point in points],
    )
    if instance.backup_jobs:
        for point in points:
            if point.time > now - 20 * ticks.DAY:
                add_job(store.db, _backup_job(held, point))


def _point(instance: Instance, n: int, point: Point, now: int) -> HeldPoint:
    def hexadecimal(role: str) -> str:
        return stable_guid(role, instance.name, n).replace("-", "")

    time = now - int(point.age_hours * 3600 * ticks.SECOND)
    identity = hexadecimal("point")
    days = point.expires_in_days
    rehydrated = point.rehydrated_for_days
    return HeldPoint(
        id=identity,
        # A flexible server's point is called by its id, a single server's is not.
        friendly_name=identity if instance.database is None else hexadecimal("friendly"),
        time=time,
        store_id=stable_guid("store", instance.name),
        store=point.store,
        state=point.state,
        visible=point.visible,
        expires=None if days is None else now + int(days * ticks.DAY),
        rehydrating_until=None if rehydrated is None else now - ticks.DAY,
        rehydrated_until=None if rehydrated is None else now + int(rehydrated * ticks.DAY),
    )


def _backup_job(held: HeldInstance, point: HeldPoint) -> Job:
    return Job(
        id=stable_guid("backup", held.key, point.id),
        vault=held.held.key,
        instance=held.key,
        category="Backup",
        started=point.time,
        ends=point.time + _BACKUP_SECONDS * ticks.SECOND,
        activity=stable_guid("activity", held.key, point.id),
        point=point.id,
        point_time=point.time,
    )


def _groups(seed: Seed) -> Iterator[str]:
    for vault in seed.vaults:
        for group in (vault.group, *(each.group for each in vault.instances)):
            yield f"/subscriptions/{seed.subscription}/resourcegroups/{group}".lower()
    for resource in seed.resources:
        yield "/".join(resource.id.lower().split("/")[:5])
