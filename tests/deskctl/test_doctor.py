"""`doctor` names each planted fault and the command that mends it; what it may not read is unknown, no fault."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deskctl.arm_reader import ArmReader
from deskctl.doctor.app import TRIGGERS
from deskctl.doctor.desk import clock
from deskctl.doctor.own_containers import contents
from deskctl.doctor.roles import KEEPS_CONTAINERS
from local.cli import run
from local.emulator import Emulator, Options
from local.emulator.world.seed import SUBSCRIPTION, Assignment, Resource
from local.stack.processes import ROOT
from shared.domain.clouds import CHINA, PUBLIC
from tests.deskctl.planted import FAULTS
from tests.deskctl.planted_kit import AT_HOME, DATABASE, GUARD_ID, custom
from tests.kits.doctor_kit import (
    ACCOUNT,
    DESK,
    ME,
    MUA_OPERATOR,
    Case,
    Seen,
    examined,
    healthy,
)
from tests.kits.emulator_kit import FLEX, GUARDED, SINGLES, WORLD
from tests.kits.snapshots import deployment


def test_a_healthy_world_has_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, case in {"flex": Case(), "single": Case(SINGLES, AT_HOME, target=DATABASE)}.items():
        (tmp_path / name).mkdir()
        seen = examined(tmp_path / name, case, capsys)
        assert (seen.code, seen.lines("fault"), seen.lines("warning")) == (0, [], [])
        assert [one for one in seen.lines("unknown") if "give --desk" not in one] == []
        assert len(seen.lines("ok")) > 6


def test_a_healthy_world_with_roles_of_ones_own_has_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single = Case(SINGLES, custom(AT_HOME), target=DATABASE)
    for name, case in {"flex": Case(seed=custom(healthy())), "single": single}.items():
        (tmp_path / name).mkdir()
        seen = examined(tmp_path / name, case, capsys)
        assert (seen.code, seen.lines("fault"), seen.lines("warning")) == (0, [], []), seen.said
        assert [one for one in seen.lines("unknown") if "give --desk" not in one] == []
        assert "holds the actions that count of Backup Operator" in seen.said


def test_a_role_whose_definition_may_not_be_read_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = tuple(replace(each, role="7" * 36) if each.principal == DESK else each for each in healthy().assignments)
    seen = examined(tmp_path, Case(seed=replace(healthy(), assignments=strange)), capsys)
    assert (seen.code, seen.lines("fault")) == (0, [])
    assert any("may lack Backup Operator: the definition" in line for line in seen.lines("unknown"))


def test_an_account_of_own_containers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = {"container": None, "containerId": None, "account": ACCOUNT, "keepHours": 24, "verify": "none"}
    keeper = Assignment(scope=ACCOUNT, principal=DESK, role=KEEPS_CONTAINERS.id)
    (tmp_path / "before").mkdir()
    seen = examined(tmp_path / "before", Case(target=target), capsys)
    assert "the desk lacks Storage Account Contributor" in seen.said
    held = replace(healthy(), assignments=(*healthy().assignments, keeper))
    seen = examined(tmp_path, Case(seed=held, target=target), capsys)
    assert (seen.code, seen.lines("fault")) == (0, [])
    assert run(["doctor", "--config", str(tmp_path / "desk.toml"), "--print-roles"]) == 0
    said = capsys.readouterr().out
    assert "--role 'Storage Account Contributor'" in said
    assert said.count(f"--scope {ACCOUNT}\n") == 2


def test_what_else_lies_in_an_account_of_own_containers(tmp_path: Path) -> None:
    with Emulator(Options(state=tmp_path / "arm"), healthy()) as azure, ArmReader(azure.url) as reader:
        before = [(one.state, one.words) for one in contents(reader, "targets.drills", "store", ACCOUNT)]
        body: dict[str, object] = {"properties": {"metadata": {}}}
        path = f"{ACCOUNT}/blobServices/default/containers/sales"
        url = f"{azure.url}{path}?api-version=2023-05-01"
        httpx.put(url, json=body, headers={"Authorization": "Bearer x"}, trust_env=False).raise_for_status()
        after = [one.words for one in contents(reader, "targets.drills", "store", ACCOUNT) if one.state == "fault"]
        hidden = [one.state for one in contents(reader, "targets.drills", "store", f"{ACCOUNT}x")]
    assert before == [
        ("ok", "store holds nothing but the desk's containers"),
        ("ok", "a container that the desk deleted from store can be brought back for 7 days more (soft delete)"),
    ]
    assert after == ["store holds containers that are not the desk's: sales; it makes none there until they are gone"]
    assert hidden == ["unknown"]


def test_the_cloud_is_the_arms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Case().config(tmp_path)
    given = ["doctor", "--config", str(config), "--print-roles", "--arm"]
    assert run([*given, CHINA.arm]) == 1
    assert run([*given, PUBLIC.arm]) == 0


def test_the_triggers_of_the_doctor_are_the_apps() -> None:
    said = (ROOT / "function_app.py").read_text()
    names = re.findall(r"@app\.(?:queue_trigger|timer_trigger|route\(\"desk/).*\ndef (\w+)", said)
    assert set(TRIGGERS) == set(names)


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
