"""What the emulator is told and tells besides Azure's own API: seeds, counts, calls, and time in Azure's spellings."""

import json
from pathlib import Path

import pytest

from local.emulator.gateway import journal
from local.emulator.world import ticks
from local.emulator.world.seed import parse
from local.emulator.world.store import Store
from local.emulator.world.ticks import DAY, SECOND
from local.emulator.world.worlds import bench_seed
from tests.kits.emulator_kit import (
    EMPDB,
    FLEX,
    PG,
    SINGLES,
    WORLD,
    Azure,
    as_files,
    instance_path,
    vault_path,
)


def test_calls_and_counts(tmp_path: Path) -> None:
    with Azure(tmp_path) as azure:
        body = as_files(azure.newest(FLEX, PG))
        azure.post(f"{instance_path(FLEX, PG).upper()}/restore", body, x_ms_client_request_id="one")
        azure.http.get("/nowhere")
        calls = azure.calls()
        assert [(each["verb"], each["status"], each["effect"]) for each in calls] == [
            ("recoveryPoints", 200, False),
            ("restore", 202, True),
            ("unknown", 404, False),
        ]
        restore = calls[1]
        assert (restore["vault"], restore["instance"], restore["method"]) == ("flexVault", PG.name, "POST")
        assert restore["x-ms-client-request-id"] == "one"
        assert "?" not in restore["path"]
        later = azure.http.get("/_emulator/calls", params={"since": restore["n"]}).json()
        assert [each["n"] for each in later] == [calls[2]["n"]]
        assert azure.http.get("/_emulator/counts").json() == {"recoveryPoints": 1, "restore": 1, "unknown": 1}
        assert azure.http.get("/_emulator/calls", params={"since": "x"}).status_code == 400


def test_jobs_as_the_emulator_knows_them(tmp_path: Path) -> None:
    with Azure(tmp_path) as azure:
        azure.post(f"{instance_path(FLEX, PG)}/restore", as_files(azure.newest(FLEX, PG), "drill-7"))
        known = azure.http.get("/_emulator/jobs").json()
        assert [(each["status"], each["filePrefix"]) for each in known] == [("NotStarted", "drill-7")]
        azure.clock.forward(123)
        assert azure.http.get("/_emulator/jobs").json()[0]["status"] == "Completed"


def test_reset_starts_the_same_world_again(tmp_path: Path) -> None:
    with Azure(tmp_path) as azure:
        before = azure.points(SINGLES, EMPDB)
        accepted = azure.post(f"{instance_path(FLEX, PG)}/restore", as_files(azure.newest(FLEX, PG)))
        azure.reset()
        assert azure.calls() == []
        assert azure.http.get("/_emulator/jobs").json() == []
        assert azure.http.get(accepted.headers["Location"]).status_code == 404
        assert [each["name"] for each in azure.points(SINGLES, EMPDB)] == [each["name"] for each in before]


def test_a_seed_from_json_joins_what_is_there(tmp_path: Path) -> None:
    instance = {"server": "new", "group": "newRG", "location": "westus", "points": [{"age_hours": 1}]}
    seed = {"vaults": [{"name": "newVault", "group": "newRG", "location": "westus", "instances": [instance]}]}
    vault = parse(json.dumps(seed)).vaults[0]
    with Azure(tmp_path) as azure:
        assert azure.get(vault_path(vault)).status_code == 404
        assert azure.http.post("/_emulator/seed", json={"seed": seed}).status_code == 204
        assert len(azure.points(vault, vault.instances[0])) == 1
        assert azure.get(vault_path(FLEX)).status_code == 200
        assert azure.http.post("/_emulator/seed", json={"seed": {"vault": []}}).status_code == 400


def test_any_number_of_vaults_for_a_bench(tmp_path: Path) -> None:
    with Azure(tmp_path, page_size=7) as azure:
        assert azure.http.post("/_emulator/seed", json={"bench": [3, 20]}).status_code == 204
        vaults = bench_seed(3, 20).vaults
        names: list[str] = []
        url: str | None = f"{vault_path(vaults[2])}/backupInstances?api-version=2024-04-01"
        while url:
            page = azure.http.get(url).json()
            names += [each["name"] for each in page["value"]]
            url = page.get("nextLink")
        assert sorted(names) == sorted(each.name for each in vaults[2].instances)
        assert azure.newest(vaults[2], vaults[2].instances[19])


def test_the_world_is_the_same_in_every_process() -> None:
    assert EMPDB.name == "testpostgresql-empdb11-cfc3a89b-a868-5554-b0fa-206a8d80490b"
    assert WORLD.vault_id(SINGLES).endswith(
        "/resourceGroups/testBkpVaultRG/providers/Microsoft.DataProtection/backupVaults/testBkpVault"
    )


@pytest.mark.parametrize(
    ("span", "iso", "timespan"),
    [
        (0, "PT0S", "00:00:00"),
        (1_061_333_816, "PT1M46.1333816S", "00:01:46.1333816"),
        (120 * SECOND, "PT2M", "00:02:00"),
        (3600 * SECOND, "PT1H", "01:00:00"),
        (DAY, "P1D", "1.00:00:00"),
        (DAY + 7_325 * SECOND, "P1DT2H2M5S", "1.02:02:05"),
    ],
)
def test_durations(span: int, iso: str, timespan: str) -> None:
    assert (ticks.iso_duration(span), ticks.timespan(span)) == (iso, timespan)


@pytest.mark.parametrize(
    ("moment", "full", "trimmed", "whole"),
    [
        (0, "1970-01-01T00:00:00.0000000Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        (15, "1970-01-01T00:00:00.0000015Z", "1970-01-01T00:00:00.0000015Z", "1970-01-01T00:00:01Z"),
        (12_500_000, "1970-01-01T00:00:01.2500000Z", "1970-01-01T00:00:01.25Z", "1970-01-01T00:00:02Z"),
    ],
)
def test_moments(moment: int, full: str, trimmed: str, whole: str) -> None:
    assert (ticks.full(moment), ticks.trimmed(moment), ticks.whole(moment)) == (full, trimmed, whole)
    assert ticks.parse(full) == moment


def test_the_journal_forgets_its_oldest_calls(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.transaction() as db:
        for n in range(2 * journal.SOME):
            journal.note(db, "job", {"n": n}, kept=10)
    assert [call["n"] for call in journal.since(store.db, 0)] == list(range(2 * journal.SOME - 10, 2 * journal.SOME))
    store.close()
