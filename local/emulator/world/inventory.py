"""What exists before anyone restores: vaults, instances, recovery points, other resources, as rows."""

import json
import sqlite3
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter

from local.emulator.world.seed import Assignment, Instance, Resource, Vault
from local.emulator.world.store import Store

_VAULT = TypeAdapter(Vault)
_INSTANCE = TypeAdapter(Instance)
_RESOURCE = TypeAdapter(Resource)


@dataclass(frozen=True, slots=True)
class HeldVault:
    id: str
    subscription: str
    vault: Vault

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class HeldInstance:
    held: HeldVault
    instance: Instance

    @property
    def id(self) -> str:
        return f"{self.held.id}/backupInstances/{self.instance.name}"

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldPoint:
    """A point and, where an archived one was or is being rehydrated, that copy's times."""

    id: str
    friendly_name: str
    time: int
    store_id: str
    store: str
    state: str
    visible: bool
    expires: int | None
    rehydrating_until: int | None = None
    rehydrated_until: int | None = None


class Inventory:
    """Vaults and instances do not change between seedings, so parsed rows are kept."""

    def __init__(self, store: Store) -> None:
        self._db = store.db
        self._vaults: dict[str, HeldVault] = {}
        self._instances: dict[str, HeldInstance] = {}

    def forget(self) -> None:
        self._vaults.clear()
        self._instances.clear()

    def has_group(self, subscription: str, group: str) -> bool:
        key = f"/subscriptions/{subscription}/resourcegroups/{group}".lower()
        return self._db.execute("SELECT 1 FROM groups WHERE id = ?", (key,)).fetchone() is not None

    def has_subscription(self, subscription: str) -> bool:
        stem = f"/subscriptions/{subscription}/".lower()
        sql = "SELECT 1 FROM groups WHERE id >= ? AND id < ? LIMIT 1"
        return self._db.execute(sql, (stem, stem + "\x7f")).fetchone() is not None

    def vault(self, id_: str) -> HeldVault | None:
        key = id_.lower()
        if key not in self._vaults:
            row = self._db.execute("SELECT doc FROM vaults WHERE id = ?", (key,)).fetchone()
            if row is None:
                return None
            self._vaults[key] = _held(row)
        return self._vaults[key]

    def vaults(self, scope: str) -> list[HeldVault]:
        stem = scope.lower() + "/"
        sql = "SELECT doc FROM vaults WHERE id >= ? AND id < ? ORDER BY id"
        return [_held(row) for row in self._db.execute(sql, (stem, stem + "\x7f"))]

    def instance(self, id_: str) -> HeldInstance | None:
        key = id_.lower()
        if key not in self._instances:
            row = self._db.execute("SELECT vault, doc FROM instances WHERE id = ?", (key,)).fetchone()
            held = self.vault(row["vault"]) if row else None
            if row is None or held is None:
                return None
            self._instances[key] = HeldInstance(held, _INSTANCE.validate_json(row["doc"]))
        return self._instances[key]

    def instances(self, held: HeldVault, after: str, limit: int) -> list[HeldInstance]:
        sql = "SELECT doc FROM instances WHERE vault = ? AND id > ? ORDER BY id LIMIT ?"
        rows = self._db.execute(sql, (held.key, after, limit))
        return [HeldInstance(held, _INSTANCE.validate_json(row["doc"])) for row in rows]

    def point(self, instance: str, id_: str) -> HeldPoint | None:
        row = self._db.execute(_POINTS + " AND p.id = ?", (instance, id_.lower())).fetchone()
        return _point(row) if row else None

    def points(self, instance: str, span: tuple[int, int], before: tuple[int, str], limit: int) -> list[HeldPoint]:
        """Newest first, both ends of the span included, from just before (time, id)."""
        sql = (
            _POINTS + " AND p.time BETWEEN ? AND ? AND (p.time, p.id) < (?, ?) ORDER BY p.time DESC, p.id DESC LIMIT ?"
        )
        return [_point(row) for row in self._db.execute(sql, (instance, *span, *before, limit))]

    def rehydrate(self, instance: str, point: str, starts: int, ends: int, expires: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO rehydrations VALUES (?, ?, ?, ?, ?)", (instance, point, starts, ends, expires)
        )

    def resource(self, id_: str) -> Resource | None:
        row = self._db.execute("SELECT doc FROM resources WHERE id = ?", (id_.lower(),)).fetchone()
        return _RESOURCE.validate_json(row["doc"]) if row else None

    def assignments(self, scope: str) -> list[Assignment]:
        """At the scope and above it: a list for a scope shows what is inherited too."""
        sql = (
            "SELECT scope, principal, role, text FROM assignments LEFT JOIN conditions USING (scope, principal, role) "
            "WHERE substr(?, 1, length(scope) + 1) = lower(scope) || '/' ORDER BY scope, role"
        )
        rows = self._db.execute(sql, (scope.lower() + "/",))
        return [
            Assignment(scope=r["scope"], principal=r["principal"], role=r["role"], condition=r["text"]) for r in rows
        ]


_POINTS = (
    "SELECT p.doc, r.ends AS rehydrating, r.expires AS rehydrated FROM points p "
    "LEFT JOIN rehydrations r ON r.instance = p.instance AND r.point = p.id WHERE p.instance = ?"
)


def _held(row: sqlite3.Row) -> HeldVault:
    doc = json.loads(row["doc"])
    return HeldVault(doc["id"], doc["subscription"], _VAULT.validate_python(doc["vault"]))


def _point(row: sqlite3.Row) -> HeldPoint:
    point = HeldPoint(**json.loads(row["doc"]))
    if row["rehydrated"] is None:
        return point
    return replace(point, rehydrating_until=row["rehydrating"], rehydrated_until=row["rehydrated"])


def vault_doc(held: HeldVault) -> str:
    bare = replace(held.vault, instances=())
    return json.dumps({"id": held.id, "subscription": held.subscription, "vault": asdict(bare)})
