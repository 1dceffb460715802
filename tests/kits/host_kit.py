"""A host with the sample app, for the tests that need a whole one."""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
from azure.storage.queue import QueueClient

from local.host.process import HostProcess, Launch
from local.stack.azurite import Azurite

SAMPLE = Path(__file__).parents[1] / "sample_app"
MASTER = "the-master-key-of-this-run"
YEARLY = "0 0 0 1 1 *"


class Started(HostProcess):
    """A host with the sample app, a client for it and an eye on what its functions saw."""

    def __init__(self, home: Path, given: dict[str, str], *options: str, only: tuple[str, ...] = ()) -> None:
        self.witness = home / "witness"
        values, name = {"WITNESS": str(self.witness), **given}, uuid.uuid4().hex
        super().__init__(Launch(SAMPLE, home, values, MASTER, name, only, options=options))

    def __enter__(self) -> Self:
        super().__enter__()
        self.http = httpx.Client(base_url=self.url, timeout=20)
        return self

    def __exit__(self, *details: object) -> None:
        self.http.close()
        super().__exit__(*details)

    def saw(self, **wanted: object) -> list[dict[str, Any]]:
        lines = self.witness.read_text().splitlines() if self.witness.exists() else []
        return [one for one in map(json.loads, lines) if wanted.items() <= one.items()]


def eventually[Found](look: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


def values(azurite: Azurite, **more: str) -> dict[str, str]:
    name = f"work-{uuid.uuid4().hex[:12]}"
    return {"WORK": name, "Work": azurite.connection_string, "TICK": YEARLY, **more}


def queue(given: dict[str, str], suffix: str = "") -> QueueClient:
    return QueueClient.from_connection_string(given["Work"], given["WORK"] + suffix)


def empty(one: QueueClient) -> bool:
    return one.get_queue_properties().approximate_message_count == 0
