"""Host processes: how they begin, end, share the work and are refused."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from local.host.bindings import ncrontab
from local.host.process import HostFailed, HostProcess, Launch
from local.host.triggers.schedule_status import Status, StatusFile
from local.stack.azurite import Azurite
from tests.kits.host_kit import MASTER, YEARLY, Started, empty, eventually, queue, values


def test_a_stop_lets_the_running_finish(azurite: Azurite, tmp_path: Path) -> None:
    given = values(azurite)
    with Started(tmp_path, given) as host:
        queue(given).send_message("sleep1.5")
        eventually(lambda: host.saw(body="sleep1.5"))
        assert host.stop() == 0
        assert host.saw(woke="sleep1.5")
        assert empty(queue(given))
        with pytest.raises(httpx.ConnectError):
            host.http.get("/api/teapot")


def test_a_stop_does_not_wait_for_ever(azurite: Azurite, tmp_path: Path) -> None:
    given = values(azurite)
    with Started(tmp_path, given, "--grace", "0.3") as host:
        queue(given).send_message("sleep3600")
        eventually(lambda: host.saw(body="sleep3600"))
        assert host.end(signal.SIGINT, 20) == 0
        assert "function=work was still running after" in host.log.read_text()


def test_asked_twice_it_ends_at_once(azurite: Azurite, tmp_path: Path) -> None:
    given = values(azurite)
    with Started(tmp_path, given) as host:
        queue(given).send_message("sleep3600")
        eventually(lambda: host.saw(body="sleep3600"))
        os.kill(host.pid, signal.SIGTERM)
        eventually(lambda: "stopping: 1 running" in host.log.read_text())
        assert host.end(signal.SIGTERM, 20) == 128 + signal.SIGTERM


def test_a_host_started_with_its_parent_ends_with_it(azurite: Azurite, tmp_path: Path) -> None:
    with Started(tmp_path, values(azurite)) as host:
        host.let_go()
        assert host.wait(20) == 0


def test_a_message_whose_host_was_killed_is_seen_again(azurite: Azurite, tmp_path: Path) -> None:
    given = values(azurite)
    with Started(tmp_path, given, "--invisible", "1", only=("queue",)) as host:
        queue(given).send_message("sleep1")
        eventually(lambda: host.saw(body="sleep1"))
        host.kill()
    with Started(tmp_path, given, "--invisible", "60", only=("queue",)) as host:
        eventually(lambda: host.saw(woke="sleep1"))
        assert [one["count"] for one in host.saw(body="sleep1")] == [1, 2]
        eventually(lambda: empty(queue(given)))


def test_triggers_can_run_in_processes_of_their_own(azurite: Azurite, tmp_path: Path) -> None:
    given = values(azurite, TICK="* * * * * *")
    with Started(tmp_path, given, only=("http",)) as front:
        assert front.functions == ["echo", "teapot", "boom", "locked", "vault", "pass_on"]
        assert front.http.post("/api/pass-on", content="for the other").status_code == 202
        with Started(tmp_path, given, only=("timer",)) as timers:
            assert timers.functions == ["tick"]
            assert timers.http.get("/api/teapot").status_code == 404
            eventually(lambda: len(timers.saw(function="tick")) >= 2)
        assert not front.saw(function="work")
        with Started(tmp_path, given, only=("work",)) as worker:
            assert worker.functions == ["work"]
            eventually(lambda: worker.saw(function="work", body="for the other"))


def test_a_tick_missed_while_down_is_made_up_once(azurite: Azurite, tmp_path: Path) -> None:
    given, timers = values(azurite), tmp_path / "state" / "timers"
    timers.mkdir(parents=True)
    last = datetime.now(UTC) - timedelta(days=800)
    StatusFile(timers / "tick.json").write(Status(last, ncrontab.parse(YEARLY).next(last), last))
    with Started(tmp_path, given, only=("timer",)) as host:
        (tick,) = eventually(lambda: host.saw(function="tick"))
        assert tick["past_due"] is True
        assert datetime.fromisoformat(tick["status"]["Last"]) == last
        assert host.stop() == 0
    with Started(tmp_path, given, only=("timer",)) as host:
        assert host.stop() == 0
        assert len(host.saw(function="tick")) == 1


APP = "import azure.functions as func\napp = func.FunctionApp()\n"
QUEUE = '@app.queue_trigger(arg_name="msg", queue_name="%WORK%", connection="Work")\n'


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no host.json"),
        ({"host.json": '{"version": "2.0"}'}, "has no function_app.py"),
        ({"host.json": "{}", "function_app.py": APP}, "version: Field required"),
        ({"host.json": '{"version": "2.0"}', "function_app.py": APP}, "declares no function"),
        ({"host.json": '{"version": "2.0"}', "function_app.py": "import nothing_of_that_name"}, "nothing_of_that_name"),
        (
            {"host.json": '{"version": "2.0"}', "function_app.py": f"{APP}{QUEUE}def work(other): ...\n"},
            "declared in Python but not in the function definition",
        ),
        (
            {"host.json": '{"version": "2.0"}', "function_app.py": f"{APP}{QUEUE}def work(msg): ...\n"},
            "needs the setting WORK",
        ),
    ],
)
def test_an_app_that_cannot_run_is_refused_with_the_reason(tmp_path: Path, files: dict[str, str], words: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(HostFailed) as refusal, HostProcess(Launch(tmp_path, tmp_path / "home", {}, MASTER)):
        pass
    last = str(refusal.value).strip().splitlines()[-1]
    assert last.startswith("host: ")
    assert words in last
