"""A disk that fills up during a load is ours: no row that is missing by it is held against the backup."""

import json
import os
import sys
from pathlib import Path

import pytest

from loader.load_archive import Ended
from loader.load_judgement import Space, judge_errors
from loader.server import Server
from loader.sqlstates import LoggedError
from loader.verdict import Outcome
from local.postgres.programs import pg_bin, programs
from tests.loader import small_disk, traps

# Small in the dump, large on disk: what is reckoned to be needed is there before the load, and gone during it.
# Without its parents' rows a foreign key breaks, which otherwise is the backup's fault.
GROWS = """
create function large(id int) returns text immutable language sql as
    $$ select repeat('x', case when current_database() like 'source%' then 1 else 7900 end) $$;
create unlogged table parents (id int primary key, v text generated always as (public.large(id)) stored);
alter table parents alter v set storage plain;
create unlogged table children (id int, parent int references parents);
insert into parents select i from generate_series(1, 12000) i;
insert into children values (1, 1);
"""
NO_SPACE = "could not extend file: No space left on device"
SPACE = Space(100 << 20, 120 << 20)
BROKEN_KEY = LoggedError("23503", "violates foreign key constraint", "loader", "ALTER TABLE ONLY children")


@pytest.mark.slow
def test_it_is_inconclusive_and_says_how_much_is_needed(tmp_path: Path) -> None:
    with Server(programs()[16]) as source:
        for name in ("custom", "plain"):
            traps.dumped(source, tmp_path, GROWS, name, f"--format={name}")
    line = [sys.executable, "-m", "loader", "verify", str(tmp_path), "--level", "loaded", "--json"]
    done = small_disk.run(line, 112, {**os.environ, "PG_BIN": pg_bin()})
    if done is None:
        pytest.skip("no small file system: neither root, nor user namespaces, nor sudo without a password")
    assert done.returncode == 2, done.stderr
    said = json.loads(done.stdout)
    assert said["verdict"] == "inconclusive"
    assert said["reason"].startswith("53100 (the disk is full): could not ")
    assert "in COPY public.parents" in said["reason"]
    assert "MiB were reckoned, 112.0 MiB were free: make room for more than that (and 3 more)" in said["reason"]


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        ([LoggedError("53100", NO_SPACE, "loader", "COPY parents"), BROKEN_KEY], ""),
        ([LoggedError("53100", NO_SPACE, "", ""), BROKEN_KEY], ""),
        ([BROKEN_KEY], f"pg_restore: error: COPY failed for table parents: ERROR:  {NO_SPACE}"),
        ([], NO_SPACE),
    ],
    ids=["of the load", "of the server's own process", "the log had no room for it", "nothing is in the log"],
)
def test_wherever_the_full_disk_is_said_it_is_the_reason(logged: list[LoggedError], words: str) -> None:
    findings = judge_errors(logged, Ended(1, words), "f", SPACE)
    assert {finding.outcome for finding in findings} == {Outcome.INCONCLUSIVE}
    assert "the disk is full" in findings[0].reason
    assert "100.0 MiB were reckoned, 120.0 MiB were free" in findings[0].reason


def test_a_broken_key_after_another_error_of_ours_decides_nothing_and_one_before_it_does() -> None:
    lacking = LoggedError("42883", "function f() does not exist", "loader", "COPY parents")
    bad_value = LoggedError("22P02", "invalid input syntax", "loader", "COPY parents")
    ended = Ended(1, "")
    assert {one.outcome for one in judge_errors([lacking, BROKEN_KEY], ended, "f", SPACE)} == {Outcome.INCONCLUSIVE}
    assert judge_errors([BROKEN_KEY, lacking], ended, "f", SPACE)[0].outcome is Outcome.FAILED
    assert judge_errors([lacking, bad_value], ended, "f", SPACE)[1].outcome is Outcome.FAILED
