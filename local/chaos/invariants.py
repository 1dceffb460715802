"""What must hold after chaos: read from the desk's books, Azure's journal and what the channels got. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.chaos.plan import Request
from shared.workflow.doubt import TAKEN

type View = dict[str, Any]
NOTHING_STARTED = ("refused", "withdrawn", "checked")


@dataclass(frozen=True)
class Evidence:
    """Everything that is known when all is quiet. `ids`: the restores that each request was told of, or has by key."""

    requests: Sequence[Request]
    ids: dict[int, set[str]]
    views: dict[str, View]
    calls: Sequence[dict[str, Any]]
    jobs: Sequence[dict[str, Any]]
    posts: Sequence[tuple[str, str, str, str]]  # channel, event id, event, restore: what arrived, well signed
    spoilt: Sequence[str]  # posts that a channel would not take
    left: Sequence[str]  # open rows, turns and owed notices that are still there
    wrong: Sequence[str]  # what no caller should hear
    silent: frozenset[str]  # ids of instances whose vault echoes nothing
    channels: Sequence[str] = ()  # each of these hears of every closing
    under_chaos: int = 0  # POSTs of `restore` with an effect while things broke
    wanted: int = 0  # so many at the least
    failed_operations: int = 0  # POSTs that Azure was told to take and then to fail, before any job
    fired: frozenset[str] = frozenset()  # alerts that fired on the lines that arrived
    planted: frozenset[str] = frozenset()  # alerts whose cause there was
    certain: frozenset[str] = frozenset()  # ... so that they had to fire
    still: frozenset[str] = frozenset()  # alerts that still fired when all was quiet


@dataclass(frozen=True)
class Invariant:
    """One line of the table."""

    name: str
    checked: int
    violations: tuple[str, ...]


def invariants(evidence: Evidence) -> list[Invariant]:
    """All of them, in the order of their weight."""
    views = evidence.views.values()
    closed = [view for view in views if view["closed"]]
    delivered = [n for view in views for n in view.get("notices", []) if n["state"] == "delivered"]
    return [
        Invariant("no request is missing", len(evidence.requests), tuple(_missing(evidence))),
        Invariant("one key, one restore", len(evidence.ids), tuple(_doubled_keys(evidence))),
        Invariant("none is submitted twice", len(_effects(evidence)), tuple(_doubled(evidence))),
        Invariant("nothing runs at Azure that nobody asked for", len(evidence.jobs), tuple(_strays(evidence))),
        Invariant("what succeeded has its one job, completed", len(evidence.views), tuple(_unfounded(evidence))),
        Invariant("every restore is closed", len(evidence.views), tuple(_open(evidence))),
        Invariant("every closing is announced, under one event id", len(closed), tuple(_unannounced(evidence))),
        Invariant("what the books call delivered has arrived", len(delivered), tuple(_undelivered(evidence))),
        Invariant("every notice is well formed and signed", len(evidence.posts), tuple(evidence.spoilt)),
        Invariant("no open row, turn or owed notice is left", len(evidence.views), tuple(evidence.left)),
        Invariant("none is lost where the vault echoes our ids", len(evidence.views), tuple(_lost_in_vain(evidence))),
        Invariant("callers hear 2xx or 5xx, nothing else", len(evidence.requests), tuple(evidence.wrong)),
        Invariant("alerts fire on their cause and on nothing else", len(evidence.fired), tuple(_misfired(evidence))),
        Invariant("most were submitted under chaos", evidence.under_chaos, tuple(_undisturbed(evidence))),
    ]


def _misfired(evidence: Evidence) -> Iterator[str]:
    yield from (f"{name} fired, and nothing had caused it" for name in sorted(evidence.fired - evidence.planted))
    yield from (
        f"{name} did not fire, though its cause was there" for name in sorted(evidence.certain - evidence.fired)
    )
    yield from (f"{name} still fires, though all is quiet" for name in sorted(evidence.still))


def _undisturbed(evidence: Evidence) -> Iterator[str]:
    if evidence.under_chaos < evidence.wanted:
        yield f"{evidence.under_chaos} were submitted while things broke, {evidence.wanted} are wanted"


def _missing(evidence: Evidence) -> Iterator[str]:
    for request in evidence.requests:
        ids = evidence.ids.get(request.number, set())
        if not ids & evidence.views.keys():
            yield f"{request.key} ({request.via}) is not in the ledger {sorted(ids)}"


def _doubled_keys(evidence: Evidence) -> Iterator[str]:
    yield from (f"request {number} has {sorted(ids)}" for number, ids in evidence.ids.items() if len(ids) > 1)
    known = set().union(*evidence.ids.values()) if evidence.ids else set()
    yield from (f"{view} belongs to no request" for view in evidence.views if view not in known)


def _effects(evidence: Evidence) -> list[dict[str, Any]]:
    return [c for c in evidence.calls if c["effect"] and c["verb"].lower() in ("restore", "crossregionrestore")]


def _by_restore(evidence: Evidence) -> Counter[str]:
    """How many POSTs of `restore` had an effect, by restore; those of none under ""."""
    owner = {a["requestId"]: view["id"] for view in evidence.views.values() for a in view.get("attempts", [])}
    return Counter(owner.get(call["x-ms-client-request-id"], "") for call in _effects(evidence))


def _doubled(evidence: Evidence) -> Iterator[str]:
    """A POST that was taken, whose operation Azure then failed, came to no job: the restore sent again is single."""
    counted = _by_restore(evidence)
    for view in evidence.views.values():
        ran = jobs_of(view, evidence.jobs)
        if len(ran) > 1:
            yield f"{view['id']} runs as {[job['id'] for job in ran]}"
    jobless = counted.total() - sum("Restore" in job["category"] for job in evidence.jobs)
    if jobless > evidence.failed_operations:
        yield f"{jobless} POSTs had an effect and no job; Azure failed only {evidence.failed_operations} operations"
    nothing = (v for v in evidence.views.values() if v["phase"] in NOTHING_STARTED)
    yield from (f"{view['id']} is {view['phase']}, and ran" for view in nothing if counted[view["id"]])


def _strays(evidence: Evidence) -> Iterator[str]:
    if stray := _by_restore(evidence)[""]:
        yield f"{stray} POSTs of restore belong to no saved attempt"


def jobs_of(view: View, jobs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The emulator's jobs of a restore, by prefix or request id."""
    tokens = {a["requestId"] for a in view.get("attempts", [])}
    return [j for j in jobs if view["id"] in (j.get("filePrefix") or "") or j.get("activityID") in tokens]


def _unfounded(evidence: Evidence) -> Iterator[str]:
    for view in evidence.views.values():
        ran = [job["status"] for job in jobs_of(view, evidence.jobs)]
        good = len(ran) == 1 and ran[0] in ("Completed", "CompletedWithWarnings")
        if view["phase"] == "succeeded" and not good:
            yield f"{view['id']} is said to have succeeded; its jobs: {ran}"
        if view["phase"] != "succeeded" and view["closed"] and good:
            yield f"{view['id']} is {view['phase']} ({view.get('error', {}).get('code')}), but its job completed"


def _open(evidence: Evidence) -> Iterator[str]:
    for view in evidence.views.values():
        if not view["closed"]:
            yield f"{view['id']} is {view['phase']}: {view.get('trouble') or view['timeline'][-1]}"


def _unannounced(evidence: Evidence) -> Iterator[str]:
    told: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for channel, event_id, event, restore in evidence.posts:
        told[channel, restore, event].add(event_id)
    for view in evidence.views.values():
        ids = {channel: told[channel, view["id"], view["phase"]] for channel in evidence.channels}
        if view["closed"] and (len(set().union(*ids.values())) != 1 or not all(ids.values())):
            shown = ", ".join(f"{channel}: {sorted(found) or 'nothing'}" for channel, found in ids.items())
            yield f"{view['id']} is {view['phase']}; told as {shown}"


def _undelivered(evidence: Evidence) -> Iterator[str]:
    arrived = {(channel, event_id) for channel, event_id, _, _ in evidence.posts}
    for view in evidence.views.values():
        for notice in view.get("notices", []):
            if notice["state"] != "delivered" or (notice["channel"], notice["eventId"]) not in arrived:
                yield f"{notice['eventId']} to {notice['channel']} is {notice['state']}: {notice.get('answer')}"


def ever_lost(views: Iterable[View]) -> list[View]:
    """Those that were parked as lost at some time."""
    return [view for view in views if any(entry["what"] == "lost" for entry in view.get("timeline", []))]


def _lost_in_vain(evidence: Evidence) -> Iterator[str]:
    """Azure may take a POST, fail its operation and forget its URL before we saw it: that is a person's to judge."""
    failed_unseen = evidence.failed_operations
    for view in ever_lost(evidence.views.values()):
        lost = next(entry for entry in view["timeline"] if entry["what"] == "lost")
        unseen = TAKEN in (lost.get("note") or "") and failed_unseen > 0
        failed_unseen -= unseen
        if view["instanceId"] not in evidence.silent and not unseen:
            yield f"{view['id']} was parked as lost: {lost.get('note')}"
