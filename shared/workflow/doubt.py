"""Decides what became of a POST whose response was lost, by reading the vault's whole job list."""

from datetime import datetime, timedelta

from shared.azure.port import Gone, Rejected
from shared.azure.responses import JobRead
from shared.domain.events import Event, Postponed
from shared.domain.outcomes import Adopted, InDoubt, NeverArrived, TrackLost
from shared.domain.problems import Trouble
from shared.domain.restore import Phase, Restore
from shared.workflow.azure_facts import vault_facts
from shared.workflow.ports import Parts

TAKEN = "Azure took it, and its operation can no longer be followed"


UNREAD = "in doubt: the vault's jobs cannot be read to the end"


SKEW = timedelta(minutes=10)  # how far clocks may be apart


def resolve_doubt(parts: Parts, restore: Restore) -> Event | None:
    """What became of a POST that nobody heard the end of: the vault's jobs, to the last page, tell."""
    attempt = restore.attempt
    if attempt is None:
        return TrackLost("it has no attempt on its books")
    now = parts.now()
    # the attempt's time is of another worker's clock: what it may be ahead of ours is waited for, too
    grace_ends = attempt.at + timedelta(seconds=parts.pace.grace + parts.pace.skew)
    if restore.phase is Phase.SUBMITTING and attempt.ended is None:
        return InDoubt("found in submitting: the worker that sent it is gone", now)
    why, unread_for = "in doubt: no job of the vault carries its id yet", 0.0
    try:
        found = own_job(parts, restore)
    except (Rejected, Gone) as no:
        found, why = None, f"{UNREAD} ({no})"
        unread_for = (now - _unread_since(restore, now)).total_seconds()
    if found:
        return Adopted(found.job, "which carries this attempt's id", now + timedelta(seconds=parts.pace.job_likely))
    again = now + timedelta(seconds=parts.pace.reconcile_every)
    if now < grace_ends:
        return Postponed(why, min(again, grace_ends))
    if why.startswith(UNREAD):  # a job that answers 404 or 403 once may be read the next time
        return TrackLost(why) if unread_for >= parts.pace.grace else Postponed(why, again)
    if restore.phase is not Phase.SUBMITTING:  # its job may be listed at any time yet: no new attempt is safe
        return TrackLost(f"{TAKEN}; no job of the vault carries its id")
    if parts.board.recall(restore.vault, "echo"):
        return NeverArrived()
    return TrackLost("no job of the vault carries its id, and this vault has not been seen to echo our ids")


def _unread_since(restore: Restore, now: datetime) -> datetime:
    """Since when, without a break, the vault's jobs could not be read to the end."""
    since = now
    for entry in reversed(restore.timeline):
        if not (entry.note or "").startswith(UNREAD):
            break
        since = entry.at
    return since


def tokens(restore: Restore) -> tuple[set[str], set[str]]:
    """What a job echoes of our attempts: request ids (`activityID`) and file prefixes."""
    ids = {attempt.request_id.lower() for attempt in restore.attempts}
    return ids, {restore.file_prefix(attempt.number) for attempt in restore.attempts}


def _late_job(parts: Parts, restore: Restore) -> Event | None:
    """Right before another attempt: a job of an earlier one that came to light after all is adopted."""
    try:
        found = own_job(parts, restore)
    except (Rejected, Gone) as no:
        raise Trouble(f"the vault's jobs cannot be read before another attempt ({no})") from no
    due = parts.now() + timedelta(seconds=parts.pace.job_likely)
    return Adopted(found.job, "which carries an earlier attempt's id", due) if found else None


def own_job(parts: Parts, restore: Restore) -> JobRead | None:
    """The job of this restore among those of the vault that no other restore holds, read one by one; Gone or Rejected
    where one cannot be read and none of the others is it."""
    since = restore.attempts[0].at - SKEW
    facts = vault_facts(parts, restore.vault) if restore.cross_region else None
    ids, prefixes = tokens(restore)
    unread: Gone | Rejected | None = None
    for listed in parts.azure.jobs(restore.vault, facts):
        of_it = "restore" in listed.category and listed.instance in ("", restore.instance.lower())
        if not of_it or (listed.job.started and listed.job.started < since):
            continue
        if parts.ledger.job_holder(restore, listed.job.id) not in (None, restore.id):
            continue
        try:
            read = parts.azure.job(restore, listed.job.id)  # a LIST has no extendedInfo
        except (Gone, Rejected) as error:
            unread = error
            continue
        if (read.activity_id or "").lower() in ids or read.prefix in prefixes:
            remember_echo(parts, restore, read)
            return read
    if unread:
        raise unread
    return None


def remember_echo(parts: Parts, restore: Restore, read: JobRead) -> None:
    """Once a vault's job carries our request id, it is known that this vault echoes them."""
    ids, _ = tokens(restore)
    if (read.activity_id or "").lower() in ids and parts.board.recall(restore.vault, "echo") is None:
        parts.board.remember(restore.vault, "echo", {"job": read.job.id}, parts.now())
