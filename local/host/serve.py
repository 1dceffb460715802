"""One host process: an app folder indexed, its triggers listening, until SIGTERM or SIGINT."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import uvicorn

from local.host.bindings import declared, host_json, settings
from local.host.bindings.connections import Connection
from local.host.bindings.declared import AppRefused, Function, QueueOutput, QueueTrigger, TimerTrigger
from local.host.bindings.host_json import HostJson
from local.host.bindings.invocations import Invocations
from local.host.bindings.protos import TypedData
from local.host.bindings.worker import Returned, Worker
from local.host.triggers import keys, lease, queue_rules
from local.host.triggers.admin import Admin
from local.host.triggers.front import Front
from local.host.triggers.queue_listener import Durations, QueueListener, Rules
from local.host.triggers.queue_rules import Message
from local.host.triggers.storage_queue import StorageQueue
from local.host.triggers.timer_listener import TimerListener, real_clock

logger = logging.getLogger("host")
_BODY_LIMIT = "104857600"


@dataclass(frozen=True)
class Options:
    app: Path
    port: int
    state: Path
    settings: Path | None = None
    values: str | None = field(default=None, repr=False)  # what a settings file would hold
    only: tuple[str, ...] = ()
    key: str | None = None
    body_limit: int | None = None
    grace: float = 30.0
    invisible: float = Durations().invisible
    with_parent: bool = False
    lease: float = lease.SECONDS
    person: str | None = None


class Host:
    """The parts of one process, made from what the app declares."""

    def __init__(self, options: Options, config: HostJson, worker: Worker, functions: list[Function]) -> None:
        self._config, self._options = config, options
        self.active = declared.chosen(functions, options.only)
        self.stopping = asyncio.Event()
        self.invocations = Invocations(worker, self._send)
        self._queues: dict[tuple[Connection, str], StorageQueue] = {}
        self._timers = options.state / "timers"
        self._timers.mkdir(parents=True, exist_ok=True)
        self._keys = keys.load(options.state / "keys.json", [one.name for one in functions], options.key)
        self.admin = Admin(functions, self.invocations, self._keys, self._timers)

    def server(self) -> "Server":
        limit = self._options.body_limit or int(os.environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", _BODY_LIMIT))
        front = Front(self.active, self.invocations, self._keys, self.admin, limit, self._options.person)
        return Server(
            uvicorn.Config(
                front,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                proxy_headers=False,
                timeout_keep_alive=75,
            )
        )

    def timers(self) -> list[Coroutine[Any, Any, None]]:
        """The timers' listeners: a stop cuts them short, whatever they are at."""
        return [
            self._timer_listener(function, function.trigger).listen()
            for function in self.active
            if isinstance(function.trigger, TimerTrigger)
        ]

    async def queues(self) -> list[Coroutine[Any, Any, None]]:
        """Queues are made before any listener runs, as they have to be before anyone else sends to them."""
        made: list[Coroutine[Any, Any, None]] = []
        for function in self.active:
            for output in function.outputs.values():
                await self._queue(output.connection, output.queue).create()
            if isinstance(function.trigger, QueueTrigger):
                made.append((await self._queue_listener(function, function.trigger)).listen())
        return made

    async def _queue_listener(self, function: Function, trigger: QueueTrigger) -> QueueListener:
        options = self._config.extensions.queues
        queue = self._queue(trigger.connection, trigger.queue)
        await queue.create()
        poison_name = queue_rules.poison_name(trigger.queue)
        rules = Rules(
            batch=options.batch_size,
            threshold=options.threshold(os.process_cpu_count() or 1),
            longest_poll=options.max_polling_interval.total_seconds(),
            release=options.visibility_timeout.total_seconds(),
            most=options.max_dequeue_count,
            encoding=options.message_encoding,
        )

        async def run(message: Message, body: str) -> bool:
            metadata = queue_rules.metadata(message, body)
            return isinstance(await self.invocations.call(function, TypedData(string=body), metadata), Returned)

        poison = self._queue(trigger.connection, poison_name) if poison_name else None
        durations = Durations(invisible=self._options.invisible)
        return QueueListener(queue, poison, run, rules, self.stopping, durations=durations)

    def _timer_listener(self, function: Function, trigger: TimerTrigger) -> TimerListener:
        async def run(info: TypedData) -> None:
            await self.invocations.call(function, info)

        held = lease.Lease(self._timers / f"{function.name}.lease", self._options.lease)
        return TimerListener(function.name, trigger, run, self._timers, real_clock(self.stopping), held)

    def _queue(self, connection: Connection, name: str) -> StorageQueue:
        if (connection, name) not in self._queues:
            self._queues[connection, name] = StorageQueue(connection, name)
        return self._queues[connection, name]

    async def _send(self, output: QueueOutput, text: str) -> None:
        encoding = self._config.extensions.queues.message_encoding
        await self._queue(output.connection, output.queue).send(queue_rules.encode(text.encode(), encoding))


class Server(uvicorn.Server):
    """Signals are the host's: uvicorn would raise them again after its stop, and the exit would not be 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def apply_settings(options: Options, environ: MutableMapping[str, str]) -> None:
    """What is given for a run wins over the environment; local.settings.json gives way to it, as under Core Tools."""
    if options.values:
        environ.update(settings.parse(options.values, "the settings handed over"))
        return
    if options.settings:
        environ.update(settings.parse(options.settings.read_text(), str(options.settings)))
        return
    beside_app = options.app / "local.settings.json"
    if beside_app.exists():
        for name, value in settings.parse(beside_app.read_text(), str(beside_app)).items():
            environ.setdefault(name, value)


async def prepare(options: Options, environ: Mapping[str, str]) -> Host:
    path = options.app / "host.json"
    if not path.is_file():
        raise AppRefused([f"{options.app} has no host.json: give the folder of a Functions app"])
    config = host_json.parse(path.read_text())
    for name in config.unknown():
        logger.warning("host.json: this host knows no setting %s", name)
    worker = Worker(options.app)
    indexed = await worker.index()
    functions, notes = declared.read(indexed, config.extensions.http.route_prefix, environ)
    for note in notes:
        logger.warning("%s", note)
    return Host(options, config, worker, functions)


async def serve(options: Options, out: TextIO) -> bool:
    """True when all that ran had ended before the host did."""
    apply_settings(options, os.environ)
    host = await prepare(options, os.environ)
    _heed_signals(host.stopping)
    if options.with_parent:
        _heed_parent(host.stopping)
    server = host.server()
    with _listening(options.port) as listening:
        queues = await host.queues()
        serving = asyncio.create_task(server.serve([listening]))
        tasks = [asyncio.create_task(one) for one in queues]
        timers = [asyncio.create_task(one) for one in host.timers()]
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        if serving.done():
            serving.result()
        ready = {"ready": True, "port": listening.getsockname()[1], "functions": [one.name for one in host.active]}
        print(json.dumps(ready), file=out, flush=True)
        await _until_stopped(host.stopping, [serving, *tasks, *timers])
        host.stopping.set()
        for timer in timers:
            timer.cancel()
        server.should_exit = True
        return await _drain(host, [serving, *tasks], options.grace)


def _listening(port: int) -> socket.socket:
    """asyncio turns Nagle off only where the protocol is spelled out; with Nagle, answers wait 40 ms for an ACK."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    return listening


def _heed_signals(stopping: asyncio.Event) -> None:
    def stop(number: int) -> None:
        if stopping.is_set():
            os._exit(128 + number)  # asked twice: at once
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)


def _heed_parent(stopping: asyncio.Event) -> None:
    """A parent that ends, however it ends, closes the pipe that is our stdin."""

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            stopping.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), read)


async def _until_stopped(stopping: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    """A listener that ends by itself has failed; so has the host then, loudly, rather than being deaf on one ear."""
    asked = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({asked, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    for task in done - {asked}:
        if not stopping.is_set():
            task.result()


async def _drain(host: Host, tasks: Sequence[asyncio.Task[None]], grace: float) -> bool:
    logger.info("stopping: %d running", len(host.invocations.running))
    _, left = await asyncio.wait({*tasks, *host.admin.started}, timeout=grace)
    for invocation, name in host.invocations.running.items():
        logger.warning("invocation=%s function=%s was still running after %.0f s", invocation, name, grace)
    return not left and not host.invocations.running
