"""The running jobs of a vault, watched together: one list for two or more, one GET for each that has news."""

import logging
from datetime import datetime, timedelta

from shared.answers import JobRead
from shared.beginning import vault_facts
from shared.cadence import became_overdue, look_now, watched
from shared.parts import Parts, Rejected
from shared.problems import Trouble
from shared.store import Row
from shared.values import utc

log = logging.getLogger("desk")


def jobs_with_news(parts: Parts, vault: str, opens: list[Row], watch: Row | None, now: datetime) -> list[Row] | None:
    """The restoring rows that are worth a GET now; None where it is no time to look."""
    read_at = utc(watch.text("readAt")) if watch and watch.text("readAt") else None
    running = watched(opens, now)
    if not running or not look_now(running, read_at, now, parts.pace):
        return None
    quiet = parts.board.quiet_until(vault.split("/")[2].lower())
    if quiet and quiet > now:
        return None
    return running if len(running) == 1 else _changed(parts, vault, running, now)


def _changed(parts: Parts, vault: str, running: list[Row], now: datetime) -> list[Row]:
    """Those whose job the list shows changed or ended, or does not show, or that became overdue."""
    changed: list[Row] = []
    for cross_region in (False, True):
        rows = [row for row in running if bool(row.fields.get("crossRegion")) is cross_region]
        if len(rows) < 2:
            changed += rows
            continue
        listed = _listed(parts, vault, cross_region)
        changed += [
            row for row in rows if _news(row, listed.get(row.text("job"))) or became_overdue(row, now, parts.pace)
        ]
    return changed


def _listed(parts: Parts, vault: str, cross_region: bool) -> dict[str, JobRead]:
    """The vault's jobs by id; none where the list is forbidden: then each is asked for by itself."""
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


def _news(row: Row, read: JobRead | None) -> bool:
    return read is None or read.ended != "running" or read.mark != row.text("mark")
