"""Loading into a person's server as a non-superuser: everything arrives, nothing else changes, twice is once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from azure.storage.blob import BlobClient, ContainerClient

from loader.roles import Step
from loader.server import Server
from loader.target import run
from local.postgres.delivery import delivery
from local.postgres.programs import pg_bin, programs
from local.postgres.sample import ADMIN, ADMIN_PASSWORD, ODD_NAME
from local.stack.azurite import Azurite
from tests.loader import traps
from tests.loader.into_kit import HASH, PASSWORD, dumped, load, printed, spelt_alike, target

pytestmark = pytest.mark.slow
DATABASES = ("shop", "billing", ODD_NAME)
SETTINGS = """
    select coalesce(r.rolname, ''), d.datname, s.setconfig from pg_db_role_setting s
    left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase order by 1, 2"""


def value(server: Server, query: str, database: str = "postgres") -> object:
    with server.connect(database) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


# LOAD_MATRIX=whole loads every major into every other, by one connection and by four.
SOME = [(16, 16, 1), (18, 18, 4), (15, 16, 4), (18, 16, 1), (15, 18, 1)]
WHOLE = [(source, into, jobs) for source in (15, 16, 18) for into in (15, 16, 18) for jobs in (1, 4)]


@pytest.mark.parametrize(("source", "into", "jobs"), WHOLE if os.environ.get("LOAD_MATRIX") == "whole" else SOME)
def test_a_restore_arrives_whole(
    source: int, into: int, jobs: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if {source, into} - set(programs()):
        pytest.skip(f"PostgreSQL {source} or {into} is not here")
    made = delivery(source)
    with target(into) as server:
        before = value(server, HASH)
        code, said = load(monkeypatch, server, made.folder, "--jobs", str(jobs))
        assert (code, said["message"]) == (0, f"Loaded: {', '.join(sorted(DATABASES))}.")
        for name in DATABASES:
            again = dumped(server, name, tmp_path)
            assert spelt_alike(printed(again)) == spelt_alike(printed(made.database(name)))
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
        with server.connect("postgres", ADMIN, PASSWORD) as connection:
            (left_out,) = run(connection, [Step("select 1; create database second", "two statements")])
        assert "multiple commands" in left_out.why
        assert value(server, "select count(*) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase "
                             "where datname = 'shop_then'") == 2  # fmt: skip


BUSY = "select max(backend_start) from pg_stat_activity where datname = 'source_trap__loading' and state = 'active'"


def test_a_load_that_ends_early_says_what_is_left_and_the_same_command_begins_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    more = (
        "create role slow_owner; alter table public.t owner to slow_owner; create index on public.t (public.slow(v));"
    )
    with Server(programs()[16]) as source:
        traps.dumped(source, tmp_path, traps.EVIL.replace("{name}", "trap") + more)
    with target(16) as server:
        with server.connect("postgres", ADMIN, PASSWORD) as connection:
            connection.execute("create role slow_owner")
        line = [sys.executable, "-m", "loader", "load", str(tmp_path), "--into", f"host={server.folder} user={ADMIN}"]
        environ = {**os.environ, "PGPASSWORD": PASSWORD, "PG_BIN": pg_bin()}
        before = None
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
            process = subprocess.Popen(line, env=environ, stdout=subprocess.PIPE, text=True)  # noqa: S603
            end = time.monotonic() + 60
            while value(server, BUSY) in (None, before) and time.monotonic() < end:
                time.sleep(0.1)
            before = value(server, BUSY)
            code, second = load(monkeypatch, server, tmp_path)
            assert (code, "another load of it is running" in second["message"]) == (2, True)
            process.send_signal(number)
            said, _ = process.communicate(timeout=60)
            killed = number == signal.SIGKILL
            assert process.returncode == (-number if killed else 130)
            assert killed or "source_trap__loading holds what came so far" in said
            assert value(server, "select pg_has_role('deskadmin', 'slow_owner', 'USAGE')") is killed
            free = time.monotonic() + 60  # until the server has seen that the connection is gone
            while (
                value(server, "select count(*) from pg_locks where locktype = 'advisory'") and time.monotonic() < free
            ):
                time.sleep(0.1)


def test_a_container_is_loaded_once_and_its_blobs_are_not_fetched_a_second_time(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ContainerClient.from_connection_string(azurite.connection_string, f"into-{uuid4().hex}")
    client.create_container()
    for path in delivery(16).files():
        client.upload_blob(path.name, path.read_bytes())
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
    whole: list[str] = []
    download = BlobClient.download_blob

    def counted(blob: BlobClient, *given: Any, **options: Any) -> Any:
        if "offset" not in options:
            whole.append(blob.blob_name)
        return download(blob, *given, **options)

    monkeypatch.setattr(BlobClient, "download_blob", counted)
    with target(16) as server:
        code, said = load(monkeypatch, server, client.url, "--database", "shop")
        assert (code, value(server, "select count(*) from sales.orders", "shop"), len(whole)) == (0, 2000, 1)
        code, said = load(monkeypatch, server, client.url, "--database", "shop")
        assert (code, [one["state"] for one in said["databases"]], len(whole)) == (0, ["there already"], 1)
        client.upload_blob(
            delivery(16).database("shop").name, delivery(16).database("billing").read_bytes(), overwrite=True
        )
        client.delete_blob(delivery(16).database("billing").name)
        long = "n" * 60
        with server.connect() as connection:
            connection.execute(f"create database {long}__l".encode())
        code, said = load(
            monkeypatch, server, client.url, "--database", "billing=shop", "--database", f"{ODD_NAME}={long}"
        )
        assert (code, "drop it, or choose another name" in said["message"]) == (2, True)
        assert said["message"].startswith(f"Loaded: {long}. Not loaded: shop was loaded from another backup")
        assert value(server, "select count(*) from pg_database where datname like 'nnn%'") == 2
