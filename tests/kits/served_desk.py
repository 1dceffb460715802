"""A whole desk behind a port, on a ledger in memory and the emulator: for the commands that speak to a deployed one."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from local.host.bindings.routes import find, parse, split
from local.stack.memory import MemoryQueue, MemoryStore
from shared.api.http import Answer, Call, answered
from shared.api.routes import ROUTES
from shared.azure.arm_calls import ArmCalls
from shared.azure.arm_client import LOCAL_TOKEN, ArmClient
from shared.azure.data_protection import DataProtection
from shared.composition import App
from shared.config.settings import API_VERSION, from_environment
from shared.wire.http import Http
from shared.wire.trust import trusted
from tests.kits.answering import Answering

KEY = "key-of-this-desk"
type Handler = Callable[[Call], Answer]


class ServedDesk:
    """`with ServedDesk(desk_toml, arm_url) as desk: … desk.url` – queue and sweep run on a thread of their own."""

    def __init__(self, config: Path, arm: str, environ: Mapping[str, str] | None = None, working: bool = True) -> None:
        settings = {"AzureWebJobsStorage": "AccountName=desk", "ARM_ENDPOINT": arm, "DESK_PACE": "60"}
        self.app = App(from_environment({**settings, "DESK_CONFIG": str(config), **(environ or {})}, config.parent))
        self.queue = MemoryQueue()
        self.app.__dict__["store"] = MemoryStore()
        self.app.__dict__["send"] = self.queue.send
        self.working = working
        self._http = Http(trusted)
        calls = ArmCalls(ArmClient(self._http, arm, lambda: LOCAL_TOKEN), API_VERSION, 60)
        self.app.__dict__["azure"] = DataProtection(calls, lambda: LOCAL_TOKEN)
        self._stopping = threading.Event()
        self._work = threading.Thread(target=self._works, daemon=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(_routes(self.app)))
        self._serve = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._serve.start()
        self._work.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._work.join()
        self._server.shutdown()
        self._server.server_close()
        self._serve.join()
        self._http.close()

    def _works(self) -> None:
        while not self._stopping.is_set():
            if self.working:
                waiting, self.queue.sent[:] = list(self.queue.sent), []
                for _, text in waiting:
                    self.app.queue_in.message(text.encode(), "message")
                self.app.sweep.run()
            time.sleep(0.05)


def _routes(app: App) -> dict[str, Handler]:
    return {
        "request_restore": app.api.post_restore,
        "list_restores": app.api.list_restores,
        "get_restore": app.api.get_restore,
        "withdraw_restore": app.api.withdraw,
        "list_instances": app.instances_api.list,
        "list_recovery_points": app.instances_api.recovery_points,
        "restore_again": app.api.again,
        "take_ticket": app.ticket_in.answer,
        "check_channel": app.desk_api.channel_test,
        "health": app.health.answer,
    }


def _handler(handlers: dict[str, Handler]) -> type[Answering]:
    table = [
        (parse(f"api{route.path}"), frozenset({route.method}), (handlers[route.name], route.keyed))
        for route in ROUTES
        if route.name in handlers
    ]

    class Served(Answering):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.body()
            found = find(table, self.command, split(parts.path))
            if found is None:
                return self._send(Answer(404, b""))
            (handler, keyed), params = found
            if keyed and self.headers.get("x-functions-key") != KEY:
                return self._send(Answer(401, b""))
            headers = {name.lower(): value for name, value in self.headers.items()}
            return self._send(answered(handler, Call(params, dict(parse_qsl(parts.query)), headers, body)))

        def _send(self, answer: Answer) -> None:
            self.send(answer, answer.content_type)

    return Served


def written(path: Path, **parts: object) -> Path:
    """A desk.toml from JSON-like values, one table a name."""
    lines = []
    for name, value in parts.items():
        assert isinstance(value, dict)
        for key, table in value.items():
            lines.append(f"[{name}.{key}]")
            lines += [f"{field} = {_toml(said)}" for field, said in table.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(part)}" for name, part in value.items()) + " }"
    return json.dumps(value)
