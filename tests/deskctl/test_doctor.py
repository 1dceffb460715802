"""`doctor` names each planted fault and the command that mends it; what it may not read is unknown, no fault."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deskctl.doctor.desk import clock
from local.cli import run
from local.emulator import Emulator, Options
from local.emulator.world.seed import SUBSCRIPTION, Assignment, Resource
from tests.kits.doctor_kit import (
    ACCOUNT,
    CONTAINER_ID,
    DESK,
    ME,
    MUA_OPERATOR,
    SECRET,
    SERVER,
    Case,
    Seen,
    examined,
    healthy,
    with_vault,
    without,
)
from tests.kits.emulator_kit import FLEX, GUARDED, SILENT, SINGLES, WORLD
from tests.kits.snapshots import deployment

DATABASE = {
    "kind": "database",
    "container": None,
    "containerId": None,
    "server": SERVER,
    "credentialsSecret": "https://restore-desk-kv.vault.azure.net/secrets/dbauth3",
}
NAMED = {"id": f"{WORLD.vault_id(FLEX)}/backupInstances/pg-prod-01-gone"}
GUARD_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/guardRG/providers/Microsoft.DataProtection/resourceGuards"
FAULTS = {
    "the vault is not there": (
        Case(instance={"id": f"{WORLD.vault_id(FLEX)}s/backupInstances/x"}, only=1),
        "there is no such vault",
        "az dataprotection backup-vault list",
    ),
    "the instance is not there": (
        Case(instance=NAMED, only=1),
        "the vault has no such instance; the closest is pg-prod-01-",
        "az dataprotection backup-instance list",
    ),
    "the container is not there": (
        Case(seed=without(healthy(), CONTAINER_ID)),
        "there is no container drills in testossstorageaccount",
        "az storage container create --name drills --account-name testossstorageaccount",
    ),
    "the account is not there": (
        Case(seed=without(healthy(), CONTAINER_ID, ACCOUNT)),
        "there is no storage account testossstorageaccount",
        "az storage account list",
    ),
    "the server is not there": (
        Case(SINGLES, without(healthy(), SERVER), target=DATABASE),
        "there is no server targetossserver",
        "az resource list --resource-type Microsoft.DBforPostgreSQL/servers",
    ),
    "the secret is not there": (
        Case(SINGLES, without(healthy(), SECRET), target=DATABASE),
        "there is no secret dbauth3 in restore-desk-kv",
        "az keyvault secret set --vault-name restore-desk-kv --name dbauth3",
    ),
    "the vault may not write there": (
        Case(SILENT),
        "the identity of vault silentVault lacks Storage Blob Data Contributor",
        f"--assignee-object-id {SILENT.principal} --assignee-principal-type ServicePrincipal --scope {CONTAINER_ID}",
    ),
    "the desk may not restore": (
        Case(seed=replace(healthy(), assignments=WORLD.assignments)),
        "the desk lacks Backup Operator",
        f"az role assignment create --role 'Backup Operator' --assignee-object-id {DESK}",
    ),
    "the desk holds the guard's key for good": (
        Case(
            GUARDED,
            replace(
                healthy(),
                assignments=(
                    *healthy().assignments,
                    Assignment(scope=f"{GUARD_ID}/restoreGuard", principal=DESK, role=MUA_OPERATOR),
                ),
            ),
            instance={"identity": GUARDED.user_identities[0]},
        ),
        "holds Backup MUA Operator there for good, which defeats it",
        f"az role assignment delete --assignee {DESK} --role 'Backup MUA Operator'",
    ),
    "the vault works as another identity": (
        Case(GUARDED, instance={}),
        "the vault has no identity of its own, and the entry names no other",
        "az dataprotection backup-vault identity assign --resource-group guardRG",
    ),
    "the region is not the vault's": (
        Case(target={"location": "northeurope"}),
        "its location is northeurope; vault flexVault restores to eastus2",
        's/location = "northeurope"/location = "eastus2"/',
    ),
    "the server is in another region": (
        Case(target=DATABASE),
        "server targetossserver is in westus, vault flexVault restores in eastus2",
        "az resource list --resource-type Microsoft.DBforPostgreSQL/servers --location eastus2",
    ),
    "another subscription, and the vault keeps to its own": (
        Case(
            seed=with_vault(healthy(), replace(FLEX, cross_subscription="Disabled")),
            target={"containerId": CONTAINER_ID.replace(SUBSCRIPTION, SUBSCRIPTION[:-1] + "6")},
        ),
        "it is in another subscription",
        "--cross-subscription-restore-state Enabled",
    ),
}


def test_a_healthy_world_has_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, case in {"flex": Case(), "single": Case(SINGLES, target=DATABASE)}.items():
        (tmp_path / name).mkdir()
        seen = examined(tmp_path / name, case, capsys)
        assert (seen.code, seen.lines("fault"), seen.lines("warning")) == (0, [], [])
        assert len(seen.lines("ok")) > 6


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named_with_its_mend(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case, words, mend = FAULTS[name]
    seen = examined(tmp_path, case, capsys)
    lines = seen.said.splitlines()
    found = [i for i, line in enumerate(lines) if line.startswith("fault") and words in line]
    assert seen.code == 1, seen.said
    assert found, seen.said
    assert any(lines[i + 1].startswith("           $ ") and mend in lines[i + 1] for i in found), seen.said


@pytest.mark.parametrize(("left_out", "lacks"), [(None, []), ("restore/action", ["the desk lacks Backup Operator"])])
def test_a_role_of_our_own_counts_by_its_actions(
    left_out: str | None, lacks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = next(
        (guid, one)
        for guid, one in deployment("page-loader").definitions().items()
        if one["roleName"].startswith("Restore Desk Restorer")
    )
    (permissions,) = own[1]["permissions"]
    actions = [one for one in permissions["actions"] if not (left_out and one.endswith(f"backupInstances/{left_out}"))]
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{own[0]}"
    body = {"properties": {"permissions": [{**permissions, "actions": actions}]}}
    seed = healthy()
    others = tuple(one for one in seed.assignments if one.principal != DESK)
    mine = Assignment(scope=WORLD.vault_id(FLEX), principal=DESK, role=own[0])
    planted = replace(seed, assignments=(*others, mine), resources=(*seed.resources, Resource(id=path, body=body)))
    seen = examined(tmp_path, Case(seed=planted), capsys)
    assert [words for words in ["the desk lacks Backup Operator"] if words in seen.said] == lacks
    assert "the desk holds the actions that count of Reader" in seen.said


def test_what_the_file_leaves_out_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = examined(tmp_path, Case(only=1), capsys)
    assert seen.code == 0
    assert [line for line in seen.lines("warning") if "its instance pg-prod-02 is not in desk.toml" in line]


def test_an_api_version_that_azure_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = examined(tmp_path, Case(), capsys, "--api-version", "2099-01-01")
    assert seen.code == 1
    assert "api-version 2099-01-01 is not one that Azure knows" in seen.said
    assert "--settings DATA_PROTECTION_API_VERSION=2024-04-01" in seen.said


def test_what_may_not_be_read_is_unknown_and_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Case(seed=healthy()).config(tmp_path)
    with Emulator(Options(state=tmp_path / "arm", token="another"), healthy()) as azure:
        code = run(["doctor", "--config", str(config), "--arm", azure.url])
    seen = Seen(code, capsys.readouterr().out)
    assert (code, seen.lines("fault")) == (0, [])
    assert any("vault flexVault: ARM answered 401" in line for line in seen.lines("unknown"))


def test_your_own_standing_role_at_a_guard_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = Assignment(scope=f"{GUARD_ID}/restoreGuard", principal=ME, role=MUA_OPERATOR)
    seed = replace(healthy(), assignments=(*healthy().assignments, mine))
    case = Case(GUARDED, seed, instance={"identity": GUARDED.user_identities[0]})
    seen = examined(tmp_path, case, capsys, "--me", ME)
    assert seen.code == 0
    assert any("you hold Backup MUA Operator there for good" in line for line in seen.lines("warning"))


def test_roles_are_printed_for_an_admin_without_asking_anybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Case().config(tmp_path)
    assert run(["doctor", "--config", str(config), "--print-roles"]) == 0
    said = capsys.readouterr().out
    to_desk = '--assignee-object-id "$DESK" --assignee-principal-type ServicePrincipal'
    assert f"--role 'Backup Operator' {to_desk} --scope {WORLD.vault_id(FLEX)}\n" in said
    assert said.count("--role 'Storage Blob Data Contributor'") == 1
    assert said.index("id=$(") < said.index("--role 'Storage Blob Data Contributor'")


@pytest.mark.parametrize(("apart", "state"), [(0, "ok"), (90, "ok"), (-600, "fault"), (86400, "fault")])
def test_clocks_that_are_apart(apart: int, state: str) -> None:
    now = datetime(2026, 10, 1, tzinfo=UTC)
    date = (now + timedelta(seconds=apart)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert [finding.state for finding in clock("ARM", date, now)] == [state]
