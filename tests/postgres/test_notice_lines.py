"""The file steps of a notice, run: each line in a real bash, `az` on Azurite, PostgreSQL as a non-superuser."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from local.postgres import sample
from local.postgres.delivery import delivery
from local.postgres.programs import programs
from local.postgres.server import Server
from local.stack.azurite import Azurite
from shared.advice.next_steps import steps_of
from shared.domain.restore import Job, Phase, Restore
from shared.domain.text import plain as as_shown
from tests.kits.az_stub import az_on_path
from tests.kits.restores import a_restore

pytestmark = pytest.mark.slow
MAJORS = sorted(programs())
ACCOUNT, CONTAINER = "testossstorageaccount", "drills-pg-prod-01"
PASSWORD = "the-targets-own-password"
OURS = ("shop", "billing", sample.ODD_NAME)
ROWS = (
    "select n.nspname, c.relname, (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I.%I', "
    "n.nspname, c.relname), false, true, '')))[1]::text from pg_class c join pg_namespace n on n.oid = relnamespace "
    "where relkind = 'r' and n.nspname !~ '^(pg_|information_schema)' order by 1, 2"
)
MEMBERS = (
    "select r.rolname, m.rolname from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m "
    "on m.oid = a.member where m.rolname !~ '^(azure|pg_|replication)' and r.rolname !~ '^(azure|pg_|replication)' "
    "group by 1, 2"
)


@dataclass
class Bench:
    """One target server beside one container, and a shell with both at hand."""

    server: Server
    azurite: Azurite
    home: Path

    @property
    def container(self) -> ContainerClient:
        credential = {"account_name": ACCOUNT, "account_key": self.azurite.key}
        service = BlobServiceClient(f"{self.azurite.blob_endpoint}/{ACCOUNT}", credential=credential)
        return service.get_container_client(CONTAINER)

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        newest = programs()[max(MAJORS)].folder
        environ = {
            "PATH": f"{self.home}:{newest}:/usr/bin:/bin",
            "PGHOST": str(self.server.folder),
            "PGUSER": sample.ADMIN,
            "PGPASSWORD": PASSWORD,
            "HOME": str(self.home),
            "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
        }
        return subprocess.run(  # noqa: S603 - a notice's own line, run on purpose
            ["/bin/bash", "-c", line],
            cwd=self.home,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def rows(self, database: str) -> list[Any]:
        with self.server.connect(database) as connection:
            return connection.execute(ROWS).fetchall()

    def memberships(self) -> set[Any]:
        with self.server.connect() as connection:
            return set(connection.execute(MEMBERS).fetchall())


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with Azurite(tmp_path_factory.mktemp("azurite"), in_memory=True) as running:
        yield running


@pytest.fixture(scope="module")
def source() -> Iterator[Bench]:
    """The server whose dumps these are, to compare with."""
    with Server(programs()[min(MAJORS, key=lambda major: abs(major - 16))]) as server:
        sample.make(server)
        yield Bench(server, None, Path())  # type: ignore[arg-type]


@pytest.fixture(params=MAJORS)
def bench(request: pytest.FixtureRequest, azurite: Azurite, tmp_path: Path) -> Iterator[Bench]:
    with Server(programs()[request.param]) as server:
        with server.connect() as connection:
            connection.execute(f"create role {sample.ADMIN} login createrole createdb password '{PASSWORD}'")
            if request.param >= 16:  # as on Azure, where the admin may give these on
                connection.execute(f"grant pg_read_all_data to {sample.ADMIN} with admin option")
        with az_on_path(tmp_path, azurite):
            yield Bench(server, azurite, tmp_path)


def filled(bench: Bench, plain: bool) -> Restore:
    """The container holds an older file beside ours; the restore is as its end left it."""
    container = bench.container
    if container.exists():
        for blob in list(container.list_blobs()):
            container.delete_blob(blob.name)
    else:
        container.create_container()
    oldest = min(16, bench.server.programs.major)
    for path in delivery(oldest, plain=plain).files():
        container.upload_blob(path.name, path.read_bytes())
    now = datetime.now(UTC)
    job = Job(id="j", status="Completed", started=now - timedelta(seconds=30), ended=now)
    plan = a_restore().plan
    assert plan
    url = f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}"
    return a_restore(
        Phase.SUCCEEDED, outcome="filesDelivered", job=job, plan=plan.model_copy(update={"container": url})
    )


def lines(restore: Restore) -> list[str]:
    """The plain lines, as a channel shows them: what comes after the one command of this repository."""
    first, *others = [as_shown(step.joint.join(step.commands)) for step in steps_of(restore) if step.commands]
    assert first.startswith(f"python3 -m deskctl load {restore.id} ")
    return others


@pytest.mark.parametrize("plain", [False, True], ids=["custom", "plain"])
def test_the_lines_make_every_database_and_leave_an_empty_container(bench: Bench, source: Bench, plain: bool) -> None:
    restore = filled(bench, plain)
    listed, fetched, roles, loaded, deleted = lines(restore)
    assert "roles.sql" in bench.run(listed).stdout
    for line in (fetched, roles, loaded):
        done = bench.run(line)
        assert done.returncode == 0, done.stderr
    for name in OURS:
        assert bench.rows(name) == source.rows(name) != []
    assert source.memberships() <= bench.memberships()
    with psycopg.connect(host=str(bench.server.folder), dbname="shop", user=sample.ADMIN, password=PASSWORD) as own:
        assert own.execute("select 1").fetchone() == (1,)
    for line in (fetched, roles, loaded):
        assert bench.run(line).returncode == 0
    assert all(f"already there: {name}" in bench.run(loaded).stdout for name in OURS)
    assert bench.run(deleted).returncode == 0
    assert list(bench.container.list_blobs()) == []
    assert not (bench.home / f"restore-{restore.id}").exists()


def test_no_password_of_the_source_gets_in(bench: Bench) -> None:
    restore = filled(bench, False)
    _, fetched, roles, _, _ = lines(restore)
    for line in (fetched, roles):
        assert bench.run(line).returncode == 0
    with bench.server.connect() as connection:
        sql = "select rolname from pg_authid where rolcanlogin or rolpassword is not null"
        assert {name for (name,) in connection.execute(sql).fetchall()} == {sample.ADMIN, bench.server.superuser}


def test_files_of_another_restore_are_neither_fetched_nor_deleted(bench: Bench) -> None:
    restore = filled(bench, False)
    later = timedelta(hours=2)
    assert restore.job
    assert restore.job.started
    assert restore.job.ended
    job = restore.job.model_copy(
        update={"started": restore.job.started - later, "ended": restore.job.ended - later}
    )  # so that what lies there was written after it
    _, fetched, _, _, deleted = lines(restore.model_copy(update={"job": job}))
    before = {blob.name for blob in bench.container.list_blobs()}
    assert bench.run(fetched).returncode == bench.run(deleted).returncode == 0
    assert {blob.name for blob in bench.container.list_blobs()} == before


def test_a_long_name_drops_no_other_database(bench: Bench) -> None:
    restore = a_restore(Phase.SUCCEEDED, outcome="filesDelivered")
    name = "n" * 60
    other = f"{name}__loading"[:63]  # what PostgreSQL makes of the name that a load would have
    folder = bench.home / f"restore-{restore.id}"
    folder.mkdir()
    (folder / f"a_database_{name}.sql").write_text("create table kept (one int);")
    with bench.server.connect() as connection:
        connection.autocommit = True
        connection.execute(f"create database {other} owner {sample.ADMIN}")
    assert f"loaded: {name}" in bench.run(lines(restore)[-2]).stdout
    with bench.server.connect() as connection:
        there = {found for (found,) in connection.execute("select datname from pg_database").fetchall()}
    assert {name, other} <= there
    assert bench.rows(name) == [("public", "kept", "0")]
