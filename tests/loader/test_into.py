"""Loading into a person's server as a non-superuser: everything arrives, nothing else changes, twice is once."""

from pathlib import Path

import pytest

from loader.server import Server
from local.postgres.delivery import delivery
from local.postgres.programs import programs
from local.postgres.sample import ADMIN, ADMIN_PASSWORD, ODD_NAME
from tests.loader.into_kit import HASH, PASSWORD, dumped, load, printed, target

pytestmark = pytest.mark.slow
DATABASES = ("shop", "billing", ODD_NAME)
SETTINGS = """
    select coalesce(r.rolname, ''), d.datname, s.setconfig from pg_db_role_setting s
    left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase order by 1, 2"""
MEMBERS = "select 1 from pg_auth_members a where a.roleid = 'app_owner'::regrole and a.member = %s::regrole"


def value(server: Server, query: str, database: str = "postgres") -> object:
    with server.connect(database) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(("source", "into", "jobs"), [(16, 16, 1), (18, 18, 4), (15, 16, 4), (18, 16, 1), (15, 18, 1)])
def test_a_restore_arrives_whole(
    source: int, into: int, jobs: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if source not in programs():
        pytest.skip(f"PostgreSQL {source} is not here")
    made = delivery(source)
    with target(into) as server:
        before = value(server, HASH)
        code, said = load(monkeypatch, server, made.folder, "--jobs", str(jobs))
        assert (code, said["message"]) == (0, f"Loaded: {', '.join(sorted(DATABASES))}.")
        for name in DATABASES:
            again = dumped(server, name, tmp_path)
            more = () if source == into else ("--data-only",)
            assert printed(again, *more) == printed(made.database(name), *more)
        with server.connect() as connection:
            settings = connection.execute(SETTINGS).fetchall()
        assert ("", "shop", ["TimeZone=UTC"]) in settings
        assert ("app_rw", "shop", ["work_mem=8MB"]) in settings
        assert value(server, HASH) == before
        assert value(server, "select rolpassword is null from pg_authid where rolname = 'app_rw'") is True
        assert value(server, "select rolbypassrls from pg_roles where rolname = 'support_azure_pg_admin_team'") is False
        server.connect(user=ADMIN, password=PASSWORD).close()
        with pytest.raises(Exception, match="password authentication failed"):
            server.connect(user=ADMIN, password=ADMIN_PASSWORD)
        code, said = load(monkeypatch, server, made.folder)
        assert (code, {one["state"] for one in said["databases"]}) == (0, {"there already"})


def test_one_database_under_a_new_name_beside_one_that_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with target(16) as server:
        with server.connect() as connection:
            connection.execute("create database shop")
        folder = delivery(16).folder
        code, said = load(monkeypatch, server, folder)
        assert code == 2
        assert "shop is there already: --database shop=<new name>" in said["message"]
        assert value(server, "select count(*) from pg_roles where rolname = 'app_owner'") == 0
        code, _ = load(monkeypatch, server, folder, "--database", "shop=shop_then", "--dry-run")
        assert (code, value(server, "select count(*) from pg_database where datname like 'shop%'")) == (0, 1)
        code, said = load(monkeypatch, server, folder, "--database", "shop=shop_then")
        assert (code, [one["name"] for one in said["databases"]]) == (0, ["shop_then"])
        assert value(server, "select count(*) from sales.orders", "shop_then") == 2000
        assert value(server, "select count(*) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase "
                             "where datname = 'shop_then'") == 2  # fmt: skip
