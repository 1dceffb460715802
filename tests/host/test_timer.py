"""The timer trigger, told on a clock that jumps instead of waiting."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from local.host.bindings.declared import TimerTrigger
from local.host.bindings.protos import TypedData
from local.host.triggers.schedule_status import NEVER, Status, StatusFile, after_run, at_start
from local.host.triggers.timer_listener import TimerListener
from tests.host.timer_kit import HOURLY, Jumping, at, listen, trigger


@pytest.mark.parametrize(
    ("recorded", "now", "status", "past_due"),
    [
        # first start ever: the next tick is recorded, so that it cannot be missed
        (None, "10:30:00", Status(NEVER, at("11:00:00"), at("10:30:00")), False),
        # nothing missed
        (
            Status(at("10:00:00"), at("11:00:00"), at("10:00:00")),
            "10:30:00",
            Status(at("10:00:00"), at("11:00:00"), at("10:00:00")),
            False,
        ),
        # three ticks missed: past due, once
        (
            Status(at("10:00:00"), at("11:00:00"), at("10:00:00")),
            "13:30:00",
            Status(at("10:00:00"), at("11:00:00"), at("10:00:00")),
            True,
        ),
        # never ran, and its first tick was missed
        (
            Status(NEVER, at("11:00:00"), at("10:30:00")),
            "11:30:00",
            Status(NEVER, at("11:00:00"), at("10:30:00")),
            True,
        ),
        # the schedule has changed: never past due
        (
            Status(at("10:10:00"), at("10:20:00"), at("10:10:00")),
            "13:30:00",
            Status(NEVER, at("14:00:00"), at("13:30:00")),
            False,
        ),
        (
            Status(at("10:10:00"), at("10:20:00"), at("10:10:00")),
            "10:30:00",
            Status(NEVER, at("11:00:00"), at("10:10:00")),
            False,
        ),
    ],
)
def test_what_a_start_makes_of_the_recorded_status(
    recorded: Status | None, now: str, status: Status, past_due: bool
) -> None:
    found = at_start(HOURLY, recorded, at(now))
    assert found == status
    assert (at(now) > found.next) is past_due


def test_after_a_run() -> None:
    status = Status(at("10:00:00"), at("11:00:00"), at("10:00:00"))
    on_time = after_run(HOURLY, status, at("11:00:00.250"), scheduled=True)
    assert (on_time.last, on_time.next) == (at("11:00:00.250"), at("12:00:00"))
    early = after_run(HOURLY, status, at("10:59:59.990"), scheduled=True)
    assert (early.last, early.next) == (at("11:00:00"), at("12:00:00"))
    by_hand = after_run(HOURLY, status, at("10:20:00"), scheduled=False)
    assert (by_hand.last, by_hand.next) == (at("10:20:00"), at("11:00:00"))


def test_it_runs_at_each_tick(tmp_path: Path) -> None:
    runs = listen(tmp_path, trigger("0 */20 * * * *"), Jumping("10:05:00", "11:10:00"))
    assert runs == [("10:20:00", False), ("10:40:00", False), ("11:00:00", False)]


def test_ticks_missed_while_down_are_made_up_by_one_run_at_the_start(tmp_path: Path) -> None:
    timer = trigger("0 */20 * * * *")
    listen(tmp_path, timer, Jumping("10:05:00", "10:30:00"))
    assert listen(tmp_path, timer, Jumping("11:30:00", "12:05:00")) == [
        ("11:30:00", True),
        ("11:40:00", False),
        ("12:00:00", False),
    ]
    assert listen(tmp_path, timer, Jumping("12:06:00", "12:21:00")) == [("12:20:00", False)]


def test_another_schedule_after_a_restart_is_not_past_due(tmp_path: Path) -> None:
    listen(tmp_path, trigger("0 */20 * * * *"), Jumping("10:05:00", "10:30:00"))
    assert listen(tmp_path, trigger("0 0 * * * *"), Jumping("11:30:00", "12:05:00")) == [("12:00:00", False)]


@pytest.mark.parametrize("timer", [trigger("0 */20 * * * *", monitored=False), trigger("*/30 * * * * *")])
def test_without_monitor_or_oftener_than_each_minute_nothing_is_remembered(tmp_path: Path, timer: TimerTrigger) -> None:
    listen(tmp_path, timer, Jumping("10:05:00", "10:41:00"))
    first = listen(tmp_path, timer, Jumping("11:30:10", "11:40:00"))[0]
    assert first[1] is False
    assert not list(tmp_path.glob("*.json"))


def test_run_on_startup(tmp_path: Path) -> None:
    timer = trigger("0 */20 * * * *", run_on_startup=True)
    assert listen(tmp_path, timer, Jumping("10:05:00", "10:21:00")) == [("10:05:00", False), ("10:20:00", False)]
    assert listen(tmp_path, timer, Jumping("11:05:00", "11:10:00")) == [("11:05:00", True)]


def test_a_run_that_outlasts_ticks_is_followed_at_once_by_one_and_never_overlaps(tmp_path: Path) -> None:
    jumping = Jumping("10:05:00", "12:00:00")
    running = 0

    async def act(info: dict[str, Any]) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        if jumping.time == at("10:20:00"):
            jumping.time = at("11:25:00")
        running -= 1

    runs = listen(tmp_path, trigger("0 */20 * * * *"), jumping, act)
    assert runs == [("10:20:00", False), ("11:25:00", False), ("11:40:00", False), ("12:00:00", False)]


def test_the_function_is_told_the_recorded_status(tmp_path: Path) -> None:
    given: list[dict[str, Any]] = []

    async def act(info: dict[str, Any]) -> None:
        given.append(info)

    listen(tmp_path, trigger("0 0 * * * *"), Jumping("10:05:00", "11:30:00"), act)
    assert given == [
        {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {
                "Last": "0001-01-01T00:00:00+00:00",
                "Next": "2026-10-21T11:00:00+00:00",
                "LastUpdated": "2026-10-21T10:05:00+00:00",
            },
            "IsPastDue": False,
        }
    ]
    assert StatusFile(tmp_path / "sweep.json").read() == Status(at("11:00:00"), at("12:00:00"), at("11:00:00"))


def test_a_stop_cuts_a_run_wherever_it_is(tmp_path: Path) -> None:
    reached: list[str] = []

    async def story() -> None:
        async def run(info: TypedData) -> None:
            reached.append("begun")
            await asyncio.sleep(60)
            reached.append("ended")

        jumping = Jumping("10:59:50", "11:30:00")
        listening = asyncio.create_task(
            TimerListener("sweep", trigger("0 0 * * * *"), run, tmp_path, jumping.clock()).listen()
        )
        while not reached:
            await asyncio.sleep(0)
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening

    asyncio.run(story())
    assert reached == ["begun"]
    assert StatusFile(tmp_path / "sweep.json").read() == Status(NEVER, at("11:00:00"), at("10:59:50"))
    again = Jumping("11:10:00", "11:20:00")
    assert listen(tmp_path, trigger("0 0 * * * *"), again) == [("11:10:00", True)]  # past due: it is repeated
