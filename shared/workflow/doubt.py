"""Decides what became of a POST whose response was lost, by reading the vault's whole job list."""

from datetime import datetime, timedelta

from shared.azure.port import Gone, Rejected
from shared.domain.events import Checked, Event, Postponed, Refused, Revalidated, Withdrawn
from shared.domain.outcomes import Adopted, BecameOverdue, Failed, InDoubt, Looked, NeverArrived, TrackLost
from shared.domain.problems import Trouble
from shared.domain.restore import BEFORE_SUBMISSION, BY_HAND, Phase, Restore
from shared.workflow.job_list import read_jobs
from shared.workflow.ports import Parts
from shared.workflow.proof import NO_DATE, Absence, Listing, about_since, absence

TAKEN = "Azure took it, and its operation can no longer be followed"
UNREAD = "in doubt: the vault's jobs cannot be read to the end"
UNFOLLOWED = (Phase.VALIDATED, Phase.SUBMITTING, Phase.SUBMITTED)
CLOSING = (Refused, Withdrawn, Failed, Checked)  # each says "nothing was started"


def resolve_doubt(parts: Parts, restore: Restore) -> Event | None:
    """The next event of a restore whose job is not known: adopted, proven absent, looked at again, or lost."""
    attempt, now = restore.attempt, parts.now()
    if attempt is None:
        return TrackLost("it has no attempt on its books", now + timedelta(seconds=parts.pace.lost_for))
    if restore.phase is Phase.SUBMITTING and attempt.ended is None:
        return InDoubt("found in submitting: the worker that sent it is gone", now)
    try:
        listing = read_jobs(parts, restore)
    except (Rejected, Gone) as no:
        return _unreadable(parts, restore, no)
    if listing.own:
        return adopted(parts, listing, "which carries this attempt's id")
    return _without_job(parts, restore, listing)


def _without_job(parts: Parts, restore: Restore, listing: Listing) -> Event:
    now, pace = parts.now(), parts.pace
    found, at = _absence(parts, restore, listing)
    waited = (at - found.readings.first).total_seconds() if found.readings else 0.0
    taken = restore.phase is not Phase.SUBMITTING  # Azure said so: no second attempt is ever made by itself
    if found.proven and found.readings and found.readings.clean and not taken:
        return NeverArrived(found.readings.clean, at)
    if waited < pace.grace or (found.pending and not taken):
        return Looked(f"in doubt: {found.why}", now + timedelta(seconds=_next_look(waited, parts)), found.readings)
    return TrackLost(f"{TAKEN}; {found.why}" if taken else found.why, now + timedelta(seconds=pace.lost_look))


def _absence(parts: Parts, restore: Restore, listing: Listing) -> tuple[Absence, datetime]:
    """The proof, and Azure's own time of the reading. Trouble if Azure did not say its time: read again."""
    if listing.at is None:
        raise Trouble(NO_DATE)
    return absence(restore, listing, parts.pace), listing.at


def _next_look(waited: float, parts: Parts) -> float:
    """Seconds: often within the first grace, then seldom, and again often once the second grace is over."""
    pace = parts.pace
    left = pace.grace_before_second - waited
    return pace.reconcile_every if waited < pace.grace or left <= 0 else max(min(pace.lost_look, left), 1.0)


def look_for_lost(parts: Parts, restore: Restore) -> Event:
    """A lost restore's own job, by its tokens: adopted whenever the list shows it, for as long as the list can."""
    now, pace = parts.now(), parts.pace
    again = Looked(restore.trouble, now + timedelta(seconds=pace.lost_look), restore.readings)
    if not restore.attempts:
        return Looked(restore.trouble, now + timedelta(seconds=pace.lost_for), None)
    try:
        listing = read_jobs(parts, restore)
    except (Rejected, Gone, Trouble):
        return again
    if listing.own:
        return adopted(parts, listing, "which carries an attempt's id and came to light late")
    over = (
        (listing.at or now) - about_since(restore)
    ).total_seconds() > pace.lost_for  # no proof: when to stop looking
    return Looked(restore.trouble, now + timedelta(seconds=pace.lost_for), restore.readings) if over else again


def _unreadable(parts: Parts, restore: Restore, no: Rejected | Gone) -> Event:
    """401 and 403 are ours to mend: it waits. Another answer ends in `lost`, long after it was said to be overdue."""
    now, attempt = parts.now(), restore.attempt
    forbidden = isinstance(no, Rejected) and no.status in (401, 403)
    age = (now - attempt.at).total_seconds() if attempt else 0.0
    if age > (parts.pace.lost_for if forbidden else 2 * parts.pace.overdue):
        return TrackLost(f"{UNREAD} ({no})", now + timedelta(seconds=parts.pace.lost_look))
    mend = "; the desk's identity needs backupVaults/backupJobs/read" if forbidden else ""
    again = parts.again_at(restore.troubles, least=parts.pace.reconcile_every)
    return Postponed(f"{UNREAD} ({no}){mend}", again)


def adopted(parts: Parts, listing: Listing, why: str) -> Adopted:
    """The oldest of the jobs that carry its tokens; the others are duplicates."""
    first, *others = listing.own
    due = parts.now() + timedelta(seconds=parts.pace.job_likely)
    return Adopted(first.job, why, due, tuple(read.job.id for read in others))


def before_another_post(parts: Parts, restore: Restore) -> Event | None:
    """A reason not to POST a second time: an old validation, a job that was found, or a proof that no longer holds."""
    if restore.validated_at is None:
        return Revalidated()
    listing = _readable(parts, restore)
    if listing.own:
        return adopted(parts, listing, "which carries an earlier attempt's id")
    if restore.doubtful[-1].ended == BY_HAND:
        return None  # a person saw the jobs and answers for it; the timeline keeps both
    found, _ = _absence(parts, restore, listing)
    due = parts.now() + timedelta(seconds=parts.pace.lost_look)
    return None if found.proven else TrackLost(f"before another attempt: {found.why}", due)


def before_closing(parts: Parts, restore: Restore, event: Event | None) -> Event | None:
    """The event itself, unless it says "nothing was started" of a restore with an attempt behind it for which that is
    not proven: then its job is adopted, or it is lost."""
    if restore.phase not in BEFORE_SUBMISSION or not restore.doubtful or not isinstance(event, CLOSING):
        return event
    listing = _readable(parts, restore)
    if listing.own:
        return adopted(parts, listing, "which carries an earlier attempt's id")
    found, _ = _absence(parts, restore, listing)
    due = parts.now() + timedelta(seconds=parts.pace.lost_look)
    return event if found.proven else TrackLost(f"{event.note()} But an attempt was made: {found.why}", due)


def _readable(parts: Parts, restore: Restore) -> Listing:
    try:
        return read_jobs(parts, restore)
    except (Rejected, Gone) as no:
        status = no.status if isinstance(no, Rejected) else None
        raise Trouble(f"the vault's jobs cannot be read, and an attempt was made ({no})", None, status) from no


def unread_for_long(parts: Parts, restore: Restore, trouble: Trouble) -> Event | None:
    """What becomes of an attempt if the vault's jobs cannot be read for long: overdue, announced once, then lost; where
    the right to read them is missing, only once the list can prove nothing any more."""
    attempt, now, pace = restore.attempt, parts.now(), parts.pace
    if restore.phase not in UNFOLLOWED or not restore.doubtful or attempt is None or trouble.throttled:
        return None
    if restore.tracking or restore.job:
        return None
    age = (now - max(attempt.at, restore.validated_at or attempt.at)).total_seconds()
    if age > (pace.lost_for if trouble.status in (401, 403) else 2 * pace.overdue):
        return TrackLost(f"{UNREAD} ({trouble.what})", now + timedelta(seconds=pace.lost_look))
    if age > pace.overdue and not restore.overdue_at:
        return BecameOverdue(now + timedelta(seconds=pace.poll_default))
    return None
