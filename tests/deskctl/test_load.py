"""`deskctl load`: from a restore's id to a database that answers, with the files kept meanwhile."""

import argparse
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deskctl.load import arguments, command, written
from loader.cli import parser as loaders_parser
from local.cli import run
from local.postgres.delivery import delivery
from local.postgres.programs import pg_bin
from local.postgres.sample import ADMIN
from tests.loader.into_kit import PASSWORD, target

pytestmark = pytest.mark.slow


class Desk:
    """Answers for one restore; remembers what it was asked; everything else is 404."""

    def __init__(self, restore: dict[str, Any]) -> None:
        self.restore = restore
        self.kept: list[dict[str, Any]] = []
        self.url = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if (method, path) == ("GET", f"/api/restores/{self.restore['id']}"):
            return 200, self.restore
        if (method, path) == ("POST", f"/api/restores/{self.restore['id']}/keep"):
            self.kept.append(json.loads(body))
            return 200, self.restore
        return 404, {"title": "Not found", "detail": path}


@contextmanager
def served(desk: Desk) -> Iterator[Desk]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            code, said = desk.answer(self.command, self.path, body)
            text = json.dumps(said).encode()
            self.send_response(code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    desk.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_one_command_from_a_restore_to_a_database_that_answers(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PG_BIN", pg_bin())
    restore = {
        "id": "r1",
        "phase": "succeeded",
        "outcome": "filesDelivered",
        "target": {"container": str(delivery(16).folder)},
        "container": {"name": "rd-r1-1", "state": "kept"},
    }
    with served(Desk(restore)) as desk, target(16) as server:
        into = f"host={server.folder} user={ADMIN}"
        given = ["load", "r1", "--into", into, "--database", "shop=shop_then", "--url", desk.url]
        assert run([*given, "--dry-run"]) == 0
        assert desk.kept == []
        assert run(given) == 0
        assert [act["reason"] for act in desk.kept] == ["being loaded by deskctl load"]
        with server.connect("shop_then", ADMIN, PASSWORD) as connection:
            assert connection.execute("select count(*) from sales.orders").fetchone() == (2000,)
    assert "Loaded: shop_then." in capfd.readouterr().out


def test_a_restore_without_files_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    with served(Desk({"id": "r2", "phase": "restoring", "outcome": None, "target": None})) as desk:
        assert run(["load", "r2", "--into", "host=/nowhere", "--url", desk.url]) == 2
    assert "r2 has delivered no files: its phase is restoring" in capfd.readouterr().err


def test_the_files_of_a_container_that_others_use_are_found_by_the_jobs_time() -> None:
    job = {"started": "2026-11-26T18:50:05.238616Z", "ended": "2026-11-26T19:10:00Z"}
    assert written({"job": job}) == {
        "--since": "2026-11-26T18:49:05.238616+00:00",
        "--until": "2026-11-26T19:11:00+00:00",
    }
    assert written({"job": job, "container": {"state": "kept"}}) == {}
    assert written({"job": None}) == {}


def test_every_option_of_the_loader_that_its_advice_names_is_handed_on() -> None:
    parser = argparse.ArgumentParser()
    arguments(parser)
    given = ["r1", "--into", "host=h user=u", "--database", "a=b", "--jobs", "4", "--prefix", "x_", "--locale", "-"]
    args = parser.parse_args([*given, "--include", "cron", "--include", "foreign", "--entra", "--dry-run", "--json"])
    line = command(args, "https://a.blob.core.windows.net/c", {"--since": "2026-11-26T18:49:05+00:00"})
    taken = loaders_parser().parse_args(line[3:])
    assert (taken.database, taken.jobs, taken.prefix, taken.locale) == (["a=b"], 4, "x_", "-")
    assert (taken.include, taken.entra, taken.dry_run, taken.json) == (["cron", "foreign"], True, True, True)
    assert (taken.source, taken.since.isoformat()) == ("https://a.blob.core.windows.net/c", "2026-11-26T18:49:05+00:00")


def test_files_that_are_gone_are_named(capfd: pytest.CaptureFixture[str]) -> None:
    restore = {
        "id": "r4",
        "outcome": "filesDelivered",
        "target": {"container": str(delivery(16).folder)},
        "container": {"state": "gone"},
    }
    with served(Desk(restore)) as desk:
        assert run(["load", "r4", "--into", "host=/nowhere", "--url", desk.url]) == 2
    assert "the files of r4 are gone" in capfd.readouterr().err


def test_a_password_in_the_command_line_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    restore = {
        "id": "r3",
        "phase": "succeeded",
        "outcome": "filesDelivered",
        "target": {"container": str(delivery(16).folder)},
    }
    with served(Desk(restore)) as desk:
        assert run(["load", "r3", "--into", "host=/nowhere password=hunter2", "--url", desk.url]) == 2
        assert desk.kept == []  # it is in a container that the desk deletes nothing of
    assert "a password in --into is seen by all users" in capfd.readouterr().out
