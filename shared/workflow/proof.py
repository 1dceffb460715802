"""What counts as proof that Azure has no job of a restore, decided on readings of the vault's whole job list. Pure."""

from datetime import datetime, timedelta

from shared.azure.responses import JobRead
from shared.domain.pace import Pace
from shared.domain.restore import PROVEN, Readings, Restore
from shared.frozen import frozen

AZURE_SKEW = timedelta(minutes=2)  # how far apart the clocks of two parts of Azure may be
OUR_SKEW = timedelta(minutes=10)  # how far our clocks may be from Azure's
NO_DATE = "the vault's jobs were read, but Azure's answer has no Date, and no other clock proves anything"


@frozen
class Listing:
    """One whole reading of a vault's job list, seen from one restore."""

    at: datetime | None  # Azure's own time of the reading: no other clock stands in for it
    own: tuple[
        JobRead, ...
    ] = ()  # jobs that carry a token of the restore and that no other restore holds, oldest first
    possible: tuple[str, ...] = ()  # ids of jobs that may be the restore's, though they carry no token of it
    ours: bool = False  # a job that one of our restores holds is in it


@frozen
class Absence:
    """Whether it is proven that no job exists; if not, why, and whether waiting can still prove it."""

    proven: bool
    pending: bool
    why: str
    readings: Readings | None


def since(restore: Restore) -> datetime | None:
    """Azure's own time before the first attempt that may have reached Azure: no job of the restore began earlier. None
    if that time is not known (an attempt of release 0.1.0): then any job may be the restore's."""
    first = restore.doubtful[0].since
    return first - AZURE_SKEW if first else None


def about_since(restore: Restore) -> datetime:
    """`since`, or about it by our own clock: good enough to refuse by, never a proof."""
    return since(restore) or restore.doubtful[0].at - OUR_SKEW


def absence(restore: Restore, listing: Listing, pace: Pace) -> Absence:
    """Whether no job of the restore exists: what every second POST and every "nothing was started" stands on.

    A restore's job is known by its tokens, whatever its time, status or category: the request id, the file prefix, a
    container of its own. That no such job exists is proven by two readings of the vault's job list (of the secondary
    region for a cross-region restore), both whole, both `grace_before_second` after the first reading, and
    `reconcile_every` apart, because a paged list may tear. Neither may show a restore job of that instance (or of none
    that is named) which began since the attempt and which no other restore holds, unless the same list shows that the
    vault echoes our ids. A cross-region list must show a job of ours too, or it may be of another time. All times are
    Azure's own: if one is missing nothing is proven. The list reaches back 14 days: `lost_for` (13 days) after the
    attempt it proves nothing.
    Attempts that were proven so before need only that the list shows nothing new.
    """
    before = restore.readings
    if listing.at is None:
        return Absence(False, True, NO_DATE, before)
    first = before.first if before else listing.at
    fault = _fault(restore, listing, listing.at, pace)
    if fault:
        return Absence(False, False, fault, Readings(first=first))
    if all(attempt.ended == PROVEN for attempt in restore.doubtful):
        return Absence(True, False, "no job of the vault can be its own", Readings(first=first))
    if (listing.at - first).total_seconds() < pace.grace_before_second:
        minutes = pace.grace_before_second / 60
        words = f"no job of the vault can be its own so far; one may be listed up to {minutes:.0f} minutes late"
        return Absence(False, True, words, Readings(first=first))
    clean = (before.clean if before else None) or listing.at
    proven = (listing.at - clean).total_seconds() >= pace.reconcile_every
    words = "a first reading of the vault's jobs shows none that can be its own; a second one must agree"
    return Absence(proven, not proven, words, Readings(first=first, clean=clean))


def _fault(restore: Restore, listing: Listing, at: datetime, pace: Pace) -> str | None:
    """What in this reading stands against the proof, whatever the time."""
    if listing.own:
        return f"its own job is there: {listing.own[0].job.id}"
    if listing.possible:
        return f"these jobs of the vault may be its own: {', '.join(listing.possible[:5])}"
    if restore.cross_region and not listing.ours:
        return "the secondary region's job list shows no job of ours, so it may lag behind"
    begun = since(restore)
    if begun is None:
        return "the attempt has no time of Azure's own, so how far back the job list must reach is not known"
    if (at - begun).total_seconds() > pace.lost_for:
        return f"the attempt is over {pace.lost_for / 86400:.0f} days old, and the job list reaches back 14 days"
    return None
