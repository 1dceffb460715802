"""`doctor --before` names what would end a deployment, each fault with the line that mends it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from deskctl.arm_reader import ArmReader
from deskctl.doctor.before import PROVIDERS, look
from deskctl.doctor.findings import Finding, show
from deskctl.doctor.preflight import Before, read_values
from local.cli import run
from local.emulator import Emulator, Options
from local.emulator.api.surroundings import stack
from local.emulator.world.seed import SUBSCRIPTION, TENANT, Assignment, Resource, Seed
from shared.advice.shell_commands import BLOB_CONTRIBUTOR
from tests.kits.doctor_kit import CONTAINER_ID, healthy, with_vault
from tests.kits.emulator_kit import FLEX, WORLD

S = f"/subscriptions/{SUBSCRIPTION}"
VAULT = WORLD.vault_id(FLEX)
VALUES = {
    "AZURE_ENV_NAME": "desk",
    "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
    "AZURE_LOCATION": "westeurope",
    "DESK_VAULTS": VAULT,
    "DESK_VAULT_PRINCIPALS": FLEX.principal,
    "DESK_TARGET_CONTAINERS": CONTAINER_ID,
    "DESK_SECRETS": "DESK_HEALTH_KEY,TEAMS_URL",
}
FILE = '[channels.t]\nkind = "teams"\nurl = { env = "TEAMS_URL" }\n'
CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"]}


def planted(path: str, body: Mapping[str, Any]) -> Seed:
    return replace(healthy(), resources=(*healthy().resources, Resource(id=path, body=body)))


def permissions(scope: str, *held: Mapping[str, Any]) -> Seed:
    return planted(f"{scope}/providers/Microsoft.Authorization/permissions", {"value": list(held)})


def without_writers() -> Seed:
    seed = healthy()
    return replace(seed, assignments=tuple(one for one in seed.assignments if one.role != BLOB_CONTRIBUTOR))


OTHER = "11111111-1111-1111-1111-111111111111"
POLICY = f"{S}/providers/Microsoft.Authorization/policyAssignments/no-public-vaults"
AWAY = (Resource(id=f"/subscriptions/{OTHER}/resourceGroups/x"), Resource(id=S, body={"tenantId": OTHER}))
REFUSED = {"Microsoft.KeyVault/vaults": POLICY}
ELSEWHERE = {"name": "python", "properties": {"majorVersions": [{"minorVersions": [
    {"value": "3.13", "stackSettings": {"linuxRuntimeSettings": {"Sku": [{"skuCode": "EP1"}]}}}]}]}}  # fmt: skip
GONE = {"name": "kv-abc", "properties": {"tags": {"azd-env-name": "desk"}}}
LOCK = {"id": f"{S}/resourceGroups/rg-desk/providers/Microsoft.Authorization/locks/freeze", "name": "freeze",
        "properties": {"level": "ReadOnly"}}  # fmt: skip
HERE = Resource(id=f"{S}/resourceGroups/rg-desk", body={"name": "rg-desk", "location": "westeurope"})
FAULTS: dict[str, tuple[Seed | None, dict[str, str], str, str]] = {
    "a value is missing": (None, {"AZURE_LOCATION": ""}, "AZURE_LOCATION is not set", "azd env set AZURE_LOCATION"),
    "an id is none": (
        None, {"DESK_VAULTS": f"{S}/backupVaults/flexVault"}, "is no such id", "azd env set DESK_VAULTS",
    ),
    "no Flex in the region": (
        planted(f"{S}/providers/Microsoft.Web/geoRegions", {"value": [{"name": "East US"}]}), {},
        "westeurope does not offer Flex Consumption", "az functionapp list-flexconsumption-locations",
    ),
    "no Python 3.13": (
        planted("/providers/Microsoft.Web/locations/westeurope/functionAppStacks", {"value": [stack("3.12")]}), {},
        "westeurope does not run Python 3.13", "az functionapp list-flexconsumption-runtimes --location westeurope",
    ),
    "Python 3.13 on other plans only": (
        planted("/providers/Microsoft.Web/locations/westeurope/functionAppStacks", {"value": [ELSEWHERE]}), {},
        "westeurope does not run Python 3.13", "az functionapp list-flexconsumption-runtimes --location westeurope",
    ),
    "another tenant": (
        replace(healthy(), resources=(*healthy().resources, *AWAY)), {"AZURE_SUBSCRIPTION_ID": OTHER},
        f"vault flexVault: its tenant is {OTHER}", "azd env set AZURE_SUBSCRIPTION_ID",
    ),
    "azd is logged in elsewhere": (
        None, {"AZURE_TENANT_ID": OTHER}, f"AZURE_TENANT_ID is {OTHER}", f"azd auth login --tenant-id {TENANT}",
    ),
    "a policy that denies": (
        planted(f"{S}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions", REFUSED), {},
        "policy no-public-vaults refuses Microsoft.KeyVault/vaults", f"--policy-assignment {POLICY}",
    ),
    "no right on the container": (
        permissions(CONTAINER_ID, {"actions": ["*/read"], "notActions": []}), {},
        "DESK_TARGET_CONTAINERS drills: you lack Microsoft.Authorization/roleAssignments/write",
        "azd env set DESK_ASSIGN_TARGET_ROLES false",
    ),
    "no zones": (
        planted(f"{S}/providers/Microsoft.Storage/skus",
                {"value": [{"name": "Standard_LRS", "locations": ["westeurope"]}]}), {},
        "westeurope has no Standard_ZRS storage", "azd env set DESK_STORAGE_SKU Standard_LRS",
    ),
    "a provider is not registered": (
        planted(f"{S}/providers/Microsoft.App", {"registrationState": "NotRegistered"}), {},
        "Microsoft.App is not registered", "az provider register --namespace Microsoft.App",
    ),
    "Contributor alone": (
        permissions(S, CONTRIBUTOR), {},
        "you lack Microsoft.Authorization/roleAssignments/write there", "az role assignment create --role Owner",
    ),
    "no right on the vault": (
        permissions(VAULT, {"actions": ["*/read"], "notActions": []}), {},
        "vault flexVault: you lack Microsoft.Authorization/roleAssignments/write", f"--scope {VAULT}",
    ),
    "a Key Vault of before": (
        planted(f"{S}/providers/Microsoft.KeyVault/deletedVaults", {"value": [GONE]}), {},
        "Key Vault kv-abc of this environment is deleted", "azd env set DESK_KEY_VAULT_RECOVER true",
    ),
    "the group is elsewhere": (
        planted(HERE.id, {"name": "rg-desk", "location": "northeurope"}), {},
        "rg-desk is there already, in northeurope", "azd env set DESK_RESOURCE_GROUP",
    ),
    "the group is locked": (
        replace(healthy(), resources=(*healthy().resources, HERE, Resource(
            id=f"{HERE.id}/providers/Microsoft.Authorization/locks", body={"value": [LOCK]}))), {},
        "rg-desk has the read-only lock freeze", "az lock delete --ids",
    ),
    "another identity": (
        None, {"DESK_VAULT_PRINCIPALS": "00000000-0000-0000-0000-000000000000"},
        "it does not name the vaults' identities", f"azd env set DESK_VAULT_PRINCIPALS {FLEX.principal}",
    ),
    "a vault without an identity": (
        with_vault(without_writers(), replace(FLEX, system_identity=False)), {},
        "vault flexVault: it has no identity", "az dataprotection backup-vault identity assign --resource-group flexRG",
    ),
    "the role is there already": (
        replace(without_writers(), assignments=(*without_writers().assignments, Assignment(
            scope=CONTAINER_ID, principal=FLEX.principal, role=BLOB_CONTRIBUTOR))), {},
        "has Storage Blob Data Contributor on drills already", "azd env set DESK_ASSIGN_TARGET_ROLES false",
    ),
    "a secret that nobody named": (
        None, {"DESK_SECRETS": "DESK_HEALTH_KEY"},
        "it lacks TEAMS_URL", "azd env set DESK_SECRETS DESK_HEALTH_KEY,TEAMS_URL",
    ),
}  # fmt: skip


def looked(tmp_path: Path, seed: Seed, values: Mapping[str, str], tools: bool = True) -> list[Finding]:
    config = tmp_path / "desk.toml"
    config.write_text(FILE)
    with Emulator(Options(state=tmp_path / "arm"), seed) as azure, ArmReader(azure.url) as reader:
        which = (lambda name: f"/usr/bin/{name}") if tools else (lambda name: None)
        return list(look(Before(reader, values, config, which)))


def test_a_healthy_subscription_has_no_fault(tmp_path: Path) -> None:
    found = looked(tmp_path, without_writers(), VALUES)
    assert [one for one in found if one.state != "ok"] == []
    assert len(found) > len(PROVIDERS) + 8


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named_with_its_mend(name: str, tmp_path: Path) -> None:
    seed, values, words, mend = FAULTS[name]
    found = looked(tmp_path, seed or without_writers(), {**VALUES, **values})
    faults = [one for one in found if one.state == "fault"]
    hit = [one for one in faults if words in f"{one.place}: {one.words}"]
    assert hit, faults
    assert any(mend in line for one in hit for line in one.mend), hit
    show(found, Console(quiet=True))


def test_tools_that_are_missing(tmp_path: Path) -> None:
    faults = [one for one in looked(tmp_path, without_writers(), VALUES, tools=False) if one.state == "fault"]
    assert [one.words.split(" ")[0] for one in faults] == ["az", "azd"]


def test_what_may_not_be_read_is_unknown_and_the_other_looks_go_on(tmp_path: Path) -> None:
    config = tmp_path / "desk.toml"
    config.write_text(FILE)
    with (
        Emulator(Options(state=tmp_path / "arm", token="another"), healthy()) as azure,
        ArmReader(azure.url) as reader,
    ):
        found = list(look(Before(reader, VALUES, config, str)))
    assert [one for one in found if one.state == "fault"] == []
    assert len([one for one in found if one.state == "unknown"]) >= 5


def test_the_command_reads_what_azd_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "desk.env").write_text("".join(f'{name}="{value}"\n' for name, value in VALUES.items()))
    assert read_values((tmp_path / "desk.env").read_text()) == VALUES
    (tmp_path / "desk.toml").write_text("no toml")
    with Emulator(Options(state=tmp_path / "arm"), without_writers()) as azure:
        given = ["--config", str(tmp_path / "desk.toml"), "--arm", azure.url, "--before"]
        assert run(["doctor", *given, "--azd-env", str(tmp_path / "desk.env")]) == 1
        assert "Microsoft.App is registered" in capsys.readouterr().out
        assert run(["doctor", *given]) == 1
    assert "azd env get-values > FILE" in capsys.readouterr().err
