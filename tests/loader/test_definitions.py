"""Definitions in an archive are compared with `_schema.sql`: a warning, never more."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.definitions import section
from loader.verdict import Level, Outcome
from local.postgres.delivery import UUID, delivery
from local.postgres.programs import programs
from local.postgres.sample import ODD_NAME
from tests.loader.kit import verified

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("major", sorted(programs()))
def test_each_database_has_its_part(major: int) -> None:
    text = (delivery(major).folder / f"{UUID}_schema.sql").read_bytes()
    for name, holds in {"shop": b"sales.orders", "billing": b"public.invoices", ODD_NAME: b"public.t "}.items():
        part = section(text, name.encode())
        assert part
        assert holds in part
        assert (b"sales.orders" in part) == (name == "shop")
    assert section(text, b"other") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"note text", b"note varchar"),
        (b"'it''s all here'", b"'it''s all gone'"),
        (b"CREATE VIEW sales.totals", b"CREATE VIEW sales.other"),
        (b"ALTER TABLE sales.orders OWNER TO app_owner", b"ALTER TABLE sales.orders OWNER TO deskadmin"),
    ],
)
def test_a_difference_is_a_warning_that_shows_the_first_line(old: bytes, new: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "delivered"
    shutil.copytree(delivery(16).folder, folder)
    schema = folder / f"{UUID}_schema.sql"
    text = schema.read_bytes()
    assert old in text
    schema.write_bytes(text.replace(old, new))
    verdict = verified(folder, Level.DECODED)
    assert verdict.outcome is Outcome.PASSED
    (warning,) = [one for one in verdict.warnings if "differ" in one]
    assert "_database_shop.sql" in warning


def test_without_a_file_of_definitions_the_verdict_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "delivered"
    shutil.copytree(delivery(16).folder, folder)
    (folder / f"{UUID}_schema.sql").unlink()
    assert any("compared with nothing" in text for text in verified(folder, Level.DECODED).warnings)


@given(st.lists(st.sampled_from([b"\\connect shop\n", b'\\connect "\n', b"\\connect\n", b"\n", b"x", b"\xff", b'"""'])))
def test_any_bytes_have_a_part_or_none(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    assert section(text, b"shop") is None or b"connect shop" in text


@pytest.mark.parametrize("content", [b"", b"\0" * 500, b"\\connect shop\n"])
def test_a_file_of_definitions_that_says_nothing_is_a_warning(content: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "delivered"
    shutil.copytree(delivery(16).folder, folder)
    (folder / f"{UUID}_schema.sql").write_bytes(content)
    verdict = verified(folder, Level.DECODED)
    assert verdict.outcome is Outcome.PASSED
    assert any("_schema.sql" in text for text in verdict.warnings)
