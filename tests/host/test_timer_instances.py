"""The timer of two instances: one runs, the other takes over, and both may run while renewals fail."""

import asyncio
import time
from pathlib import Path

from local.host.bindings.protos import TypedData
from local.host.triggers.lease import Lease
from local.host.triggers.timer_listener import TimerListener, real_clock
from tests.host.timer_kit import Jumping, listen, trigger


def test_of_two_instances_one_runs(tmp_path: Path) -> None:
    runs: list[str] = []

    async def story() -> None:
        waited = asyncio.Event()

        async def run(info: TypedData) -> None:
            runs.append("first")
            await waited.wait()

        async def run_too(info: TypedData) -> None:
            runs.append("second")

        hourly, first, second = trigger("0 0 * * * *"), Jumping("10:59:50", "11:30:00"), Jumping("10:59:50", "11:30:00")
        leading = asyncio.create_task(TimerListener("sweep", hourly, run, tmp_path, first.clock()).listen())
        await asyncio.sleep(0)
        await TimerListener("sweep", hourly, run_too, tmp_path, second.clock()).listen()
        waited.set()
        await leading

    asyncio.run(story())
    assert runs == ["first"]


def test_another_instance_takes_over_when_the_lease_of_a_killed_one_has_run_out(tmp_path: Path) -> None:
    timer = trigger("0 0 * * * *")
    gone = Lease(tmp_path / "sweep.lease", seconds=0.3)
    assert gone.take()
    assert listen(tmp_path, timer, Jumping("10:59:50", "11:30:00")) == []
    time.sleep(0.3)
    assert listen(tmp_path, timer, Jumping("10:59:50", "11:30:00")) == [("11:00:00", False)]


def test_a_clean_stop_frees_the_lease(tmp_path: Path) -> None:
    timer = trigger("0 0 * * * *")
    assert listen(tmp_path, timer, Jumping("10:59:50", "11:30:00")) == [("11:00:00", False)]
    assert Lease(tmp_path / "sweep.lease").take()


def test_two_instances_tick_at_once_while_the_holders_renewals_fail(tmp_path: Path) -> None:
    (tmp_path / "sweep.lease.renewals-fail").touch()

    async def story() -> tuple[int, int]:
        stopping, ticks = asyncio.Event(), {"first": 0, "second": 0}

        def listener(name: str) -> TimerListener:
            async def run(info: TypedData) -> None:
                ticks[name] += 1

            lease = Lease(tmp_path / "sweep.lease", seconds=0.4)
            return TimerListener("sweep", trigger("* * * * * *"), run, tmp_path, real_clock(stopping), lease)

        tasks = [asyncio.create_task(listener(name).listen()) for name in ticks]
        await asyncio.sleep(3.2)
        stopping.set()
        await asyncio.gather(*tasks)
        return ticks["first"], ticks["second"]

    first, second = asyncio.run(story())
    assert first >= 2
    assert second >= 1
