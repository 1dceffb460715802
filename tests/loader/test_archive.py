"""Heads of real archives of every version that is here, and heads that cannot be."""

import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.archive import Damaged, Unsupported, blocks, read_archive
from local.postgres.delivery import delivery
from local.postgres.programs import programs
from local.postgres.sample import ODD_NAME

pytestmark = pytest.mark.slow
MAJORS = sorted(programs())


def fetch_from(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: data[offset : offset + length]


@pytest.mark.parametrize("major", MAJORS)
def test_the_toc_has_what_pg_restore_lists(major: int) -> None:
    path = delivery(major).database("shop")
    archive = read_archive(fetch_from(path.read_bytes()))
    line = [programs()[max(MAJORS)].path("pg_restore"), "-l", str(path)]
    listed = subprocess.run(line, capture_output=True, text=True, check=True).stdout  # noqa: S603
    header = [text[1:].strip() for text in listed.splitlines() if text.startswith(";")]
    said = archive.header
    assert f"Dump Version: {'.'.join(map(str, said.version))}-0" in header
    assert f"Compression: {said.compression}" in header or "Compression: -1" in header
    assert f"TOC Entries: {len(archive.entries)}" in header
    assert f"Dumped from database version: {said.server_version}" in header
    assert f"dbname: {said.database}" in header
    assert str(said.dumped_at) in "".join(header)
    ids = [int(text.partition(";")[0]) for text in listed.splitlines() if text[:1].isdigit()]
    assert set(ids) <= {entry.dump_id for entry in archive.entries}
    assert len(archive.of_kind("TABLE DATA")) == listed.count(" TABLE DATA ")


def test_offsets_lead_to_blocks_and_the_first_follows_the_toc() -> None:
    data = delivery(16).database("shop").read_bytes()
    archive = read_archive(fetch_from(data))
    known = list(blocks(archive))
    assert len(known) == len(archive.with_data()) > 6
    assert known[0][0] == archive.toc_end


def test_definitions_that_a_load_needs_are_kept_and_others_are_not() -> None:
    archive = read_archive(fetch_from(delivery(16).database("shop").read_bytes()))
    assert {entry.name for entry in archive.of_kind("EXTENSION")} == {"citext", "hstore"}
    assert all(entry.definition for entry in archive.of_kind("EXTENSION", "SCHEMA", "DATABASE"))
    assert not any(entry.definition for entry in archive.of_kind("TABLE", "VIEW"))


def test_an_odd_database_name_is_the_headers_own() -> None:
    archive = read_archive(fetch_from(delivery(16).database(ODD_NAME).read_bytes()))
    assert archive.header.database == ODD_NAME


@pytest.mark.parametrize("cut", [0, 4, 7, 11, 60, 3000])
def test_an_archive_that_ends_inside_its_toc_is_damaged(cut: int) -> None:
    with pytest.raises(Damaged):
        read_archive(fetch_from(delivery(16).database("shop").read_bytes()[:cut]))


def test_a_newer_archive_is_not_called_damaged() -> None:
    data = bytearray(delivery(16).database("billing").read_bytes())
    data[6] = 17
    with pytest.raises(Unsupported, match=r"1\.17"):
        read_archive(fetch_from(bytes(data)))


@given(st.binary(max_size=4000))
def test_no_bytes_after_the_magic_do_more_than_damaged_or_unsupported(rest: bytes) -> None:
    for head in (b"PGDMP", b"PGDMP\x01\x0e\x00\x04\x08\x01", b"PGDMP\x01\x10\x00\x04\x08\x01\x01"):
        try:
            read_archive(fetch_from(head + rest))
        except (Damaged, Unsupported):
            continue
