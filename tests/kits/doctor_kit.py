"""Worlds for the doctor: a healthy one, what may be planted in it, and what was said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from deskctl.doctor.app import TRIGGERS
from local.cli import run
from local.emulator import Emulator, Options
from local.emulator.world.seed import SUBSCRIPTION, Assignment, Resource, Seed, Vault
from shared.api.routes import ROUTES
from tests.kits.emulator_kit import CONTAINER, FLEX, WORLD
from tests.kits.served_desk import written

DESK = "22222222-2222-3333-4444-555555555555"
ME = "33333333-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/targetrg/providers"
ACCOUNT = f"{GROUP}/Microsoft.Storage/storageAccounts/testossstorageaccount"
CONTAINER_ID = f"{ACCOUNT}/blobServices/default/containers/drills"
SERVER = f"{GROUP}/Microsoft.DBforPostgreSQL/servers/targetossserver"
APP = f"{GROUP}/Microsoft.Web/sites/desk-app"
KEY_VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/restore-desk-kv"
SECRET = f"{GROUP}/Microsoft.KeyVault/vaults/restore-desk-kv/secrets/dbauth3"
BACKUP_OPERATOR = "00c29273-979b-4161-815c-10b084fb9324"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
MUA_OPERATOR = "f54b6d04-23c6-443e-b462-9c16ab7b4a52"


def granted(vault: Vault) -> tuple[Assignment, ...]:
    scope = WORLD.vault_id(vault)
    return tuple(Assignment(scope=scope, principal=DESK, role=role) for role in (BACKUP_OPERATOR, READER))


def healthy(location: str = "eastus2") -> Seed:
    """The emulator's world, with the desk's roles, the secret that it lacks, a deployed app, the account at hand."""
    more = tuple(each for vault in WORLD.vaults for each in granted(vault))
    seed = replace(WORLD, assignments=(*WORLD.assignments, *more))
    return with_resources(seed, Resource(id=SECRET), Resource(id=ACCOUNT, location=location), *app())


def with_resources(seed: Seed, *more: Resource) -> Seed:
    """In place of those with the same ids."""
    ids = {each.id for each in more}
    return replace(seed, resources=(*(each for each in seed.resources if each.id not in ids), *more))


def app(*, lacks: tuple[str, ...] = (), off: tuple[str, ...] = (), status: str = "Resolved") -> tuple[Resource, ...]:
    """A function app as ARM shows it: its functions, and the state of its references to Key Vault."""
    names = [name for name in (*(route.name for route in ROUTES), *TRIGGERS) if name not in lacks]
    listed = [{"name": f"desk-app/{name}", "properties": {"isDisabled": name in off}} for name in names]
    held = {"status": status, "vaultName": "desk-kv", "secretName": "teams-url"}
    states = [{"name": "TEAMS_URL", "properties": held}, {"name": "PLAIN", "properties": {}}]
    return (
        Resource(id=f"{APP}/functions", body={"value": listed}),
        Resource(id=f"{APP}/config/configreferences/appsettings", body={"value": states}),
    )


def changed(seed: Seed, vault: Vault, **about: object) -> Seed:
    """One property of every instance of a vault is other than usual."""
    instances = tuple(replace(each, about=about) for each in vault.instances)
    return with_vault(seed, replace(vault, instances=instances))


def with_vault(seed: Seed, vault: Vault) -> Seed:
    return replace(seed, vaults=tuple(vault if each.name == vault.name else each for each in seed.vaults))


def without(seed: Seed, *ids: str) -> Seed:
    return replace(seed, resources=tuple(each for each in seed.resources if each.id not in ids))


@dataclass
class Case:
    """What the file says, and the world it is held against."""

    vault: Vault = FLEX
    seed: Seed = field(default_factory=healthy)
    instance: Mapping[str, object] = field(default_factory=dict)
    target: Mapping[str, object] = field(default_factory=dict)
    only: int | None = None

    def config(self, folder: Path) -> Path:
        instances = {
            each.database or each.server: {
                "id": f"{WORLD.vault_id(self.vault)}/backupInstances/{each.name}",
                "targets": ["drills"],
                **self.instance,
            }
            for each in self.vault.instances[: self.only]
        }
        target = {"kind": "files", "container": CONTAINER, "containerId": CONTAINER_ID, **self.target}
        kept = {name: value for name, value in target.items() if value is not None}
        return written(folder / "desk.toml", instances=instances, targets={"drills": kept})


@dataclass
class Seen:
    code: int
    said: str

    def lines(self, state: str) -> list[str]:
        return [line for line in self.said.splitlines() if line.startswith(state)]


def examined(tmp_path: Path, case: Case, capsys: pytest.CaptureFixture[str], *more: str) -> Seen:
    config = case.config(tmp_path)
    with Emulator(Options(state=tmp_path / "arm"), case.seed) as azure:
        code = run(["doctor", "--config", str(config), "--arm", azure.url, "--identity", DESK, "--app", APP, *more])
    return Seen(code, capsys.readouterr().out)
