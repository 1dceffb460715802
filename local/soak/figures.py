"""What a soak saw, and the figures that it is to show. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from local.bench.shows import Show
from local.soak.size import Size

WINDOW = 180.0  # seconds: the first and the last three minutes are compared
LOOK_EVERY = 10.0  # seconds between two looks at health and at the list of instances
NOTHING = -1.0  # where nothing was measured


@dataclass(frozen=True)
class Took:
    """One call: seconds since the soak began, how long it took in ms, whether it was answered as it should be."""

    at: float
    ms: float
    good: bool = True


@dataclass(frozen=True)
class Told:
    """One notice that a channel took: when, by the soak's clock, and seconds since its event."""

    channel: str
    at: float
    late: float


@dataclass(frozen=True)
class Used:
    """CPU seconds until now of the desk's hosts, and of Azurite; when, by the soak's clock."""

    at: float
    hosts: float
    azurite: float


@dataclass
class Seen:
    """Everything that a soak of `seconds` saw; one channel failed now and then from `fails_from` on."""

    seconds: float
    fails_from: float
    posts: list[Took] = field(default_factory=list)
    instances: list[Took] = field(default_factory=list)
    health: list[Took] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    refused: int = 0  # posts that the failing channel answered with an error
    phases: Counter[str] = field(default_factory=Counter)
    left: list[str] | None = None  # live rows at the end: open restores, turns, notices that are owed
    size: Size = field(default_factory=Size)  # of what a closed restore leaves
    pool_warnings: float = NOTHING
    cpu: list[Used] = field(default_factory=list)
    load: list[float] = field(default_factory=list)  # of the machine, as the system averages it over a minute


def p95(values: Iterable[float]) -> float:
    """So much, or less, in 95 of 100."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)] if ordered else NOTHING


def median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else NOTHING


def shows(seen: Seen, steady: str, failing: str) -> list[Show]:
    """Each figure beside its limit; nothing that was not measured holds."""
    window = min(WINDOW, seen.seconds / 3)
    first = p95(one.ms for one in seen.posts if one.at <= window)
    last = p95(one.ms for one in seen.posts if one.at > seen.seconds - window)
    before = _late(seen, steady, 0, seen.fails_from)
    during = _late(seen, steady, seen.fails_from, float("inf"))
    unsteady = _late(seen, failing, seen.fails_from, float("inf"))
    asked, ended = len(seen.posts), seen.phases["succeeded"]
    return [
        Show("requests that were not accepted", _bad(seen.posts), most=0, least=0),
        Show("restores that ended well, of 100", _ratio(100 * ended, asked), least=100),
        Show("open restores and notices left at the end", _left(seen), most=0, least=0),
        Show("posts that the failing channel refused, of 100", _refused(seen, failing), least=5),
        Show("p95 delay of its notices, against the steady channels'", _ratio(unsteady, during), most=2, least=0),
        Show("p95 delay of the steady channels' notices, against before", _ratio(during, before), most=1.3, least=0),
        Show(f"POST, p95, last {window:.0f} s against the first", _ratio(last, first), most=1.3, least=0),
        Show("a closed restore leaves (KiB, as Azure counts rows)", seen.size.whole, most=15, least=0),
        *_looks(seen),
        Show("warnings of a full connection pool", seen.pool_warnings, most=0, least=0),
    ]


def _looks(seen: Seen) -> list[Show]:
    """At the list of instances and at health: at least half as many as the time has room for."""
    looks, room = min(len(seen.instances), len(seen.health)), seen.seconds / LOOK_EVERY
    return [
        Show("looks at instances and at health, of 100 that the time has room for", 100 * looks / room, least=50),
        Show("GET /api/instances, 109 instances, median (ms)", median(_ms(seen.instances)), most=200, least=0),
        Show("lists of instances that were not whole", _bad(seen.instances), most=0, least=0),
        Show("health checks that were not ok", _bad(seen.health), most=0, least=0),
    ]


def words(seen: Seen, steady: str, failing: str) -> str:
    """What the ratios are made of."""
    end, ms = float("inf"), _ms(seen.posts)
    before, during = _late(seen, steady, 0, seen.fails_from), _late(seen, steady, seen.fails_from, end)
    return (
        f"{len(seen.posts)} requests in {seen.seconds / 60:.1f} min, POST median {median(ms):.0f} ms, p95 "
        f"{p95(ms):.0f} ms; notices p95 {before:.2f} s before the failures, then {during:.2f} s (steady) and "
        f"{_late(seen, failing, seen.fails_from, end):.2f} s (failing); {len(seen.told)} notices taken, "
        f"{seen.refused} refused, {len(seen.health)} health checks; load of the machine "
        f"{min(seen.load, default=0):.1f} to {max(seen.load, default=0):.1f}. A closed restore leaves "
        f"{seen.size.values:.2f} KiB of keys and values alone. {_cpu(seen)}"
        + (f" Left: {seen.left[:3]}." if seen.left else "")
    )


def _late(seen: Seen, channel: str, since: float, until: float) -> float:
    return p95(one.late for one in seen.told if one.channel == channel and since <= one.at < until)


def _refused(seen: Seen, failing: str) -> float:
    taken = sum(one.channel == failing and one.at >= seen.fails_from for one in seen.told)
    return _ratio(100 * seen.refused, taken + seen.refused)


def _cpu(seen: Seen) -> str:
    """How much CPU each of the two windows took."""
    window = min(WINDOW, seen.seconds / 3)
    first = [one for one in seen.cpu if one.at <= window]
    last = [one for one in seen.cpu if one.at > seen.seconds - window]
    if len(first) < 2 or len(last) < 2:
        return "CPU: not counted."
    hosts, azurite = ([_share(part, name) for part in (first, last)] for name in ("hosts", "azurite"))
    return (
        f"CPU, in the first and the last {window:.0f} s: the desk's hosts {hosts[0]:.0f} and {hosts[1]:.0f} % of a "
        f"core, Azurite {azurite[0]:.0f} and {azurite[1]:.0f} %."
    )


def _share(part: Sequence[Used], name: str) -> float:
    used: float = getattr(part[-1], name) - getattr(part[0], name)
    return 100 * used / (part[-1].at - part[0].at)


def _ms(calls: Sequence[Took]) -> list[float]:
    return [one.ms for one in calls]


def _left(seen: Seen) -> float:
    return NOTHING if seen.left is None else len(seen.left)


def _bad(calls: Sequence[Took]) -> float:
    return sum(not one.good for one in calls) if calls else NOTHING


def _ratio(one: float, other: float) -> float:
    return one / other if one >= 0 and other > 0 else NOTHING
