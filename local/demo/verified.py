"""The demo's deliveries that are verified: whole ones, one cut off, one in a compression that our client lacks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.demo.cases import Case
from local.demo.following import Followed
from local.postgres.programs import programs
from local.stack.delivered import MAJOR
from local.stack.stack import Stack

TARGET = "vaulted"
DUMPS = {"geo-flex": "truncated", "pg-stage-01": "zstd"}  # what a restore of that instance delivers; others: custom
EVENTS = {"passed": "verified", "failed": "verificationFailed", "inconclusive": "verificationInconclusive"}
# As a build without zstd says it: https://www.postgresql.org/docs/current/app-pgrestore.html
WORDS = "cannot restore from compressed archive (this build does not support compression with zstd)"
CLIENT = """#!/bin/sh
# pg_restore {major}, as a build without zstd: the byte after the archive's format is its compression, 3 is zstd.
[ "$1" = --version ] && exec '{real}' "$@"
head=$(mktemp) && dd bs=1 count=12 of="$head" 2>/dev/null
kind=$(od -An -tu1 -j11 -N1 "$head" | tr -d ' ')
if [ "$kind" = 3 ]; then
  rm "$head"
  echo 'pg_restore: error: {words}' >&2
  exit 1
fi
{{ cat "$head"; rm "$head"; cat; }} | '{real}' "$@"
"""


def _asked(instance: str) -> dict[str, Any]:
    return {"instance": instance, "target": TARGET, "requestedBy": "demo@contoso.com", "reason": "demo"}


CASES = (
    Case("its own container, a file is cut off", "http", _asked("geo-flex"), verified="failed"),
    Case("its own container, our client lacks zstd", "http", _asked("pg-stage-01"), verified="inconclusive"),
)


def possible() -> bool:
    """Whether this machine has the PostgreSQL that the dumps are of."""
    return MAJOR in programs()


def cases(others: Iterable[Case]) -> Iterator[Case]:
    """These and the others, which are verified if that is possible."""
    yield from CASES if possible() else ()
    yield from others if possible() else (replace(case, verified="") for case in others)


def client_without_zstd(home: Path) -> str:
    """A folder for PG_BIN."""
    folder = home / "client"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "pg_restore"
    script.write_text(CLIENT.format(major=MAJOR, words=WORDS, real=programs()[MAJOR].path("pg_restore")))
    script.chmod(0o755)
    return str(folder)


def spoil(stack: Stack, instance_of: Any) -> None:
    """Says which instances' restores deliver which dumps."""
    for name, dumps in DUMPS.items():
        match = {"verb": "restore", "instance": instance_of(stack, name)}
        stack.emulated("faults", "POST", {"match": match, "fault": {"kind": "job", "dumps": dumps}})


def lines(followed: Iterable[Followed]) -> Iterator[str]:
    """What each verification found, as its notice says it."""
    for one in followed:
        if one.case.verified:
            yield f"{one.case.body['instance']}: {said(one)}"


def said(one: Followed) -> str:
    """The line of the restore's timeline."""
    entries = [entry for entry in one.view.get("timeline", []) if entry["what"].startswith("verification ")]
    return str(entries[-1].get("note", "")) if entries else "not verified"


def faults(followed: Iterable[Followed]) -> list[str]:
    """Faults of the notices: one that passed must show rows, one that failed must name the file."""
    found = []
    for one in followed:
        state, words = one.case.verified, said(one)
        told = {notice["event"] for notice in one.view.get("notices", [])}
        if state and EVENTS[state] not in told:
            found.append(f"{one.case.title}: nobody was told {EVENTS[state]}")
        wanted = {"passed": " rows; gzip proven; ", "failed": "_database_shop.sql: ", "inconclusive": "zstd"}
        if state and wanted[state] not in words:
            found.append(f"{one.case.title}: {words}")
    return found
