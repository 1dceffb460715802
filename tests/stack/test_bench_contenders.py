"""The contenders of the bench: what goes wrong with one is counted, and does not look like an end."""

import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.bench.contender import Score
from local.bench.intake import storage
from local.bench.peer import Peer
from local.bench.queue import BenchQueue
from local.bench.world import Case

CASE = Case(restores=1, vaults=1, speed=10_000.0)


def test_a_handler_that_raises_is_counted_and_its_worker_goes_on() -> None:
    score, handled, queue = Score(restores=5), threading.Event(), BenchQueue(workers=1)

    def handle(body: bytes, identity: str) -> None:
        if body != b"last":
            raise KeyError(body.decode())
        handled.set()

    queue.handle, queue.fail = handle, score.fail
    with queue:
        for text in ("a", "b", "last"):
            queue.send(text, 0)
        assert handled.wait(5)
    assert queue.raised == 2
    assert score.failed == [f"the handler of message {n} raised KeyError: '{text}'" for n, text in enumerate("ab")]


class Answered:
    """What the SDK's client answers at once; the job is seen in these states, one after another."""

    def __init__(self, *states: str) -> None:
        left, done = list(states), SimpleNamespace(result=lambda: SimpleNamespace(job_id="/jobs/j1"))
        self.recovery_points = SimpleNamespace(list=lambda *_: [SimpleNamespace(name="p1")] if states else [])
        begin = {"begin_validate_for_restore": lambda *_, **__: done, "begin_trigger_restore": lambda *_, **__: done}
        self.backup_instances = SimpleNamespace(**begin)
        self.jobs = SimpleNamespace(get=lambda *_: SimpleNamespace(properties=SimpleNamespace(status=left.pop(0))))


@pytest.mark.parametrize(
    ("states", "noticed", "failed"),
    [
        (["InProgress", "Completed"], ["j1"], []),
        (["CompletedWithWarnings"], ["j1"], []),
        (["InProgress", "Failed"], [], ["job j1 ended as Failed"]),
        (["Cancelled"], [], ["job j1 ended as Cancelled"]),
        ([], [], ["IndexError: list index out of range"]),
    ],
)
def test_only_a_job_that_ended_well_counts_for_the_peer(
    states: list[str], noticed: list[str], failed: list[str]
) -> None:
    score, client = Score(restores=1), Answered(*states)
    opened: Any = client
    Peer(opened, CASE, score).run(CASE.instances()[0][1])
    assert (list(score.noticed), score.failed) == (noticed, failed)


def test_intake_runs_on_rows_in_the_order_of_their_keys(tmp_path: Path) -> None:
    with storage(tmp_path) as azurite:
        shown = ["ps", "-o", "args=", "-ww", "-p", str(azurite.pid)]
        line = subprocess.run(shown, capture_output=True, text=True, check=True).stdout  # noqa: S603 - as written here
    assert "keyed_tables.cjs" in line
