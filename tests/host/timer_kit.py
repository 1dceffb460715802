"""What the tests of the timer share: a clock that jumps instead of waiting, and a listener that runs on it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.host.bindings import ncrontab
from local.host.bindings.declared import TimerTrigger
from local.host.bindings.protos import TypedData
from local.host.triggers.timer_listener import Clock, TimerListener

HOURLY = ncrontab.parse("0 0 * * * *")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-21 {text}").replace(tzinfo=UTC)


def trigger(expression: str, *, monitored: bool = True, run_on_startup: bool = False) -> TimerTrigger:
    return TimerTrigger(expression, ncrontab.parse(expression), monitored, run_on_startup)


class Jumping:
    """A clock whose waits take no time; it says stop at the end."""

    def __init__(self, start: str, end: str) -> None:
        self.time, self.end = at(start), at(end)

    def clock(self) -> Clock:
        async def wait(seconds: float) -> bool:
            await asyncio.sleep(0)
            self.time += timedelta(seconds=max(seconds, 0))
            return self.time <= self.end

        return Clock(lambda: self.time, wait)


def listen(
    state: Path,
    timer: TimerTrigger,
    jumping: Jumping,
    act: Callable[[dict[str, Any]], Awaitable[None]] | None = None,
) -> list[tuple[str, bool]]:
    """When its function ran, and whether past due."""
    runs: list[tuple[str, bool]] = []

    async def run(info: TypedData) -> None:
        given = json.loads(info.json or "")
        runs.append((jumping.time.strftime("%H:%M:%S"), given["IsPastDue"]))
        if act:
            await act(given)

    async def story() -> None:
        await TimerListener("sweep", timer, run, state, jumping.clock()).listen()

    asyncio.run(story())
    return runs
