"""`ask` from nothing: a file written by `init`, held by `check`, a restore asked for and followed to its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cli import run
from local.emulator import Emulator, Options
from tests.kits.emulator_kit import FLEX, WORLD
from tests.kits.served_desk import KEY, ServedDesk

CONTAINER = "https://testossstorageaccount.blob.core.windows.net/drills"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Emulator]:
    with Emulator(Options(state=tmp_path / "arm", speed=600, fractional_retry_after=True)) as emulator:
        yield emulator


@pytest.fixture
def config(azure: Emulator, tmp_path: Path) -> Path:
    out = tmp_path / "desk.toml"
    given = ["--vault", WORLD.vault_id(FLEX), "--container", CONTAINER, "--arm", azure.url, "--out", str(out)]
    assert run(["init", *given]) == 0
    assert run(["check", "--config", str(out)]) == 0
    return out


@pytest.fixture
def desk(azure: Emulator, config: Path) -> Iterator[ServedDesk]:
    with ServedDesk(config, azure.url) as served:
        yield served


def ask(desk: ServedDesk, *given: str, key: str = KEY) -> int:
    return run(["ask", *given, "--url", desk.url, "--key", key, "--by", "somebody"])


def test_a_restore_is_asked_for_and_followed_to_its_end(desk: ServedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(desk, "pg-prod-01", "latest", "drills", "--reason", "drill", "--follow") == 0
    said = capsys.readouterr().out
    assert "filesDelivered" in said
    assert "old: later changes are not in it" in said
    assert "next:\n" in said
    told = [word for word in ("accepted", "validating", "submitting", "restoring", "succeeded") if word in said]
    assert told == ["accepted", "validating", "submitting", "restoring", "succeeded"]


def test_a_dry_run_ends_checked(desk: ServedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(desk, "pg-prod-02", "latest", "drills", "--dry-run", "--follow") == 0
    assert "checked" in capsys.readouterr().out


def test_a_refusal_after_acceptance_is_followed_too(desk: ServedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(desk, "pg-prod-01", "2001-01-01T00:00:00Z", "drills", "--follow") == 1
    assert "refused" in capsys.readouterr().out


def test_without_follow_it_says_where_to_look(desk: ServedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(desk, "pg-prod-01", "latest", "drills") == 0
    assert f"GET {desk.url}/api/restores/" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        (("pg-prod-1", "latest", "drills"), KEY, "did you mean pg-prod-01"),
        (("pg-prod-01", "latest", "drill"), KEY, "did you mean drills"),
        (("pg-prod-01", "not a point", "drills"), KEY, "recoveryPoint"),
        (("pg-prod-01", "latest", "drills"), "another", "az functionapp keys list"),
    ],
)
def test_what_the_desk_refuses_is_said_in_its_words(
    desk: ServedDesk, given: tuple[str, ...], key: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(desk, *given, key=key) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("url", ["", "http://desk.example"])
def test_a_key_goes_to_https_only(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", "pg", "latest", "drills", "--url", url]) == 1
    assert "https" in capsys.readouterr().err
