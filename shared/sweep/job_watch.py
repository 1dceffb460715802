"""A vault's submissions and running jobs, watched together: one list tells of two or more, a GET of each with news."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.azure.port import Rejected
from shared.azure.responses import JobRead
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.domain.values import utc
from shared.storage.store import Row
from shared.sweep.call_budget import Shares
from shared.workflow.azure_facts import vault_facts
from shared.workflow.ports import Parts

log = logging.getLogger("desk")


@dataclass(frozen=True)
class News:
    """The rows worth a GET now, and those of which the list itself told all there is."""

    ask: list[Row]
    told: list[tuple[Row, JobRead]]


def jobs_with_news(
    parts: Parts, vault: str, opens: Sequence[Row], watch: Row | None, now: datetime, shares: Shares
) -> News | None:
    """What became of the vault's restores; None where it is no time to look, or the budget is used up."""
    read_at = utc(watch.text("readAt")) if watch and watch.text("readAt") else None
    running, posted = watched(opens, now), _posted(opens, now)
    if not running or not look_now(running, read_at, now, parts.pace):
        running = running if len(posted) > 1 else []  # a list that is read anyway tells of all
    if not running and len(posted) < 2:
        return None
    quiet = parts.board.quiet_until(vault.split("/")[2].lower())
    if quiet and quiet > now:
        return None
    if len(running) + len(posted) == 1:
        return News(running, [])
    return _by_list(parts, vault, running, posted, shares)


def _posted(opens: Sequence[Row], now: datetime) -> list[Row]:
    """The submissions whose operation is due to be asked: the list of jobs tells of them all at once."""
    found = (row for row in opens if row.text("phase") == "submitted" and not row.fields.get("held"))
    return [row for row in found if not row.fields.get("crossRegion") and utc(row.text("due")) <= now]


def _by_list(parts: Parts, vault: str, running: list[Row], posted: list[Row], shares: Shares) -> News | None:
    now, news = parts.now(), News([], [])
    for cross_region in (False, True):
        rows = [row for row in running if bool(row.fields.get("crossRegion")) is cross_region]
        new = [] if cross_region else posted
        if len(rows) + len(new) < 2:
            news.ask.extend(rows)
            continue
        if not shares.may_list(vault, now.timestamp()):
            return None
        listed = _listed(parts, vault, cross_region)
        shares.listed(vault, len(listed))
        _sort(parts, rows, listed, now, news)
        news.told.extend(_begun(new, listed))
    return news


def _sort(parts: Parts, rows: list[Row], listed: dict[str, JobRead], now: datetime, news: News) -> None:
    """A job that is read for the first time and runs needs no GET; one that changed, ended or is not shown does."""
    for row in rows:
        read = listed.get(row.text("job"))
        if read is None or read.ended != "running" or became_overdue(row, now, parts.pace):
            news.ask.append(row)
        elif not row.text("mark"):
            news.told.append((row, read))
        elif read.mark != row.text("mark"):
            news.ask.append(row)


def _begun(posted: list[Row], listed: dict[str, JobRead]) -> list[tuple[Row, JobRead]]:
    """The newest job of each instance that was restored; whether it is the restore's own, its request id tells."""
    newest: dict[str, JobRead] = {}
    for read in listed.values():  # oldest first
        if "restore" in read.category and read.activity_id and read.ended == "running":
            newest[read.instance] = read
    found = ((row, newest.get(row.text("instance").lower())) for row in posted)
    return [(row, read) for row, read in found if read is not None]


def _listed(parts: Parts, vault: str, cross_region: bool) -> dict[str, JobRead]:
    """The vault's jobs by id; none where the list is forbidden or fails: then each is asked for by itself."""
    try:
        facts = vault_facts(parts, vault) if cross_region else None
        return {read.job.id: read for read in parts.azure.jobs(vault, facts)}
    except Rejected as no:
        log.warning("the jobs of %s may not be listed: %s", vault, no)
        return {}
    except Trouble as trouble:
        if trouble.throttled:
            until = parts.now() + timedelta(seconds=trouble.retry_after or parts.pace.back_off)
            parts.board.set_quiet(vault.split("/")[2].lower(), until)
            raise
        log.warning("the jobs of %s could not be listed: %s", vault, trouble)
        return {}


def watched(rows: Sequence[Row], now: datetime) -> list[Row]:
    """The restoring rows whose first look is due: from then on they are watched together."""
    return [row for row in rows if row.text("phase") == "restoring" and utc(row.text("due")) <= now]


def next_look(row: Row, read_at: datetime | None, pace: Pace) -> datetime:
    """When a restore's job is to be looked at: first when due, then by how long it had run at the last reading."""
    due = utc(row.text("due"))
    if read_at is None or read_at < due:
        return due
    started = utc(row.text("startedAt")) if row.text("startedAt") else due
    elapsed = (read_at - started).total_seconds()
    poll = pace.overdue_poll if row.fields.get("overdue") else pace.job_poll(elapsed)
    return read_at + timedelta(seconds=max(poll, pace.shortest_poll))


def look_now(rows: Sequence[Row], read_at: datetime | None, now: datetime, pace: Pace) -> bool:
    """Whether any of them is due for a look, or will be in a moment: the next sweep would be late for it."""
    soon = now + timedelta(seconds=pace.shortest_poll)
    return any(next_look(row, read_at, pace) <= soon for row in rows)


def became_overdue(row: Row, now: datetime, pace: Pace) -> bool:
    """Whether a restore has just become overdue (the archive's longer limit is its own step's to see)."""
    if row.fields.get("overdue") or not row.text("startedAt"):
        return False
    return (now - utc(row.text("startedAt"))).total_seconds() > pace.overdue
