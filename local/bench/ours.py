"""The desk as a contender: the app's own composition over an in-memory ledger and queue, a timer beside it."""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from local.bench.channel import CHANNEL, ENVIRON
from local.bench.contender import Score, until_done
from local.bench.queue import BenchQueue
from local.bench.world import ACCOUNT, CONTAINER, Case, World, contender_arguments
from local.stack.azurite import Azurite
from local.stack.memory import MemoryStore
from shared.aftercare.rows import Rows
from shared.api.http import Call
from shared.composition import App
from shared.config.settings import from_environment
from shared.notices.messages import Message
from shared.notices.notifier import Notifier
from shared.storage.ledger import Ledger
from shared.storage.store import Store

LIMIT = 6 * 3600.0  # of the service's seconds
TARGET = f'container = "{CONTAINER}"'
OWN = f'account = "{ACCOUNT}"\nkeepHours = 1\nverify = "none"'
HEAD = f"""
[targets.drills]
kind = "files"
{TARGET}
[http]
instances = ["*"]
targets = ["drills"]
[queue]
instances = ["*"]
targets = ["drills"]{CHANNEL}"""


def desk_toml(case: Case, path: Path, head: str = HEAD) -> Path:
    """All instances by name."""
    named = [f'[instances.{name}]\nid = "{instance}"\ntargets = ["drills"]\n' for _, instance, name in case.instances()]
    path.write_text(head + "".join(named))
    return path


class Bench:
    """The app, put together as in Azure but for storage, queue and the channel's other end."""

    def __init__(
        self, case: Case, world: World, storage: str = "", store: Store | None = None, head: str = HEAD
    ) -> None:
        """`storage`: the connection string of a real table; else it is `store`, or in memory. `head`: desk.toml's
        target and channels."""
        environ = {
            "AzureWebJobsStorage": storage or "UseDevelopmentStorage=true",
            "ARM_ENDPOINT": world.url,
            "ARM_CA_BUNDLE": str(world.certificate),
            "DESK_PACE": str(case.speed),
            "DESK_CONFIG": str(desk_toml(case, world.home / "desk.toml", head)),
            **ENVIRON,
        }
        self.case, self.queue, self.asked = case, BenchQueue(), list[str]()
        self.app = App(from_environment(environ, world.home))
        if not storage:
            self.app.store = store or MemoryStore()
        self._books = Ledger(getattr(self.app.store, "inner", self.app.store))  # what is looked up here costs nobody
        self.app.send = self.queue.send
        parts = self.app.parts
        self.score = Score(case.restores)
        self.app.notifier = Notifier(
            parts.outbox, parts.read_desk, environ, self._told, parts.now, parts.jitter, parts.pace, True
        )
        self.queue.handle, self.queue.fail = self.app.queue_in.message, self.score.fail
        # a process that is up: with durations divided, its imports would take minutes of the service's time
        self.app.azure.ready()
        assert self.app.sweep

    def _told(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        restore = self._books.load(message.headers["webhook-id"].rpartition(".")[0])
        if restore and restore.outcome and restore.job:
            self.score.notice(restore.job.id)
        elif restore and restore.closed:
            self.score.fail(f"{restore.phase.value}: {restore.error or restore.trouble}")
        return 200, b"", {}

    def ask(self, name: str, key: str) -> None:
        """One request by HTTP's own way in, timed."""
        body = json.dumps({"instance": name, "target": "drills", "requestedBy": "bench@contoso.com"}).encode()
        began = time.perf_counter()
        answer = self.app.api.post_restore(Call(body=body, headers={"idempotency-key": f"bench-{key}"}))
        self.score.accept_ms.append((time.perf_counter() - began) * 1000)
        if answer.status != 202:
            self.score.fail(f"answered {answer.status}")
        else:
            self.asked.append(json.loads(answer.body)["id"])

    def ask_all(self) -> None:
        """A burst of requests."""
        for _, _, name in self.case.instances():
            self.ask(name, name)

    def cleaned(self) -> bool:
        """Whether every container of ours is deleted."""
        rows = Rows(self._books)
        return all(row is not None and row.state == "gone" for row in map(rows.of, self.asked))

    def sweep(self) -> float:
        """One round of the timer; how long it rests until the next, as a schedule does."""
        began, every = time.monotonic(), self.case.sweep_every / self.case.speed
        self.app.sweep.run()
        if self.case.account:
            self.app.cleanup.run()
        return every - (time.monotonic() - began) % every


def main(argv: list[str] | None = None, say: Callable[[Score], None] = Score.report) -> int:
    case, world = contender_arguments(argv)
    logging.getLogger("desk").setLevel(logging.ERROR)
    with ExitStack() as kept:
        storage = kept.enter_context(Azurite(world.home, in_memory=True)).connection_string if case.azurite else ""
        bench = Bench(case, world, storage, head=HEAD.replace(TARGET, OWN) if case.account else HEAD)
        kept.enter_context(bench.queue)
        bench.ask_all()
        until_done(bench.score, LIMIT / case.speed, bench.sweep)
        end = time.monotonic() + LIMIT / case.speed
        while case.account and not bench.cleaned() and time.monotonic() < end:
            time.sleep(bench.sweep())
    say(bench.score)
    return 0


if __name__ == "__main__":
    sys.exit(main())
