"""A seeded sample of `python -m tests.loader.damage`, whose whole table is in docs/verification.md."""

import re
from functools import partial
from pathlib import Path

import pytest

from loader.archive import read_archive
from loader.listed import length_faults
from loader.sources import Folder
from loader.verdict import Level, Outcome
from local.postgres.delivery import delivery
from tests.loader import damage

pytestmark = pytest.mark.slow
SEED = 7


@pytest.mark.parametrize("compression", damage.COMPRESSIONS)
def test_every_truncation_is_found_by_decoding(compression: str) -> None:
    whole, schema = damage.sample(compression)
    found = damage.measure(damage.truncations(whole, 8, SEED), schema)
    assert found.failed[Level.DECODED] == found.made == 8


def test_every_flip_in_gzip_data_is_found_by_decoding() -> None:
    whole, schema = damage.sample("gzip")
    found = damage.measure(damage.flips(whole, "data", 40, SEED), schema)
    assert found.failed[Level.DECODED] == found.made == 40


def test_a_length_past_its_block_is_named_with_its_place(tmp_path: Path) -> None:
    whole, _ = damage.sample("gzip")
    archive = read_archive(lambda offset, length: whole[offset : offset + length])
    at = min(entry.offset for entry in archive.of_kind("TABLE DATA") if entry.offset) + 6
    (tmp_path / "spoilt").write_bytes(whole[: at + 4] + b"\x50" + whole[at + 5 :])
    source = Folder(tmp_path)
    (said,) = length_faults(source, source.files()[0], archive)
    assert said.startswith(f"at byte {at:,} a chunk of ")
    assert said.endswith("its block ends before")


@pytest.mark.parametrize("compression", damage.COMPRESSIONS)
def test_a_whole_archive_has_no_length_that_is_too_long(compression: str) -> None:
    source = Folder(delivery(18, compress=compression).folder)
    files = [file for file in source.files() if "_database_" in file.name]
    assert len(files) > 3
    for file in files:
        archive = read_archive(partial(source.read, file))
        assert length_faults(source, file, archive) == []


@pytest.mark.parametrize("compression", damage.COMPRESSIONS)
@pytest.mark.parametrize("region", damage.REGIONS)
def test_a_flip_anywhere_gives_a_verdict(region: str, compression: str) -> None:
    whole, schema = damage.sample(compression)
    assert damage.measure(damage.flips(whole, region, 5, SEED), schema).made == 5


@pytest.mark.parametrize("cut", [1, 2, 5, 6, 7, 11])
def test_a_file_that_lacks_its_last_bytes_is_found_by_listing(cut: int) -> None:
    whole, schema = damage.sample("gzip")
    outcomes, _ = damage.look(whole[:-cut], schema)
    assert set(outcomes.values()) == {Outcome.FAILED}


def test_a_block_that_does_not_begin_where_it_should_is_found_by_listing() -> None:
    whole, schema = damage.sample("zstd")
    archive = read_archive(lambda offset, length: whole[offset : offset + length])
    offsets = sorted(entry.offset for entry in archive.with_data() if entry.offset)
    for at in (offsets[0], offsets[1] + 2, offsets[2] - 1):
        spoilt = whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]
        outcomes, _ = damage.look(spoilt, schema)
        assert outcomes[Level.LISTED] is Outcome.FAILED


def test_the_document_holds_a_whole_table() -> None:
    text = damage.DOCUMENT.read_text().split(damage.BEGIN)[1].split(damage.END)[0]
    rows = re.findall(r"^\| ([^|]+) \| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", text, re.MULTILINE)
    assert {(kind, compression): int(made) for kind, compression, made, _, _ in rows} == {
        **{
            (f"one bit of the {region}", compression): damage.FLIPS
            for region in damage.REGIONS
            for compression in damage.COMPRESSIONS
        },
        **{("cut off", compression): damage.TRUNCATIONS for compression in damage.COMPRESSIONS},
    }
    for kind, compression, made, _, decoded in rows:
        if kind == "cut off" or (kind, compression) == ("one bit of the data", "gzip"):
            assert made == decoded
