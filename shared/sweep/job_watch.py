"""A vault's submissions and running jobs, watched together: by one list if that is cheaper than a GET of each."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.azure.port import JobPage, Rejected
from shared.azure.responses import JobRead
from shared.domain.pace import Pace
from shared.domain.problems import Trouble
from shared.domain.resource_ids import subscription
from shared.domain.values import utc
from shared.storage.store import Row
from shared.sweep.call_budget import Shares
from shared.sweep.list_start import ListStart, read_start
from shared.workflow.azure_facts import vault_facts
from shared.workflow.ports import Parts

log = logging.getLogger("desk")


@dataclass
class News:
    """The rows to ask for by GET now; those that the list answers; those of them that ended well, whose GET is asked
    for only where the budget has room for details."""

    start: ListStart
    ask: list[Row] = field(default_factory=list)
    told: list[tuple[Row, JobRead]] = field(default_factory=list)
    ended: list[tuple[Row, JobRead]] = field(default_factory=list)


def jobs_with_news(
    parts: Parts, vault: str, opens: Sequence[Row], watch: Row | None, now: datetime, shares: Shares
) -> News | None:
    """News of the vault's restores; None if it is not time to look, or the budget is used up."""
    read_at = utc(watch.text("readAt")) if watch and watch.text("readAt") else None
    running, posted = watched(opens, now), _posted(opens, now)
    news, looked = News(read_start(watch)), False
    near = [row for row in running if not row.fields.get("crossRegion")]
    for rows, new in ((near, posted), ([row for row in running if row.fields.get("crossRegion")], [])):
        found = _look(parts, vault, rows, new, read_at, news, shares)
        if found is None:
            return None
        looked = looked or found
    return news if looked else None


def watched_on(opens: Sequence[Row], watch: Row | None, news: News, ended: set[str]) -> bool:
    """Whether a later look must know of this one: a job still runs, or a list showed where the next one begins."""
    runs = any(row.text("phase") == "restoring" and row.text("restore") not in ended for row in opens)
    return runs or news.start != read_start(watch)


def _look(
    parts: Parts, vault: str, rows: list[Row], posted: list[Row], read_at: datetime | None, news: News, shares: Shares
) -> bool | None:
    """One region's jobs. False: it is no time to look. None: the budget is used up."""
    now, count, cross_region = parts.now(), len(rows) + len(posted), bool(rows and rows[0].fields.get("crossRegion"))
    start = ListStart(pages=1) if cross_region else news.start
    most = start.most(count)
    due = [] if most else scheduled(rows, read_at, now, parts.pace)
    by_list = most and (len(posted) > start.pages or look_now(rows, read_at, now, parts.pace, start.cost(count)))
    if (due or by_list) and _resting(parts, vault, now):
        return None
    if by_list:
        if not shares.may_list(vault, start.pages or 1, now.timestamp()):
            return None
        listed, begun = _listed(parts, vault, cross_region, start, rows, most, shares)
        news.start = news.start if cross_region else begun
        unseen = _sort(rows, listed, now, parts.pace, news)
        news.told.extend(_begun(posted, listed))
        news.ask.extend(unseen if begun.pages or not listed else scheduled(unseen, read_at, now, parts.pace))
        return True
    news.ask.extend(due)
    return bool(due)


def _resting(parts: Parts, vault: str, now: datetime) -> bool:
    """Whether ARM wants no call for the vault's subscription now."""
    quiet = parts.board.quiet_until(vault.split("/")[2].lower())
    return quiet is not None and quiet > now


def _posted(opens: Sequence[Row], now: datetime) -> list[Row]:
    """The submissions whose operation is due to be asked: the list of jobs shows them all at once."""
    found = (row for row in opens if row.text("phase") == "submitted" and not row.fields.get("held"))
    return [row for row in found if not row.fields.get("crossRegion") and utc(row.text("due")) <= now]


def _sort(rows: list[Row], listed: dict[str, JobRead], now: datetime, pace: Pace, news: News) -> list[Row]:
    """A job that runs on needs no GET, whether its etag moved or not; one that failed, ended with warnings or became
    overdue does. Gives the rows whose jobs the list does not show."""
    unseen = []
    for row in rows:
        read = listed.get(row.text("job"))
        if read is None:
            unseen.append(row)
        elif read.ended == "failed" or read.job.warnings:
            news.ask.append(row)
        elif read.ended == "succeeded":
            news.ended.append((row, read))
        elif became_overdue(row, now, pace):
            news.ask.append(row)
        elif not row.text("mark"):
            news.told.append((row, read))
    return unseen


def _begun(posted: list[Row], listed: dict[str, JobRead]) -> list[tuple[Row, JobRead]]:
    """The newest job of each instance that was restored; its request id shows whether it is the restore's own."""
    newest: dict[str, JobRead] = {}
    for read in listed.values():  # oldest first
        if "restore" in read.category and read.activity_id and read.ended == "running":
            newest[read.instance] = read
    found = ((row, newest.get(row.text("instance").lower())) for row in posted)
    return [(row, read) for row, read in found if read is not None]


def _listed(
    parts: Parts, vault: str, cross_region: bool, start: ListStart, rows: list[Row], most: int, shares: Shares
) -> tuple[dict[str, JobRead], ListStart]:
    """The vault's jobs by id, and where to begin the next time; none if the list is forbidden or fails: then each
    is asked for by itself."""
    now = parts.now()
    try:
        facts = vault_facts(parts, vault) if cross_region else None
        pages = _pages(parts.azure.job_pages(vault, facts, start.link), vault, start, most, shares, now)
    except Rejected as no:
        log.warning("the jobs of %s may not be listed: %s", vault, no)
        return {}, start.refused(now) if start.link else start.gave_up(1)
    except Trouble as trouble:
        parts.rest_if(trouble.throttled, subscription(vault), parts.again_at(0, trouble.retry_after))
        if trouble.throttled:
            raise
        log.warning("the jobs of %s could not be listed: %s", vault, trouble)
        return {}, start
    listed = {read.job.id: read for page in pages for read in page.jobs}
    if not pages[-1].last:
        return listed, start.gave_up(len(pages))
    return listed, _next_start(start, pages, rows, parts)


def _pages(
    pages: Iterator[JobPage], vault: str, start: ListStart, most: int, shares: Shares, now: datetime
) -> list[JobPage]:
    """The pages, as many as are worth it and the budget has."""
    found: list[JobPage] = []
    for page in pages:
        found.append(page)
        paid = len(found) < (start.pages or 1)
        if page.last or len(found) >= most or not (paid or shares.may_list(vault, 1, now.timestamp())):
            break
    return found


def _next_start(start: ListStart, pages: list[JobPage], rows: list[Row], parts: Parts) -> ListStart:
    """From the page of the oldest running job on. If a kept link shows few of the jobs that are old enough to be
    listed, it leads too far: the next list is a whole one."""
    now, wanted = parts.now(), {row.text("job") for row in rows}
    shown = [{read.job.id for read in page.jobs} & wanted for page in pages]
    old = [r for r in rows if r.text("startedAt") and _age(r, now) > parts.pace.grace]
    missing = [row for row in old if not any(row.text("job") in ids for ids in shown)]
    if start.link and len(missing) * 2 > len(rows):
        return ListStart(refused_at=start.refused_at)
    first = next((n for n, ids in enumerate(shown) if ids), len(pages) - 1)
    return start.read(tuple(page.link for page in pages), first, now)


def _age(row: Row, now: datetime) -> float:
    return (now - utc(row.text("startedAt"))).total_seconds()


def watched(rows: Sequence[Row], now: datetime) -> list[Row]:
    """The restoring rows whose first look is due: from then on they are watched together."""
    return [row for row in rows if row.text("phase") == "restoring" and utc(row.text("due")) <= now]


def next_look(row: Row, read_at: datetime | None, pace: Pace, cost: float = 1.0) -> datetime:
    """When the job is polled again: first at its due time, later by its age at the last reading (`pace.job_poll`)."""
    due = utc(row.text("due"))
    if read_at is None or read_at < due:
        return due
    started = utc(row.text("startedAt")) if row.text("startedAt") else due
    elapsed = (read_at - started).total_seconds()
    poll = pace.overdue_poll if row.fields.get("overdue") else pace.job_poll(elapsed, cost)
    return read_at + timedelta(seconds=max(poll, pace.shortest_poll))


def look_now(rows: Sequence[Row], read_at: datetime | None, now: datetime, pace: Pace, cost: float = 1.0) -> bool:
    """Whether any of them is due for a look, or will be in a moment: the next sweep would be late for it."""
    soon = now + timedelta(seconds=pace.shortest_poll)
    return any(next_look(row, read_at, pace, cost) <= soon for row in rows)


def scheduled(rows: Sequence[Row], read_at: datetime | None, now: datetime, pace: Pace) -> list[Row]:
    """Those of which a look by GET falls between the vault's last reading and now. Each has times of its own, which
    follow from when it was due first: one that is looked at often does not put off the others."""
    soon = now + timedelta(seconds=pace.shortest_poll)
    return [row for row in rows if _falls_between(row, read_at, soon, pace)]


def _falls_between(row: Row, read_at: datetime | None, soon: datetime, pace: Pace) -> bool:
    at = utc(row.text("due"))
    while read_at is not None and at <= read_at + timedelta(seconds=pace.shortest_poll):
        at = next_look(row, at, pace)
    return at <= soon


def became_overdue(row: Row, now: datetime, pace: Pace) -> bool:
    """Whether a restore has just become overdue (the archive's longer limit is its own step's to see)."""
    if row.fields.get("overdue") or not row.text("startedAt"):
        return False
    return _age(row, now) > pace.overdue
