"""`init` writes a desk.toml of what a vault holds, one that `check` takes; it asks ARM alone."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from deskctl.arm_reader import ArmReader, signed_in
from deskctl.init import render
from local.cli import run
from local.emulator import Emulator, Options
from local.emulator.world.seed import Vault
from shared.config.desk_file import Desk, parse_desk
from shared.domain import resource_ids
from shared.domain.problems import Ours
from tests.kits.emulator_kit import FLEX, GUARDED, SINGLES, WORLD

CONTAINER = "https://testossstorageaccount.blob.core.windows.net/drills-{instance}"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulator]:
    with Emulator(Options(state=tmp_path / "arm", page_size=2)) as emulator:
        yield emulator


def init(azure: Emulator, vault: str, out: Path, *more: str) -> int:
    return run(["init", "--vault", vault, "--container", CONTAINER, "--arm", azure.url, "--out", str(out), *more])


def written(azure: Emulator, vault: Vault, out: Path) -> Desk:
    assert init(azure, WORLD.vault_id(vault), out) == 0
    assert run(["check", "--config", str(out)]) == 0
    return parse_desk(out.read_text())


def test_every_instance_of_the_vault_stands_in_the_file_over_all_pages(azure: Emulator, tmp_path: Path) -> None:
    desk = written(azure, FLEX, tmp_path / "desk.toml")
    expected = {each.server: f"{WORLD.vault_id(FLEX)}/backupInstances/{each.name}" for each in FLEX.instances}
    assert {name: entry.id for name, entry in desk.instances.items()} == expected
    assert all(entry.targets == ("drills",) for entry in desk.instances.values())
    assert (desk.http.instances, desk.http.targets, desk.http.explicit) == (("*",), ("drills",), False)
    assert (desk.queue.instances, desk.queue.targets) == ((), ())
    assert run(["check", "--upgrade", "--config", str(tmp_path / "desk.toml")]) == 0


def test_databases_of_a_single_server_are_named_by_server_and_database(azure: Emulator, tmp_path: Path) -> None:
    desk = written(azure, SINGLES, tmp_path / "desk.toml")
    assert set(desk.instances) == {f"testpostgresql-{each.database}" for each in SINGLES.instances}


def test_a_vault_that_works_as_a_user_assigned_identity_says_which(azure: Emulator, tmp_path: Path) -> None:
    desk = written(azure, GUARDED, tmp_path / "desk.toml")
    assert [entry.identity for entry in desk.instances.values()] == list(GUARDED.user_identities)


def test_a_file_that_is_there_is_kept_unless_forced(azure: Emulator, tmp_path: Path) -> None:
    out = tmp_path / "desk.toml"
    out.write_text("mine")
    assert init(azure, WORLD.vault_id(FLEX), out) == 1
    assert out.read_text() == "mine"
    assert init(azure, WORLD.vault_id(FLEX), out, "--force") == 0


@pytest.mark.parametrize(
    ("vault", "words"),
    [
        ("/subscriptions/x", "not an ARM id"),
        (WORLD.vault_id(FLEX).replace("flexVault", "noVault"), "there is no vault"),
        (WORLD.vault_id(FLEX).replace("backupVaults", "resourceGuards"), "is due here"),
    ],
)
def test_what_is_no_vault_is_said(
    azure: Emulator, tmp_path: Path, vault: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(azure, vault, tmp_path / "desk.toml") == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "desk.toml").exists()


def test_names_from_azure_cannot_break_out_of_the_file() -> None:
    vault = resource_ids.parse_id(WORLD.vault_id(FLEX), resource_ids.VAULT)
    hostile = [
        {"name": f"i{i}", "id": f"{vault.text}/backupInstances/i{i}", "properties": {"friendlyName": name}}
        for i, name in enumerate(['x"]\nevil = true', "x-evil-true", "..", "a.b", "ü"])
    ]
    text = render(vault, {}, hostile, CONTAINER, None)
    assert len(tomllib.loads(text)["instances"]) == len(hostile)
    assert len(parse_desk(text).instances) == len(hostile)


def test_the_token_goes_to_https_only() -> None:
    with pytest.raises(Ours, match="must be https"):
        ArmReader("http://management.example")


def test_without_a_login_it_is_two_lines() -> None:
    def nobody() -> AccessToken:
        raise ClientAuthenticationError("twenty lines of what was tried")

    with pytest.raises(Ours) as caught:
        signed_in(nobody)
    assert str(caught.value).count("\n") == 1
    assert "az login" in str(caught.value)
    assert "twenty" not in str(caught.value)
