"""One stream through pg_restore: what breaks on our side, and that nothing is held in memory."""

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from loader.archive import read_archive
from loader.decode import AHEAD, ahead, decode
from loader.judgement import judge_decoded
from loader.sources import SourceError
from loader.verdict import Outcome
from local.postgres.delivery import delivery
from local.postgres.programs import programs

pytestmark = pytest.mark.slow


def client() -> str:
    """Asked for in a test, for a set-up without servers (`--fast`) has no PostgreSQL of ours."""
    return programs()[18].path("pg_restore")


def shop() -> bytes:
    return delivery(18).database("shop").read_bytes()


def nothing(count: int) -> None:
    pass


def cut(whole: bytes, size: int) -> Iterator[bytes]:
    return (whole[at : at + size] for at in range(0, len(whole), size))


@pytest.mark.parametrize("size", [700, 65_536, 1 << 22])
def test_rows_and_hash_do_not_depend_on_the_chunks(size: int) -> None:
    whole = shop()
    archive = read_archive(lambda offset, length: whole[offset : offset + length])
    decoded = decode(cut(whole, size), client(), [entry.copy_statement for entry in archive.with_data()], nothing)
    assert (decoded.sha256, decoded.size) == (hashlib.sha256(whole).hexdigest(), len(whole))
    assert sum(decoded.rows.values()) == 2412
    assert decoded.rows[b"COPY sales.no_columns  FROM stdin;\n"] == 7
    assert (decoded.code, decoded.unfinished, decoded.left_over) == (0, False, False)


def test_a_source_that_breaks_is_raised_and_pg_restore_is_not_believed() -> None:
    def breaking() -> Iterator[bytes]:
        yield shop()[:40_000]
        raise SourceError("the network is down")

    before = threading.active_count()
    with pytest.raises(SourceError, match="network"):
        decode(breaking(), client(), [], nothing)
    assert threading.active_count() == before


def test_fewer_bytes_than_were_listed_are_our_trouble() -> None:
    whole = shop()[:-100]
    found = judge_decoded(decode(cut(whole, 5000), client(), [], nothing), len(whole) + 100, "f")
    assert found
    assert found.outcome is Outcome.INCONCLUSIVE


def test_rows_that_do_not_end_fail_whatever_the_exit_code(tmp_path: Path) -> None:
    client = tmp_path / "pg_restore"
    client.write_text("#!/bin/sh\ncat > /dev/null; printf 'COPY t (a) FROM stdin;\\n1\\n'\n")
    client.chmod(0o755)
    found = judge_decoded(decode([b"xy"], str(client), [b"COPY t (a) FROM stdin;\n"], nothing), 2, "f")
    assert found
    assert (found.outcome, found.reason) == (Outcome.FAILED, "the rows of a table do not end")


def test_a_client_that_stands_still_is_ended(tmp_path: Path) -> None:
    client = tmp_path / "pg_restore"
    client.write_text("#!/bin/sh\nexec sleep 600\n")
    client.chmod(0o755)
    whole = bytes(4 << 20)
    decoded = decode(cut(whole, 1 << 20), str(client), [], nothing, stall_seconds=0.5)
    found = judge_decoded(decoded, len(whole), "f")
    assert found
    assert found.outcome is Outcome.INCONCLUSIVE
    assert decoded.sha256 == hashlib.sha256(whole).hexdigest()
    assert "nothing moved" in decoded.words


def test_only_a_few_chunks_are_read_ahead() -> None:
    read = 0

    def counting() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x"

    chunks = ahead(counting())
    next(chunks)
    time.sleep(0.3)
    assert read <= AHEAD + 3
    assert len(list(chunks)) == 99
