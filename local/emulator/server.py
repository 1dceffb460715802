"""Puts the emulator together and serves it on the loopback: in a thread of the caller's or as a process."""

import argparse
import os
import socket
import sys
import threading
import time
from asyncio import Transport
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.emulator.api.calls import World
from local.emulator.gateway import tls
from local.emulator.gateway.arm import Arm
from local.emulator.gateway.control import Control
from local.emulator.world import planting, ticks
from local.emulator.world import seed as seeds
from local.emulator.world.containers import AzuriteContainers, NamedContainers
from local.emulator.world.inventory import Inventory
from local.emulator.world.options import Options
from local.emulator.world.seed import Seed
from local.emulator.world.signing import Signer
from local.emulator.world.store import Store
from local.emulator.world.worlds import default_seed


def create_app(options: Options, seed: Seed | None = None, clock: Callable[[], int] = ticks.now) -> Starlette:
    """A folder that holds a world already is carried on; the seed is for an empty one and for reset."""
    store = Store(options.state)
    kept = AzuriteContainers(options.blobs, options.blobs_key) if options.blobs else NamedContainers(store.db)
    world = World(options, store, Inventory(store), Signer(store.key), clock, kept)
    first = seed or default_seed()
    if store.db.execute("SELECT 1 FROM groups LIMIT 1").fetchone() is None:
        with store.transaction():
            planting.plant(store, first, clock())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    return Starlette(routes=[*Control(world, first).routes(), Mount("/", Arm(world))], lifespan=lifespan)


class _Protocol(H11Protocol):
    """Lets a call reach its connection, so that a fault can reset it."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():  # an idle TLS peer would be waited for until it says goodbye
            self.transport.abort()


class Emulator:
    """`with Emulator(options) as emulator: … emulator.url` – serves from a thread until the block ends."""

    def __init__(
        self, options: Options, seed: Seed | None = None, port: int = 0, clock: Callable[[], int] = ticks.now
    ) -> None:
        self._pair = tls.pair(_folder(options.state)) if options.tls else None
        self._socket = _bound(port)
        self.url = f"{'https' if options.tls else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(options, seed, clock),
            http=_Protocol,
            lifespan="on",
            log_level="warning",
            access_log=False,  # it would print signed URLs
            server_header=False,
            ssl_certfile=self._pair.certificate if self._pair else None,
            ssl_keyfile=self._pair.key if self._pair else None,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.run, name="emulator", daemon=True)

    @property
    def certificate(self) -> Path | None:
        """What a client has to trust, where TLS is on."""
        return self._pair.certificate if self._pair else None

    def run(self) -> None:
        self._server.run(sockets=[self._socket])

    def start(self) -> Self:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"the emulator did not start on {self.url}: see the log above")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _bound(port: int) -> socket.socket:
    # Named as TCP, or asyncio does not switch Nagle's delay off on what it accepts: 40 ms a call.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen(512)  # from now on a client may come, and waits until the server is up
    return bound


def main(argv: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(argv)
    options = Options(
        state=given.state,
        speed=given.speed,
        page_size=given.page_size,
        listing_delay=given.listing_delay,
        etag_every=given.etag_every,
        ends_at_first_poll=given.ends_at_first_poll,
        fractional_retry_after=given.fractional_retry_after,
        buckets=given.buckets,
        tls=given.tls,
        token=given.token,
        fault_seed=given.fault_seed,
        max_concurrent_restores=given.max_concurrent_restores,
        flex_daily_limit=given.flex_daily_limit,
        dumps=given.dumps,
        blobs=given.blobs,
        blobs_key=os.environ.get("EMULATOR_BLOBS_KEY", ""),
    )
    emulator = Emulator(options, seeds.load(given.seed) if given.seed else None, given.port)
    trust = f", trust {emulator.certificate}" if emulator.certificate else ""
    sys.stdout.write(
        f"Data Protection emulator on {emulator.url} (state in {given.state}, speed {given.speed:g}{trust})\n"
    )
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        emulator.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.emulator", description="Azure's Data Protection API on the loopback."
    )
    parser.add_argument("--port", type=int, default=7080)
    parser.add_argument("--state", type=Path, default=Path(".local/emulator"), help="folder that keeps the world")
    parser.add_argument("--seed", type=Path, help="JSON of the world to start with (default: the demo's)")
    parser.add_argument("--speed", type=float, default=1.0, help="divides every duration")
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--listing-delay", type=float, default=0.0, help="seconds until a job shows in lists")
    parser.add_argument("--etag-every", type=float, default=0.0, help="seconds between a running job's etags; 0: none")
    parser.add_argument("--token", help="the one bearer token to take (default: any)")
    parser.add_argument("--fault-seed", type=int, default=0)
    parser.add_argument("--max-concurrent-restores", type=int, default=0, help="per instance; 0: no limit")
    parser.add_argument("--dumps", type=Path, help="folder of real dumps, a folder a variant, that files jobs deliver")
    parser.add_argument("--blobs", metavar="URL", help="Azurite's blob service; its key stands in EMULATOR_BLOBS_KEY")
    for flag in ("tls", "buckets", "fractional-retry-after", "flex-daily-limit", "ends-at-first-poll"):
        parser.add_argument(f"--{flag}", action="store_true")
    return parser
