"""The timer trigger: one function on its schedule, on one instance at a time, never two runs at once.

The steps are those of azure-webjobs-sdk-extensions, Timers/Listener/TimerListener.cs.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.host.bindings.declared import TimerTrigger
from local.host.bindings.protos import TypedData, as_json
from local.host.triggers.lease import Lease
from local.host.triggers.schedule_status import Status, StatusFile, after_run, at_start

logger = logging.getLogger("host")
_MONITORED_FROM = timedelta(minutes=1)


def timer_info(status: Status | None, *, past_due: bool) -> TypedData:
    return as_json(
        {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status.as_json() if status else None,
            "IsPastDue": past_due,
        }
    )


@dataclass(frozen=True)
class Clock:
    """The time, and a wait that a stop cuts short (then it answers False)."""

    now: Callable[[], datetime]
    wait: Callable[[float], Awaitable[bool]]


def real_clock(stopping: asyncio.Event) -> Clock:
    async def wait(seconds: float) -> bool:
        try:
            await asyncio.wait_for(stopping.wait(), max(seconds, 0))
        except TimeoutError:
            return True
        return False

    return Clock(lambda: datetime.now(UTC), wait)


class TimerListener:
    def __init__(
        self,
        name: str,
        trigger: TimerTrigger,
        run: Callable[[TypedData], Awaitable[object]],
        state: Path,
        clock: Clock,
        lease: Lease | None = None,
    ) -> None:
        self._name, self._trigger, self._run, self._clock = name, trigger, run, clock
        monitored = trigger.monitored and trigger.schedule.shortest_gap(clock.now()) >= _MONITORED_FROM
        self._file = StatusFile(state / f"{name}.json") if monitored else None
        self._lease = lease or Lease(state / f"{name}.lease")

    async def listen(self) -> None:
        """Until the clock says stop. Whoever cancels this cuts a run under way, as the real host does at SIGTERM."""
        while not self._lease.take():
            if not await self._clock.wait(self._lease.seconds):
                return
        keeping = asyncio.create_task(self._lease.keep(self._name))
        try:
            await self._go()
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            self._lease.release()

    async def _go(self) -> None:
        now = self._clock.now()
        status = at_start(self._trigger.schedule, self._file.read() if self._file else None, now)
        self._save(status)
        if past_due := now > status.next:
            logger.info("function=%s timer is past due since %s", self._name, status.next.isoformat())
        if past_due or self._trigger.run_on_startup:
            status = await self._invoke(status, past_due=past_due, scheduled=False)
        while await self._clock.wait((status.next - self._clock.now()).total_seconds()):
            status = await self._invoke(status, past_due=False, scheduled=True)

    async def _invoke(self, status: Status, *, past_due: bool, scheduled: bool) -> Status:
        invoked = self._clock.now()
        await self._run(timer_info(status if self._file else None, past_due=past_due))
        status = after_run(self._trigger.schedule, status, invoked, scheduled=scheduled)
        self._save(status)
        return status

    def _save(self, status: Status) -> None:
        if self._file:
            self._file.write(status)
