"""The loader at its queue, on a real one: killed anywhere, twice on one load, with nothing that it could read."""

import json
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.core.exceptions import AzureError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueMessage

from loader.messages import Load
from loader.queues import Queues, open_queues
from loader.sources import NoSource
from loader.verdict import Verdict
from loader.work import MAX_TAKEN, inconclusive, work_on, work_once
from local.postgres.delivery import UUID, delivery
from local.postgres.programs import programs
from local.stack.azurite import Azurite
from tests.loader.work_kit import Desk, Program, never_ends, passes

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(azurite: Azurite) -> Desk:
    return Desk(azurite)


def test_a_load_is_answered_and_gone(desk: Desk) -> None:
    nonce = desk.ask()
    assert work_once(desk.queues, passes)
    begun, done = desk.answers()
    assert (begun.kind, begun.nonce) == ("started", nonce)
    assert done.result
    assert (done.kind, done.nonce, done.result.verdict) == ("verdict", nonce, "passed")
    assert desk.waiting() == 0
    assert not work_once(desk.queues, passes)


def test_a_missing_queue_of_loads_is_an_empty_one(azurite: Azurite) -> None:
    desk = Desk(azurite)
    desk.loads.delete_queue()
    assert not work_once(desk.queues, passes)


@pytest.mark.parametrize("text", ["", "{}", "hello", '{"verification": 1}'])
def test_an_unreadable_load_is_dropped_and_keeps_nobody_waiting(desk: Desk, text: str) -> None:
    desk.loads.send_message(text)
    desk.ask()
    assert work_once(desk.queues, passes)
    assert work_once(desk.queues, passes)
    assert len(desk.answers()) == 2
    assert desk.waiting() == 0


def test_a_fault_of_our_own_is_inconclusive(desk: Desk) -> None:
    def fault(load: Load) -> Verdict:
        raise ZeroDivisionError("secret text")

    desk.ask()
    assert work_once(desk.queues, fault)
    result = desk.answers()[-1].result
    assert result
    assert result.verdict == "inconclusive"
    assert "ZeroDivisionError" in result.reason
    assert "secret" not in result.reason


def test_a_load_that_ended_its_loader_three_times_is_answered(desk: Desk) -> None:
    desk.ask()
    for _ in range(MAX_TAKEN):
        message = desk.queues.take()
        assert message
        desk.queues.release(message)
    assert work_once(desk.queues, passes)
    result = desk.answers()[-1].result
    assert result
    assert (result.verdict, desk.waiting()) == ("inconclusive", 0)
    assert "taken 3 times" in result.reason


class Killed(BaseException):
    """The end of the process, as far as the code can notice one."""


@pytest.mark.parametrize("point", ["verify", "started", "verdict"])
def test_a_loader_that_ends_at_any_point_gives_its_load_back(desk: Desk, point: str) -> None:
    class Ending(Queues):
        sent = 0

        def answer(self, text: str) -> None:
            if json.loads(text)["kind"] == point:
                raise Killed
            super().answer(text)

    def verify(load: Load) -> Verdict:
        if point == "verify":
            raise Killed
        return passes(load)

    nonce = desk.ask()
    with pytest.raises(Killed):
        work_once(Ending(desk.loads, desk.verdicts, 30), verify)
    assert work_once(desk.queues, passes)
    last = desk.answers()[-1]
    assert (last.kind, last.nonce, desk.waiting()) == ("verdict", nonce, 0)


def test_a_long_verification_stays_hidden_from_other_loaders(azurite: Azurite) -> None:
    desk = Desk(azurite, hidden=5)  # renewed four times as often: a busy machine may be late by seconds
    other: list[bool] = []

    def slow(load: Load) -> Verdict:
        time.sleep(5.5)
        other.append(work_once(Queues(desk.loads, desk.verdicts, 30), passes))
        return passes(load)

    desk.ask()
    work_once(desk.queues, slow)
    assert other == [False]
    assert desk.waiting() == 0


def test_two_loaders_on_one_load_both_answer_and_leave_nothing(azurite: Azurite) -> None:
    desk = Desk(azurite)
    nonce = desk.ask()

    class Frozen(Queues):
        """Stands still past its time: nothing keeps the load hidden."""

        @contextmanager
        def held(self, message: QueueMessage) -> Iterator[None]:
            yield

    def thawed(load: Load) -> Verdict:
        time.sleep(1.5)
        assert work_once(desk.queues, passes)
        return passes(load)

    assert work_once(Frozen(desk.loads, desk.verdicts, 1), thawed)
    verdicts = [answer for answer in desk.answers() if answer.kind == "verdict"]
    assert [answer.nonce for answer in verdicts] == [nonce, nonce]
    assert desk.waiting() == 0


def test_where_the_answer_cannot_be_posted_the_load_stays(desk: Desk) -> None:
    class Down(Queues):
        def answer(self, text: str) -> None:
            raise AzureError("no answer")

    desk.ask()
    with pytest.raises(AzureError):
        work_once(Down(desk.loads, desk.verdicts, 30), passes)
    assert desk.waiting() == 1


def test_without_settings_it_says_which_are_needed() -> None:
    with pytest.raises(NoSource, match="AzureWebJobsStorage__queueServiceUri"):
        open_queues({})
    with pytest.raises(NoSource):
        open_queues({"AzureWebJobsStorage__queueServiceUri": "http://account.queue.core.windows.net"})


def test_it_works_until_it_is_told_to_end(desk: Desk) -> None:
    end = threading.Event()

    def last(load: Load) -> Verdict:
        end.set()
        return inconclusive(load, "enough")

    desk.ask()
    work_on(desk.queues, last, end)
    assert desk.answers()


@pytest.fixture
def delivered(azurite: Azurite) -> Callable[..., str]:
    """Puts a folder's files into a new container; gives its URL."""

    def put(folder: Path, spoil: Callable[[str, bytes], bytes] = lambda name, content: content) -> str:
        name = f"rd{secrets.token_hex(6)}"
        client = ContainerClient.from_connection_string(azurite.connection_string, name)
        client.create_container()
        for path in sorted(folder.iterdir()):
            client.upload_blob(path.name, spoil(path.name, path.read_bytes()))
        return f"{azurite.blob_url}/{name}"

    return put


def test_the_program_verifies_containers_and_gives_its_load_back_when_it_is_stopped(
    azurite: Azurite, delivered: Callable[..., str], tmp_path: Path
) -> None:
    program = Program(azurite)
    whole = delivered(delivery(16).folder)
    cut = delivered(delivery(16).folder, lambda name, content: content[:-90] if "_shop" in name else content)
    zstd = delivered(delivery(18, compress="zstd").folder)
    program.desk.ask(whole, expected=["shop", "billing"])
    program.desk.ask(cut)
    assert program.run().returncode == 0
    assert program.run().returncode == 0
    results = [answer.result for answer in program.desk.answers() if answer.result]
    assert [one.verdict for one in results] == ["passed", "failed"]
    assert (results[0].totals.rows, results[1].file) == (2913, f"{UUID}_database_shop.sql")

    program.environ |= {"PATH": "/nowhere", "PG_BIN": str(programs()[16].folder)}
    program.desk.ask(zstd)
    program.run()
    (result,) = [answer.result for answer in program.desk.answers() if answer.result]
    assert result.verdict == "inconclusive"
    assert "no pg_restore 17 or newer" in result.reason

    program.environ["PG_BIN"] = str(never_ends(programs()[16], tmp_path))
    program.desk.ask(whole, number=7)
    with program.start() as process:
        assert process.stderr
        while "number 7: decoded of" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM
    assert program.desk.waiting() == 1
