"""`ask` from nothing: a file written by `init`, held by `check`, a restore asked for and followed to its end."""

import argparse
import csv
import io
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from deskctl import moments
from deskctl.request_arguments import request_arguments, request_of
from local.cli import run
from local.emulator import Emulator, Options
from local.stack.processes import ROOT
from shared.domain.request import RestoreRequest, parse_request
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
        (("pg-prod-01", "point 1", "drills"), KEY, "recoveryPoint"),
        (("pg-prod-01", "tomorrow", "drills"), KEY, "recoveryPoint: 'tomorrow' is none; give latest"),
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


def test_the_key_and_the_id_are_printed_at_once_and_the_same_key_is_the_same_restore(
    desk: ServedDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("pg-prod-01", "latest", "drills", "--idempotency-key", "night-1")
    assert [ask(desk, *given), ask(desk, *given)] == [0, 0]
    said = capsys.readouterr().out
    assert said.index("idempotency key night-1") < said.index("is saved:")
    assert "this key was asked before" in said
    ids = {line.split()[0] for line in said.splitlines() if "is saved:" in line}
    assert len(ids) == 1
    assert run(["list", "--find", "night-1", "--url", desk.url, "--key", KEY, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] in ids


def test_list_follow_and_points(desk: ServedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--url", desk.url, "--key", KEY)
    assert ask(desk, "pg-prod-01", "latest", "drills", "--reason", "drill", "--ticket", "jira:OPS-7") == 0
    restore = capsys.readouterr().out.split("deskctl follow ")[1].split()[0]
    assert run(["follow", restore, *at]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  accepted", said, re.MULTILINE)
    assert "so far" in said
    assert run(["list", "--since", "yesterday", "--phase", "succeeded", "--json", *at]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["id"], row["reason"], row["ticket"]) == (restore, "drill", "jira OPS-7")
    assert run(["list", "--since", "today", *at]) == 0
    said = capsys.readouterr().out
    assert "filesDelivered" not in said
    assert restore in said
    assert ask(desk, "pg-prod-01", "latest", "drills", "--follow") == 0
    assert "expected end" in capsys.readouterr().out
    assert run(["points", "pg-prod-01", *at]) == 0
    assert "usable" in capsys.readouterr().out
    assert run(["points", "pg-prod-01", "--csv", *at]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows
    assert all(row["time"].endswith(" UTC") and row["id"] for row in rows)
    assert run(["points", "--csv", *at]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert ("pg-prod-01", "drills") in {(row["instance"], row["targets"]) for row in rows}
    assert run(["points", "pg-prod-1", *at]) == 1
    assert "did you mean pg-prod-01" in capsys.readouterr().err


def test_points_shows_the_instances_of_every_page(
    azure: Emulator, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vault, text = WORLD.vault_id(FLEX), config.read_text()
    more = "".join(
        f'[instances.more-{n}]\nid = "{vault}/backupInstances/more-{n}"\ntargets = ["drills"]\n' for n in range(1000)
    )
    config.write_text(text + more)
    with ServedDesk(config, azure.url, working=False) as served:
        run(["points", "--csv", "--url", served.url, "--key", KEY])
    named = [row["instance"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert len(named) == len(set(named)) == 1000 + text.count("[instances.") > 1000
    assert named[-1] == "more-999"


@pytest.mark.parametrize("following", [True, False])
def test_ctrl_c_leaves_the_key_and_the_way_to_go_on(
    azure: Emulator, config: Path, tmp_path: Path, following: bool
) -> None:
    with ServedDesk(config, azure.url, working=False) as desk, socket.create_server(("127.0.0.1", 0)) as silent:
        url = desk.url if following else f"http://127.0.0.1:{silent.getsockname()[1]}"
        line = [sys.executable, "-u", "-m", "deskctl.cli", "ask", "pg-prod-01", "latest", "drills", "--follow"]
        with (tmp_path / "out").open("w+") as out:
            child = subprocess.Popen([*line, "--url", url, "--key", KEY], stdout=out, cwd=ROOT)  # noqa: S603
            until = time.monotonic() + 60
            wanted = "is saved:" if following else "idempotency key"
            while wanted not in (tmp_path / "out").read_text() and time.monotonic() < until:
                time.sleep(0.1)
            time.sleep(1)
            child.send_signal(signal.SIGINT)
            assert child.wait(30) == 130
        said = (tmp_path / "out").read_text()
    assert "idempotency key ask-" in said
    assert ("python3 -m deskctl follow " if following else "python3 -m deskctl list --find ask-") in said


def test_every_field_of_a_request_has_its_option() -> None:
    parser = argparse.ArgumentParser()
    request_arguments(parser)
    given = ["pg", "yesterday", '{"kind": "files", "container": "https://a.blob.core.windows.net/c"}', "--dry-run"]
    given += ["--cross-region", "--max-age-hours", "48", "--location", "westeurope", "--rehydration", "High"]
    given += ["--resource-guard-requests", "auto", "--callback", "dba", "--ticket", "jira:OPS-1", "--database", "db"]
    given += ["--reason", "why", "--by", "me"]
    now = datetime(2026, 11, 26, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    made = request_of(parser.parse_args(given), now)
    known = {str(field.alias) for field in RestoreRequest.model_fields.values()}
    options = {action.dest for action in parser._actions}
    assert known - {"recoveryPoint"} <= options
    assert made["recoveryPoint"] == {"atOrBefore": "2026-11-25T22:59:59Z"}
    assert made["maxAgeHours"] == 48
    assert made["ticket"] == {"system": "jira", "id": "OPS-1"}
    parse_request(made)


ZONE = timezone(timedelta(hours=1))


@pytest.mark.parametrize(("said", "point"), [
    ("latest", "latest"), ("Latest", "latest"),
    ("2026-11-20", {"atOrBefore": "2026-11-20T22:59:59Z"}),
    ("yesterday", {"atOrBefore": "2026-11-25T22:59:59Z"}),
    ("today", {"atOrBefore": "2026-11-26T08:00:00Z"}),
    ("2026-11-26", {"atOrBefore": "2026-11-26T08:00:00Z"}),
    ("2026-11-20 03:00", {"atOrBefore": "2026-11-20T02:00:00Z"}),
    ("2026-11-20T03:00:00Z", {"atOrBefore": "2026-11-20T03:00:00Z"}),
    ("2026-11-20T03:00:00-05:00", {"atOrBefore": "2026-11-20T08:00:00Z"}),
    ("2026-13-40", {"atOrBefore": "2026-13-40"}),
    ("b54a1f2c", {"id": "b54a1f2c"}),
])  # fmt: skip
def test_dates_are_read_as_dates(said: str, point: object) -> None:
    assert moments.point(said, datetime(2026, 11, 26, 9, 0, tzinfo=ZONE), ZONE) == point


@pytest.mark.parametrize(("given", "words"), [
    (["--max-age-hours", "two days"], "--max-age-hours: 'two days'"),
    (["--ticket", "OPS-1"], "--ticket: 'OPS-1'"),
    (["--rehydration", '{"priority"'], "rehydration: "),
])  # fmt: skip
def test_an_option_that_cannot_be_read_is_named(
    given: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", "pg", "latest", "drills", "--url", "http://127.0.0.1:9", *given]) == 1
    assert words in capsys.readouterr().err
