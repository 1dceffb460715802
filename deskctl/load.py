"""`python3 -m deskctl load <restore id> --into DSN`: the databases of a restore, into a server of yours."""

import argparse
import getpass
import importlib.util
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from deskctl.desk_client import client, desk_arguments, get, read, tried
from shared.domain.problems import Ours

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("psycopg", "azure.storage.blob", "azure.identity")
RENEW_SECONDS = 3600.0
MARGIN = timedelta(minutes=1)  # between the job's clock and the storage's


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which restore; all that the loader takes is handed on."""
    parser.add_argument("id", help="the restore's id")
    parser.add_argument("--into", required=True, metavar="DSN", help="the server, without a password: host=… user=…")
    parser.add_argument("--database", action="append", default=[], metavar="NAME[=NEW]", help="only this one, as NEW")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="connections at once")
    parser.add_argument("--prefix", default="", metavar="TEXT", help="only files whose names begin so")
    parser.add_argument("--locale", default="", help="instead of the source's: sorting may differ")
    parser.add_argument(
        "--include", action="append", default=[], metavar="KIND", help="foreign, cron: left out otherwise"
    )
    parser.add_argument("--entra", action="store_true", help="a token of your Azure sign-in is the password")
    parser.add_argument("--dry-run", action="store_true", help="looks at everything, changes nothing")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    desk_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Runs the loader and returns its exit code; 2 if it was not started."""
    try:
        with client(args) as http:
            restore = get(http, f"/api/restores/{quote(args.id, safe='')}")
            container = (restore.get("target") or {}).get("container")
            if restore.get("outcome") != "filesDelivered" or not container:
                raise Ours(f"{args.id} has delivered no files: its phase is {restore.get('phase')}")
            if (restore.get("container") or {}).get("state") == "gone":
                raise Ours(f"the files of {args.id} are gone, their time was over: ask for the restore once more")
            _programs_here()
            keeps = (
                bool(restore.get("container")) and not args.dry_run
            )  # a container that was there is nobody's to delete
            return _run(http, args.id, command(args, container, written(restore)), keeps=keeps)
    except Ours as error:
        print(error, file=sys.stderr)
        return 2


def written(restore: dict[str, Any]) -> dict[str, str]:
    """When this restore's files were written, as the loader's options: its container may hold those of others. Empty
    if it is the restore's own."""
    job = restore.get("job") or {}
    if restore.get("container") or not job.get("started"):
        return {}
    began = datetime.fromisoformat(job["started"])
    ended = datetime.fromisoformat(job.get("ended") or restore.get("closedAt") or job["started"])
    return {"--since": (began - MARGIN).isoformat(), "--until": (ended + MARGIN).isoformat()}


def command(args: argparse.Namespace, container: str, of: dict[str, str]) -> list[str]:
    """The loader's command line. It holds no password: the loader refuses one in the DSN."""
    line = [sys.executable, "-m", "loader", "load", container, "--into", args.into, "--jobs", str(args.jobs)]
    line += [part for name in args.database for part in ("--database", name)]
    line += [part for kind in args.include for part in ("--include", kind)]
    named = of | {"--prefix": args.prefix, "--locale": args.locale}
    line += [f"{option}={value}" for option, value in named.items() if value]
    given = {"--entra": args.entra, "--dry-run": args.dry_run, "--json": args.json}
    return [*line, *(name for name, wanted in given.items() if wanted)]


def _run(http: httpx.Client, restore: str, line: list[str], *, keeps: bool) -> int:
    """Keeps the files that the desk would delete while the load runs; on Ctrl-C the loader says what it leaves."""
    with subprocess.Popen(line, cwd=ROOT) as process:  # noqa: S603 - no shell
        while True:
            if keeps:
                _keep(http, restore)
            try:
                return process.wait(RENEW_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            except KeyboardInterrupt:
                return process.wait()


def _keep(http: httpx.Client, restore: str) -> None:
    """Where the desk cannot keep the files longer, the load goes on: they may last long enough."""
    body = {"by": getpass.getuser(), "reason": "being loaded by deskctl load"}
    try:
        read(tried(lambda: http.post(f"/api/restores/{quote(restore, safe='')}/keep", json=body)))
    except Ours as error:
        print(f"the desk does not keep the files for this load: {error}", file=sys.stderr)


def _programs_here() -> None:
    lacking = [name for name in NEEDED if not _there(name)]
    if lacking or not (ROOT / "loader").is_dir():
        what = f"{sys.executable} -m pip install -r {ROOT / 'loader' / 'requirements.txt'}"
        raise Ours(f"the loader lacks {', '.join(lacking) or 'its folder'}: {what}")


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
