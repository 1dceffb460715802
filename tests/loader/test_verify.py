"""Verdicts on the sample's real dumps, whole and spoilt: what is the backup's fault, and what is ours."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loader.cli import guarded
from loader.programs import Programs, find
from loader.verdict import Level, Outcome
from local.postgres.delivery import UUID, Delivery, delivery
from local.postgres.programs import pg_bin, programs
from local.postgres.sample import ODD_NAME
from tests.loader.kit import verified

pytestmark = pytest.mark.slow
MAJORS = sorted(programs())
ROWS = {"shop": 2412, "billing": 500, ODD_NAME: 1, "postgres": 0, "azure_sys": 0, "azure_maintenance": 0}


def copied(made: Delivery, into: Path) -> Delivery:
    shutil.copytree(made.folder, into / "delivered")
    return Delivery(into / "delivered", made.major)


@pytest.mark.parametrize("major", MAJORS)
def test_whole_dumps_pass_with_their_exact_rows(major: int) -> None:
    verdict = verified(delivery(major).folder, Level.DECODED, list(ROWS))
    assert (verdict.outcome, verdict.reason, verdict.warnings) == (Outcome.PASSED, "", ())
    assert {one.name: one.rows for one in verdict.databases} == ROWS
    assert "definitions of objects are not proven" in verdict.proves
    assert verdict.proves[0].startswith("gzip: ")


def test_without_expected_databases_the_verdict_says_that_it_cannot_tell() -> None:
    verdict = verified(delivery(16).folder, Level.LISTED)
    assert verdict.outcome is Outcome.PASSED
    assert "cannot be told" in verdict.warnings[0]


@pytest.mark.parametrize("level", [Level.LISTED, Level.DECODED])
def test_a_missing_database_fails_by_name(level: Level, tmp_path: Path) -> None:
    made = copied(delivery(16), tmp_path)
    made.database("billing").unlink()
    verdict = verified(made.folder, level, ["shop", "billing"])
    assert verdict.outcome is Outcome.FAILED
    assert "billing was expected" in verdict.reason


@pytest.mark.parametrize("plain", [False, True])
def test_a_truncated_file_fails_by_name(plain: bool, tmp_path: Path) -> None:
    made = copied(delivery(16, plain=plain), tmp_path)
    whole = made.database("shop").read_bytes()
    made.database("shop").write_bytes(whole[: len(whole) // 2])
    for level in (Level.LISTED, Level.DECODED):
        verdict = verified(made.folder, level)
        assert (verdict.outcome, verdict.file) == (Outcome.FAILED, f"{UUID}_database_shop.sql")


def test_an_empty_file_fails(tmp_path: Path) -> None:
    made = copied(delivery(16), tmp_path)
    made.database("shop").write_bytes(b"")
    assert verified(made.folder, Level.LISTED).outcome is Outcome.FAILED


def test_bytes_after_the_end_are_told_and_fail_nothing(tmp_path: Path) -> None:
    made = copied(delivery(16), tmp_path)
    with made.database("shop").open("ab") as file:
        file.write(b"\1" * 600_000)
    assert "are not the end of an archive" in verified(made.folder, Level.LISTED).reason
    verdict = verified(made.folder, Level.DECODED)
    assert verdict.outcome is Outcome.PASSED
    assert any("bytes follow the archive's end" in text for text in verdict.warnings)


def test_a_format_that_nobody_described_is_inconclusive(tmp_path: Path) -> None:
    made = copied(delivery(16), tmp_path)
    made.database("shop").write_bytes(b"\x1f\x8b\x08\x00whatever")
    assert verified(made.folder, Level.DECODED).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("head", [b"PGDMQ", b"PGD\0\0", b"\0\0\0\0\0"])
def test_a_spoilt_first_word_fails(head: bytes, tmp_path: Path) -> None:
    made = copied(delivery(16), tmp_path)
    whole = made.database("shop").read_bytes()
    made.database("shop").write_bytes(head + (whole[5:] if head.strip(b"\0") else bytes(len(whole) - 5)))
    assert verified(made.folder, Level.LISTED).outcome is Outcome.FAILED


def test_an_empty_folder_is_inconclusive_unless_databases_are_expected(tmp_path: Path) -> None:
    assert verified(tmp_path, Level.LISTED).outcome is Outcome.INCONCLUSIVE
    assert verified(tmp_path, Level.LISTED, ["shop"]).outcome is Outcome.FAILED


@pytest.mark.parametrize("clients", [{}, {15: programs()[15]} if 15 in programs() else {}])
def test_without_a_client_that_reads_the_archive_it_is_inconclusive(clients: dict[int, Programs]) -> None:
    verdict = verified(delivery(18).folder, Level.DECODED, clients=clients)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no pg_restore 17 or newer" in verdict.reason


def program(folder: Path, text: str) -> dict[int, Programs]:
    """A client of major 18 that does as the text says."""
    folder.mkdir()
    script = folder / "pg_restore"
    script.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo 'pg_restore (PostgreSQL) 18.0' && exit\n{text}\n")
    script.chmod(0o755)
    return find({"PG_BIN": str(folder)}) and {18: find({"PG_BIN": str(folder)})[18]}


NO_ZSTD = "cannot restore from compressed archive (this build does not support compression with zstd)"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (f"echo 'pg_restore: error: {NO_ZSTD}' >&2; exit 1", "does not support compression with zstd"),
        ("echo 'pg_restore: error: out of memory' >&2; exit 1", "out of memory"),
        ("kill -9 $$", "signal 9"),
        ("cat > /dev/null; kill -11 $$", "signal 11"),
    ],
)
def test_trouble_of_our_client_is_not_the_backups(script: str, words: str, tmp_path: Path) -> None:
    verdict = verified(delivery(18).folder, Level.DECODED, clients=program(tmp_path / "bin", script))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert words in verdict.reason


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "loader", *arguments]
    environ = {**os.environ, "PG_BIN": pg_bin()}
    return subprocess.run(line, env=environ, capture_output=True, text=True, check=False)  # noqa: S603


def test_the_command_prints_one_line_of_json_and_exits_by_the_verdict(tmp_path: Path) -> None:
    done = run("verify", str(delivery(16).folder), "--level", "decoded", "--expect", "shop", "--json")
    (line,) = done.stdout.splitlines()
    said = json.loads(line)
    assert (done.returncode, said["verdict"], said["level"]) == (0, "passed", "decoded")
    shop = next(one for one in said["databases"] if one["name"] == "shop")
    names = "name file sha256 bytes compression serverVersion dumpVersion dumpedAt tables rows"
    assert list(shop) == names.split()
    made = copied(delivery(16), tmp_path)
    made.database("shop").write_bytes(made.database("shop").read_bytes()[:-300])
    done = run("verify", str(made.folder), "--level", "decoded", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["verdict"], said["file"]) == (1, "failed", f"{UUID}_database_shop.sql")
    assert run("verify", str(tmp_path / "delivered"), "--level", "listed").returncode == 1
    (tmp_path / "empty").mkdir()
    assert run("verify", str(tmp_path / "empty"), "--level", "listed").returncode == 2


@pytest.mark.parametrize(
    "line", ["verify", "verify /no/folder --level listed", "nothing", "", "verify . --level all", "verify . --json"]
)
def test_a_wrong_line_is_exit_3(line: str) -> None:
    done = run(*line.split())
    assert (done.returncode, done.stdout) == (3, "")


def test_the_manifest_shows_heads_for_people_and_programs() -> None:
    said = json.loads(run("manifest", str(delivery(18).folder), "--json").stdout)
    shop = next(one for one in said["databases"] if one["name"] == "shop")
    assert (shop["archiveVersion"], shop["extensions"], shop["compression"]) == ("1.16", ["citext", "hstore"], "gzip")
    assert said["roles"] == f"{UUID}_roles.sql"
    words = run("manifest", str(delivery(18).folder)).stdout
    assert "extensions: citext, hstore" in words


def test_a_fault_of_our_own_is_never_the_exit_code_of_a_bad_backup() -> None:
    def fault() -> int:
        raise ZeroDivisionError

    def stopped() -> int:
        raise KeyboardInterrupt

    assert (guarded(fault), guarded(stopped), guarded(lambda: 1)) == (2, 130, 1)
