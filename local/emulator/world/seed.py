"""What a world starts with, as a frozen tree that JSON loads too: vaults, instances, points, other resources."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
SINGLE = "Microsoft.DBforPostgreSQL/servers/databases"
FLEXIBLE = "Microsoft.DBforPostgreSQL/flexibleServers"

_NAMESPACE = uuid.UUID("6b0a3a43-0f4e-4c0e-9d6c-3d4f6f1f2a10")

StoreName = Literal["VaultStore", "ArchiveStore"]
State = Literal["Enabled", "Disabled", "PermanentlyDisabled"]


@cache
def stable_guid(*parts: object) -> str:
    """The same parts give the same id in every run, so that settings and tests can name things."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in parts).lower()))


@dataclass(frozen=True, kw_only=True)
class Point:
    """Ages are relative to the moment of seeding."""

    age_hours: float
    store: StoreName = "VaultStore"
    state: Literal["Completed", "Partial"] = "Completed"
    expires_in_days: float | None = 365.0
    visible: bool = True
    rehydrated_for_days: float | None = None


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A single server's instance is one database; a flexible server's is the whole server."""

    server: str
    group: str
    location: str
    database: str | None = None
    databases: tuple[str, ...] = ("postgres",)  # of a flexible server: one file each
    points: tuple[Point, ...] = ()
    job_seconds: float | None = None
    backup_jobs: bool = True  # list a finished backup job for each young point
    about: Mapping[str, Any] = field(default_factory=dict)  # properties that are other than usual

    @property
    def kind(self) -> str:
        return FLEXIBLE if self.database is None else SINGLE

    @property
    def name(self) -> str:
        stem = self.server if self.database is None else f"{self.server}-{self.database}"
        return f"{stem}-{stable_guid('instance', stem)}"


@dataclass(frozen=True, kw_only=True)
class Guard:
    group: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Vault:
    """`async_scope`: where Azure-AsyncOperation points; `echoes_request_ids`: activityID is the client's id."""

    name: str
    group: str
    location: str
    instances: tuple[Instance, ...] = ()
    redundancy: Literal["LocallyRedundant", "ZoneRedundant", "GeoRedundant"] = "LocallyRedundant"
    replicated_regions: tuple[str, ...] = ()
    cross_region: State = "Disabled"
    cross_subscription: State = "Enabled"
    secondary_lag_hours: float = 12.0
    system_identity: bool = True
    user_identities: tuple[str, ...] = ()
    guard: Guard | None = None
    echoes_request_ids: bool = True
    async_scope: Literal["vault", "resourceGroup", "location"] = "vault"
    about: Mapping[str, Any] = field(default_factory=dict)  # properties that are other than usual

    @property
    def principal(self) -> str:
        return stable_guid("principal", self.name)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Any other ARM resource that a GET should find."""

    id: str
    location: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)  # properties that are other than usual
    body: Mapping[str, Any] = field(default_factory=dict)  # of a document that is no resource: answered as it stands


@dataclass(frozen=True, kw_only=True)
class Assignment:
    scope: str
    principal: str
    role: str  # the role definition's GUID
    condition: str | None = None


@dataclass(frozen=True, kw_only=True)
class Seed:
    subscription: str = SUBSCRIPTION
    vaults: tuple[Vault, ...] = ()
    resources: tuple[Resource, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    databases: tuple[str, ...] = ()  # ARM ids of databases that exist: restores to them fail

    def vault_id(self, vault: Vault) -> str:
        return vault_id(self.subscription, vault)


def vault_id(subscription: str, vault: Vault) -> str:
    group = f"/subscriptions/{subscription}/resourceGroups/{vault.group}"
    return f"{group}/providers/Microsoft.DataProtection/backupVaults/{vault.name}"


def server_id(subscription: str, instance: Instance) -> str:
    kind = "flexibleServers" if instance.database is None else "servers"
    group = f"/subscriptions/{subscription}/resourceGroups/{instance.group}"
    return f"{group}/providers/Microsoft.DBforPostgreSQL/{kind}/{instance.server}"


def source_id(subscription: str, instance: Instance) -> str:
    server = server_id(subscription, instance)
    return server if instance.database is None else f"{server}/databases/{instance.database}"


def load(path: Path) -> Seed:
    return parse(path.read_bytes())


def parse(text: bytes | str) -> Seed:
    return TypeAdapter(Seed).validate_json(text)
