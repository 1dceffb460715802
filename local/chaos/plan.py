"""What chaos does and when: one seed gives one schedule of requests, kills, freezes and cuts, and the faults. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from local.chaos.world import Place, body

What = Literal[
    "ask", "kill", "stall", "freeze", "cut", "swallow", "queue down", "table down", "copies", "withdraw",
    "lease", "terminate", "poison",
]  # fmt: skip
Via = Literal["http", "queue", "unreadable"]
HOSTS = 4  # HTTP, queue, and two for the timer, of which one holds the lease
TIMERS = (2, 3)
ROUND = 15.0  # seconds of one more round, as long as fewer are


@dataclass(frozen=True)
class Request:
    """One request: how it comes, how often the same is sent again after it was taken."""

    number: int
    via: Via
    body: dict[str, Any] = field(hash=False)
    again: int = 0

    @property
    def key(self) -> str:
        return f"chaos-{self.number}"


@dataclass(frozen=True)
class Deed:
    """Something that happens `at` so many seconds after the beginning, to a host or for some seconds."""

    at: float
    what: What
    host: int = 0
    seconds: float = 0.0
    request: Request | None = None


def span(restores: int, kills: int) -> float:
    """How long it goes on."""
    return max(restores * 0.5, kills * 1.8, 6.0)


def schedule(seed: int, restores: int, kills: int, places: tuple[Place, ...]) -> list[Deed]:
    """All deeds, in order."""
    # a generator for each kind: more kills do not change which requests there are
    asks, deaths, wires = (random.Random(f"{seed}/{name}") for name in ("asks", "deaths", "wires"))
    long = span(restores, kills)
    deeds = [
        Deed(asks.uniform(0, long * 0.8), "ask", request=_request(number, asks, places)) for number in range(restores)
    ]
    deeds += [Deed(deaths.uniform(0.5, long), "kill", host=deaths.randrange(HOSTS)) for _ in range(kills)]
    deeds += _hindrances(wires, long)
    return sorted(deeds, key=lambda deed: deed.at)


def another_round(seed: int, number: int, kills_a_second: float) -> list[Deed]:
    """More of the same, without requests: chaos goes on until most restores were submitted under it."""
    deaths, wires = (random.Random(f"{seed}/{number}/{name}") for name in ("deaths", "wires"))
    kills = max(1, round(kills_a_second * ROUND))
    deeds = [Deed(deaths.uniform(0, ROUND), "kill", host=deaths.randrange(HOSTS)) for _ in range(kills)]
    return sorted([*deeds, *_hindrances(wires, ROUND)], key=lambda deed: deed.at)


def _request(number: int, chance: random.Random, places: tuple[Place, ...]) -> Request:
    drawn, place = chance.random(), chance.choice(places)
    via: Via = "http" if drawn < 0.65 else "queue" if drawn < 0.97 else "unreadable"
    said = body(place, number)
    if via == "unreadable":
        said["nonsense"] = True
    return Request(number, via, said, again=chance.choice((0, 0, 1, 2)))


def _hindrances(chance: random.Random, long: float) -> Iterator[Deed]:
    """Each kind about so often; the first word is the mean number of seconds between two."""
    kinds: tuple[tuple[float, What, float, float], ...] = (
        (1.5, "cut", 0, 0),
        (1.0, "swallow", 1, 4),
        (14, "freeze", 0.5, 4),
        (20, "queue down", 1, 5),
        (20, "table down", 0.5, 3),
        (12, "stall", 3.5, 6),
        (3, "copies", 0, 0),
        (10, "withdraw", 0, 0),
        (12, "lease", 2, 5),
        (12, "terminate", 0, 0),
        (6, "poison", 0, 0),
    )
    for every, what, least, most in kinds:
        for _ in range(max(1, round(long / every))):
            yield Deed(
                chance.uniform(0.5, long), what, host=chance.randrange(HOSTS), seconds=chance.uniform(least, most)
            )


def fault_rules(share: float) -> list[dict[str, Any]]:
    """Rules for the emulator: together they strike `share` of all calls; ends that Azure itself gives come on top."""
    each = 1 - (1 - share) ** (1 / len(_STRIKES))
    rules = [_rule(fault, verb, each) for verb, fault in _STRIKES]
    return rules + [_rule(fault, verb, probability) for probability, verb, fault in _ENDS] if share else []


def _rule(fault: dict[str, Any], verb: str, probability: float) -> dict[str, Any]:
    return {"match": {"verb": verb, "probability": round(probability, 5)}, "fault": fault}


def _status(status: int, when: str = "before", body: str = "json", **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": status, "when": when, "body": body, **more}


_STRIKES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("any", _status(429, retryAfter=0.4)),
    ("any", _status(429)),
    ("any", _status(500)),
    ("any", _status(500, "after")),
    ("any", _status(503, retryAfter=0.5)),
    ("any", _status(503, "after", "html")),
    ("any", _status(502, "after", "empty")),
    ("any", _status(200, "after", "truncated")),
    ("any", _status(200, "after", "mislabelled")),
    ("any", _status(401)),
    ("any", {"kind": "reset"}),
    ("any", {"kind": "reset", "when": "after"}),
    ("any", {"kind": "hang", "seconds": 1.5}),
    ("any", {"kind": "hang", "seconds": 1.5, "when": "after"}),
    ("any", {"kind": "delay", "seconds": 1.0, "when": "before"}),
    ("any", {"kind": "delay", "seconds": 1.0, "when": "after"}),
)
_ENDS: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (0.1, "operationStatus", {"kind": "expire", "status": 404}),
    (0.05, "restore", {"kind": "expire", "status": 204}),
    (0.05, "job", _status(404)),
    (0.1, "restore", _status(500, "after")),  # the swallowed 202 of all swallowed 202s
    (0.1, "restore", {"kind": "reset", "when": "after"}),
    (0.1, "restore", {"kind": "reset", "when": "before"}),
    (0.05, "restore", {"kind": "hang", "seconds": 5, "when": "after"}),
    (
        0.05,
        "validateRestore",
        {"kind": "error", "stage": "http", "code": "UserErrorMaxConcurrentOperationLimitReached"},
    ),
    (0.02, "validateRestore", {"kind": "error", "stage": "validate", "code": "UserErrorRestoreToLowerVersion"}),
    (0.02, "restore", {"kind": "error", "stage": "operation", "code": "UserErrorContainerNotAccessible"}),
    (0.03, "restore", {"kind": "job", "outcome": "Failed"}),
    (0.03, "restore", {"kind": "job", "outcome": "CompletedWithWarnings", "status": "Retrying"}),
)
