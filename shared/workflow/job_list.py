"""The vault's job list as seen from one restore: its own jobs by their tokens, and those that may be its own."""

from datetime import UTC, datetime, timedelta

from shared.azure.port import Gone, Rejected
from shared.azure.responses import JobRead
from shared.domain.problems import Problem
from shared.domain.restore import Restore
from shared.workflow.azure_facts import vault_facts
from shared.workflow.ports import Parts
from shared.workflow.proof import Listing, about_since, since

LAST = datetime.max.replace(tzinfo=UTC)  # a job that does not say when it began comes after those that do


def tokens(restore: Restore) -> tuple[set[str], set[str]]:
    """The tokens of our attempts that a job may carry: request ids (`activityID`) and file prefixes."""
    ids = {attempt.request_id.lower() for attempt in restore.attempts}
    return ids, {restore.file_prefix(attempt.number) for attempt in restore.attempts}


def carries(restore: Restore, read: JobRead) -> bool:
    """Whether a job, as listed or as read, is this restore's: Azure named it for it, or it carries a token of it."""
    if restore.job and read.job.id.lower() == restore.job.id.lower():
        return True
    ids, prefixes = tokens(restore)
    container = (read.job.destination or "").rstrip("/").rpartition("/")[2].lower()
    own_container = container.startswith(f"rd-{restore.id}-".lower())
    return (read.activity_id or "").lower() in ids or read.prefix in prefixes or own_container


def read_jobs(parts: Parts, restore: Restore) -> Listing:
    """Reads the whole list, and by GET each job that may be the restore's; Rejected or Gone if the list can't be."""
    facts = vault_facts(parts, restore.vault) if restore.cross_region else None
    begun, echo = since(restore), parts.board.recall(restore.vault, "echo")
    echo_job, echoed, ours = str(echo[1].get("job")) if echo else "", False, False
    own: list[JobRead] = []
    candidates: list[JobRead] = []
    for listed in parts.azure.jobs(restore.vault, facts):
        echoed = echoed or listed.job.id == echo_job
        mine = carries(restore, listed)
        if not mine and not _may_be(restore, listed):
            continue
        if parts.ledger.job_holder(restore, listed.job.id) not in (None, restore.id):
            ours = True
        elif mine:
            own.append(listed)
        elif listed.instance in ("", restore.instance.lower()):
            candidates.append(listed)
    at = parts.azure.azure_time()
    looked = [_whole(parts, restore, listed) for listed in candidates]
    own += [found for found, whole in looked if whole and carries(restore, found)]
    possible = [
        found.job.id for found, whole in looked
        if _began(found, begun) and not (whole and (carries(restore, found) or (echoed and found.activity_id)))
    ]  # fmt: skip
    for read in own[:1]:
        remember_echo(parts, restore, read)
    oldest = sorted(own, key=lambda read: (read.job.started or LAST, read.job.id))
    return Listing(at, tuple(oldest), tuple(possible), ours)


def _whole(parts: Parts, restore: Restore, listed: JobRead) -> tuple[JobRead, bool]:
    """A job by GET (a LIST has no extendedInfo); as listed, and False, if it cannot be read."""
    try:
        return parts.azure.job(restore, listed.job.id), True
    except (Gone, Rejected):
        return listed, False


def _may_be(restore: Restore, listed: JobRead) -> bool:
    """A restore job, of this instance or of none that is named; of a cross-region list every one, to know ours."""
    kind = "restore" in listed.category or not listed.category
    return kind and (restore.cross_region or listed.instance in ("", restore.instance.lower()))


def _began(read: JobRead, begun: datetime | None) -> bool:
    """Whether it began since the attempt; where either time is not known it may have."""
    return read.job.started is None or begun is None or read.job.started >= begun


def remember_echo(parts: Parts, restore: Restore, read: JobRead) -> None:
    """Once a vault's job carries our request id, it is known that this vault echoes them; a newer job each day."""
    ids, _ = tokens(restore)
    if (read.activity_id or "").lower() not in ids:
        return
    if parts.board.recall_since(restore.vault, "echo", parts.now() - timedelta(days=1)) is None:
        parts.board.remember(restore.vault, "echo", {"job": read.job.id}, parts.now())


def refuse_adoption(restore: Restore, read: JobRead, holder: str | None) -> None:
    """Problem (422) where a job cannot be the restore's, whatever a person says; `holder`: the restore that has it."""
    if not carries(restore, read) and (no := _cannot_be(restore, read)):
        raise Problem(422, no[0], f"job {read.job.id} {no[1]}", "jobId")
    if holder not in (None, restore.id):
        raise Problem(422, "The job is another restore's", f"job {read.job.id} belongs to {holder}", "jobId")


def _cannot_be(restore: Restore, read: JobRead) -> tuple[str, str] | None:
    """Title and words of why a job without a token of the restore is none of its jobs; None if it may be one."""
    if "restore" not in read.category:
        return "The job is no restore", f"is a {read.category or 'job of no known kind'}, not a restore"
    if read.instance != restore.instance.lower():
        where = read.instance or "an instance that it does not name"
        return "The job is another instance's", f"is one of {where}"
    if restore.doubtful and (read.job.started is None or read.job.started < about_since(restore)):
        began = read.job.started or "a time it does not name"
        return "The job is older than the restore", f"began at {began}, before the first attempt"
    destination = restore.plan.destination.lower() if restore.plan else ""
    if (read.job.destination or "").lower() != destination:
        words = f"restores to {read.job.destination}, this restore goes to {destination}"
        return "The job goes elsewhere", words
    return None
