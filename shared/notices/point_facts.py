"""The facts of an instance whose newest recovery point is too old, or recent again. Pure."""

from datetime import datetime

from shared.advice.shell_commands import az, quoted
from shared.notices.facts import TITLES, Facts, NextStep, span
from shared.storage.stale_points import Watched


def point_facts(said: Watched, days: float | None, newest: datetime | None, now: datetime) -> Facts:
    """What is said of `said` now; `days` is its staleAfterDays, `newest` the time of its newest usable point."""
    event = "pointStale" if said.stale else "pointFresh"
    return Facts(
        event_id=f"{said.id}.{said.sequence}",
        event=event,
        sequence=said.sequence,
        at=now,
        title=TITLES[event],
        restore=said.id,
        vault=said.instance.rsplit("/", 2)[0],
        instance=said.instance,
        instance_name=said.name,
        point_time=newest,
        point_said=_said(days, newest, now),
        source="sweep",
        steps=_steps(said) if said.stale else (),
        path=f"/api/instances/{said.name}/recovery-points",
    )


def _said(days: float | None, newest: datetime | None, now: datetime) -> str:
    limit = "staleAfterDays was taken out of desk.toml" if days is None else f"staleAfterDays is {days:g}"
    if newest is None:
        return f"No recovery point can be restored; {limit}."
    age = span((now - newest).total_seconds())
    return f"The newest point that can be restored is from {newest:%Y-%m-%d %H:%M} UTC, {age} old; {limit}."


def _steps(said: Watched) -> tuple[NextStep, ...]:
    query = "{status: properties.currentProtectionState, error: properties.protectionErrorDetails}"
    show = az("resource show", ids=said.instance, query=query)
    return (
        NextStep(words="Look at the points there are", command=f"python3 -m deskctl points {quoted(said.name)}"),
        NextStep(words="Look why it is not backed up, then start a backup in the vault", command=show),
    )
