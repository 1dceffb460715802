"""The sample's delivered files: Azure's names, real dumps, every kind of object."""

import subprocess

import pytest

from local.postgres.delivery import UUID, delivery
from local.postgres.programs import programs
from local.postgres.sample import ODD_NAME

pytestmark = pytest.mark.slow
NAMES = {f"database_{name}" for name in ("shop", "billing", "postgres", "azure_sys", "azure_maintenance", ODD_NAME)}


@pytest.mark.parametrize("major", [16, 18])
def test_custom_archives_under_the_names_that_azure_gives(major: int) -> None:
    made = delivery(major)
    assert {path.name for path in made.files()} == {
        f"{UUID}_{name}.sql" for name in NAMES | {"roles", "schema", "tablespace"}
    }
    assert all(path.read_bytes()[:5] == b"PGDMP" for path in made.files() if "_database_" in path.name)
    assert delivery(major) == made


def test_plain_files_are_plain() -> None:
    assert b"COPY public.invoices" in delivery(16, plain=True).database("billing").read_bytes()


def test_the_shop_holds_one_of_every_kind() -> None:
    line = [programs()[18].path("pg_restore"), "-l", str(delivery(16).database("shop"))]
    listed = subprocess.run(line, capture_output=True, text=True, check=True).stdout  # noqa: S603
    for kind in (
        *("EXTENSION", "SCHEMA", "TABLE", "TABLE DATA", "TABLE ATTACH", "FK CONSTRAINT", "ROW SECURITY", "POLICY"),
        *("BLOB", "MATERIALIZED VIEW DATA", "COMMENT", "DOMAIN", "TYPE", "FUNCTION", "TRIGGER", "PUBLICATION"),
        *("SEQUENCE SET", "STATISTICS", "DEFAULT ACL", "VIEW", "INDEX", "ACL"),
    ):
        assert f" {kind} " in listed, kind


def test_roles_have_memberships_and_attributes_that_a_load_must_deal_with() -> None:
    text = (delivery(16).folder / f"{UUID}_roles.sql").read_text()
    for words in ("BYPASSRLS", "REPLICATION", "SCRAM-SHA-256$", "GRANTED BY", '"Odd Role; ""x"""', "azure_pg_admin"):
        assert words in text
