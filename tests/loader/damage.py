"""Spoils real archives bit by bit and counts what each level finds: `python -m tests.loader.damage [--write]`."""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from loader.archive import read_archive
from loader.verdict import Level, Outcome
from local.postgres.delivery import UUID, delivery
from tests.loader.kit import verified

COMPRESSIONS = ("gzip", "lz4", "zstd", "none")
REGIONS = ("data", "TOC")
FLIPS, TRUNCATIONS = 200, 30
DOCUMENT = Path(__file__).parents[2] / "docs" / "verification.md"
BEGIN, END = "<!-- damage: written by python -m tests.loader.damage --write -->", "<!-- end of damage -->"
NAME = f"{UUID}_database_shop.sql"


@dataclass
class Found:
    """What became of the spoilt copies of one kind."""

    made: int = 0
    by_level: Counter[Level] = field(default_factory=Counter)  # not passed
    failed: Counter[Level] = field(default_factory=Counter)
    warned: int = 0  # passed at decoded, with a warning that definitions differ

    def count(self, outcomes: dict[Level, Outcome], warned: bool) -> None:
        self.made += 1
        self.by_level.update(level for level, outcome in outcomes.items() if outcome is not Outcome.PASSED)
        self.failed.update(level for level, outcome in outcomes.items() if outcome is Outcome.FAILED)
        self.warned += warned


def flips(whole: bytes, region: str, count: int, seed: int) -> Iterator[bytes]:
    """Copies with one bit turned over, in the data or in header and TOC."""
    toc_end = read_archive(lambda offset, length: whole[offset : offset + length]).toc_end
    draw = random.Random(seed)  # noqa: S311
    for _ in range(count):
        at = draw.randrange(toc_end, len(whole)) if region == "data" else draw.randrange(toc_end)
        yield whole[:at] + bytes([whole[at] ^ (1 << draw.randrange(8))]) + whole[at + 1 :]


def truncations(whole: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Copies that end early, anywhere; the last one lacks a single byte."""
    draw = random.Random(seed)  # noqa: S311
    yield from (whole[: draw.randrange(len(whole))] for _ in range(count - 1))
    yield whole[:-1]


def look(spoilt: bytes, schema: Path) -> tuple[dict[Level, Outcome], bool]:
    """The verdict of each level on one spoilt copy."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / NAME).write_bytes(spoilt)
        shutil.copy(schema, folder)
        verdicts = {level: verified(folder, level) for level in (Level.LISTED, Level.DECODED)}
        outcomes = {level: verdict.outcome for level, verdict in verdicts.items()}
        warned = any("definitions differ" in text for text in verdicts[Level.DECODED].warnings)
        return outcomes, outcomes[Level.DECODED] is Outcome.PASSED and warned


def measure(copies: Iterator[bytes], schema: Path) -> Found:
    found = Found()
    with ThreadPoolExecutor(2) as workers:
        for outcomes, warned in workers.map(lambda copy: look(copy, schema), copies):
            found.count(outcomes, warned)
    return found


def sample(compression: str) -> tuple[bytes, Path]:
    """The shop's archive in one compression, and the server's definitions."""
    made = delivery(18, compress=compression)
    return made.database("shop").read_bytes(), made.folder / f"{UUID}_schema.sql"


def table(flip_count: int, truncation_count: int, seed: int) -> list[str]:
    """The rows of the table, as Markdown."""
    lines = [
        "| spoilt | compression | copies | found by `listed` | found by `decoded` | of these `failed` | only warned |",
        "|---|---|---|---|---|---|---|",
    ]
    for region in REGIONS:
        for compression in COMPRESSIONS:
            whole, schema = sample(compression)
            found = measure(flips(whole, region, flip_count, seed), schema)
            lines.append(line(f"one bit of the {region}", compression, found))
    for compression in COMPRESSIONS:
        whole, schema = sample(compression)
        lines.append(line("cut off", compression, measure(truncations(whole, truncation_count, seed), schema)))
    return lines


def line(kind: str, compression: str, found: Found) -> str:
    listed, decoded = found.by_level[Level.LISTED], found.by_level[Level.DECODED]
    of_these = found.failed[Level.DECODED]
    return f"| {kind} | {compression} | {found.made} | {listed} | {decoded} | {of_these} | {found.warned} |"


def write(lines: list[str]) -> None:
    """Puts the table into docs/verification.md."""
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    DOCUMENT.write_text(before + "\n".join([BEGIN, *lines, END]) + rest.split(END)[1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.loader.damage", description=__doc__)
    parser.add_argument("--flips", type=int, default=FLIPS)
    parser.add_argument("--truncations", type=int, default=TRUNCATIONS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="into docs/verification.md")
    chosen = parser.parse_args()
    lines = table(chosen.flips, chosen.truncations, chosen.seed)
    print("\n".join(lines))
    if chosen.write:
        write(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
