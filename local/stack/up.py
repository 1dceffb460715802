"""`python3 -m local up`: a whole desk that stays up; prints its URLs, a key made for this run, and lines to paste."""

import argparse
import contextlib
import fcntl
import os
import re
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.host.triggers.sign_in import principal
from local.stack.processes import ROOT, NotStarted, shorten
from local.stack.stack import Options, Stack
from local.stack.welcome import words
from shared.config.cloud_settings import is_loopback
from shared.config.desk_file import parse_desk
from shared.domain.problems import Ours

TAKEN = (
    "ARM_ENDPOINT", "ARM_SCOPE", "ARM_CA_BUNDLE", "DATA_PROTECTION_API_VERSION", "DESK_CONFIG", "DESK_PACE",
    "DESK_START_PAUSED", "SWEEP_SCHEDULE", "RETENTION_DAYS", "AzureWebJobsStorage",
)  # fmt: skip
LOOK_EVERY = 60.0  # seconds between two looks at the size of the logs


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--arm", metavar="URL", help="another ARM endpoint than the emulator's")
    parser.add_argument("--port", type=int, default=7071, metavar="N", help="of the Functions host (default 7071)")
    parser.add_argument("--speed", type=float, default=30, help="divides all durations on a loopback ARM (default 30)")
    parser.add_argument("--as", dest="person", metavar="NAME", help="sign in on the page, such as user@contoso.com")
    parser.add_argument("--roles", metavar="R1,R2", help="the app roles of --as (default: all that desk.toml names)")
    parser.add_argument("--state", type=Path, default=Path(".local/up"), help="folder that keeps ledger and emulator")


def main(args: argparse.Namespace) -> int:
    """Until Ctrl-C, SIGTERM, or the terminal is closed; no process is left."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    arm = args.arm or os.environ.get("ARM_ENDPOINT")
    named = taken(os.environ, arm)
    try:
        person = signed_in(args.person, args.roles, arm, named) if args.person or args.roles else None
    except (Ours, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    options = Options(
        speed=args.speed,
        pace=args.speed,  # the app takes no other pace than Azure's own unless ARM is on this machine
        arm=arm,
        port=args.port,
        home=args.state.resolve(),
        environ=named,
        config=config_of(named),
        storage=named.get("AzureWebJobsStorage"),
        person=person,
        dumps=True,
        loader=True,
    )
    try:
        with alone(options), Stack(options) as stack:
            print(words(stack), flush=True)
            while not stop.wait(LOOK_EVERY):
                shorten(stack.home)
            with contextlib.suppress(OSError):  # the terminal may be gone
                print("stopping …", file=sys.stderr)
    except (Ours, NotStarted) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def signed_in(name: str | None, roles: str | None, arm: str | None, environ: Mapping[str, str]) -> str:
    """The principal of --as: only beside an ARM on this machine, for nobody really signed in."""
    if arm and not is_loopback(arm):
        raise Ours("--as signs in whom you name, so it works only with an ARM on this machine: leave --arm away")
    if not name:
        raise Ours("--roles needs --as: who has these roles?")
    file = config_of(environ)
    page = parse_desk(file.read_text(encoding="utf-8-sig")).page
    if page is None:
        raise Ours(f"{file} has no [page] table, so that the page is off; samples/desk.toml shows one")
    wanted = [role.strip() for role in roles.split(",")] if roles else [*page.roles]
    strange = [role for role in wanted if role not in page.roles]
    if strange:
        raise Ours(f"{file} has no role {strange[0]!r}; there are: {', '.join(page.roles)}")
    return principal(name, wanted, page.tenant, str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{name}")))


def config_of(environ: Mapping[str, str]) -> Path:
    """The desk.toml that DESK_CONFIG names, else the sample."""
    return ROOT / environ["DESK_CONFIG"] if "DESK_CONFIG" in environ else Options().config


@contextlib.contextmanager
def alone(options: Options) -> Iterator[None]:
    """A port that is free, and a folder that no other `up` is writing: two on one ledger's files would spoil it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", options.port))
        except OSError as error:
            raise Ours(f"port {options.port} cannot be had ({error.strerror}): give another with --port") from error
    assert options.home
    options.home.mkdir(parents=True, exist_ok=True)
    with (options.home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Ours(f"another `up` works in {options.home}: end it, or give --state another folder") from error
        yield


def taken(environ: Mapping[str, str], arm: str | None) -> dict[str, str]:
    """The settings in the user's environment: the app's own, and the variables that desk.toml names."""
    named = {name: environ[name] for name in TAKEN if environ.get(name)}
    secret = {
        name: value for name, value in environ.items() if re.search(r"_(URL|SECRET|TOKEN|KEY|USER|PASSWORD)$", name)
    }
    return {**secret, **named, **({"ARM_ENDPOINT": arm} if arm else {})}
