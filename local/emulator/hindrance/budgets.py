"""How much Azure lets one caller do: the gateway's token buckets and the service's budgets, counted in the store."""

import math
from dataclasses import dataclass

from local.emulator.wire.errors import Json, gateway
from local.emulator.world import ticks
from local.emulator.world.store import Store

_WINDOW = 60.0  # of the service's seconds; the real window is not published
_WRITES = ("subscription-writes", 1200)
_READS = ("subscription-reads", 12000)
_BUCKETS = {"reads": (250, 25), "writes": (200, 10)}
_GLOBAL_FACTOR = 15

# Verbs of one name share a budget. The figures are those seen as the first `remaining` header, plus one.
_BUDGETS = {
    "recoverypoints": ("points", 100),
    "recoverypoint": ("points", 100),
    "jobs": ("jobs", 200),
    "job": ("jobs", 200),
    "operationresults": ("operationResults", 200),
    "operationstatus": ("operationStatus", 1000),
    "backupinstance": ("backupInstances", 2000),
    "backupinstances": ("backupInstances", 2000),
}
_LOCATION_STATUS = ("locationOperationStatus", 15000)


@dataclass(frozen=True, slots=True)
class Caller:
    subscription: str
    principal: str
    verb: str
    writes: bool
    by_location: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """The headers to show, and after how many seconds of ours to come back when it was too much."""

    headers: dict[str, str]
    wait: float = 0.0
    body: Json | None = None


def spend(store: Store, caller: Caller, now: int, speed: float, *, enforce: bool) -> Spent:
    if enforce and (refused := _spend_bucket(store, caller, now, speed)):
        return refused
    return _spend_budget(store, caller, now, speed, enforce=enforce)


def _spend_bucket(store: Store, caller: Caller, now: int, speed: float) -> Spent | None:
    kind = "writes" if caller.writes else "reads"
    size, refill = _BUCKETS[kind]
    scopes = (
        (f"bucket:{caller.subscription}:{caller.principal}:{kind}", 1, f"x-ms-ratelimit-remaining-subscription-{kind}"),
        (
            f"bucket:{caller.subscription}:{kind}",
            _GLOBAL_FACTOR,
            f"x-ms-ratelimit-remaining-subscription-global-{kind}",
        ),
    )
    for name, factor, header in scopes:
        row = store.db.execute("SELECT since, amount FROM budgets WHERE name = ?", (name,)).fetchone()
        pace = refill * factor * speed
        tokens = float(size * factor)
        if row is not None:
            tokens = min(tokens, row["amount"] + (now - row["since"]) / ticks.SECOND * pace)
        if tokens < 1:
            wait = (1 - tokens) / pace
            return Spent({header: "0"}, wait, _subscription_throttled(caller, wait))
        store.db.execute("INSERT OR REPLACE INTO budgets VALUES (?, ?, ?)", (name, now, tokens - 1))
    return None


def _spend_budget(store: Store, caller: Caller, now: int, speed: float, *, enforce: bool) -> Spent:
    name, size = _budget(caller)
    header = "subscription-resource-requests" if name not in (_READS[0], _WRITES[0]) else name
    key, window = f"budget:{caller.subscription}:{name}", int(_WINDOW * ticks.SECOND / speed)
    row = store.db.execute("SELECT since, amount FROM budgets WHERE name = ?", (key,)).fetchone()
    since, used = (row["since"], row["amount"]) if row is not None and now - row["since"] < window else (now, 0.0)
    full = f"x-ms-ratelimit-remaining-{header}"
    if enforce and used >= size:
        wait = (since + window - now) / ticks.SECOND
        return Spent({full: "0"}, wait, _resource_throttled(caller, size, wait))
    store.db.execute("INSERT OR REPLACE INTO budgets VALUES (?, ?, ?)", (key, since, used + 1))
    return Spent({full: str(max(0, int(size - used - 1)))})


def _budget(caller: Caller) -> tuple[str, int]:
    if caller.writes:
        return _WRITES
    if caller.verb == "operationstatus" and caller.by_location:
        return _LOCATION_STATUS
    return _BUDGETS.get(caller.verb, _READS)


def _subscription_throttled(caller: Caller, wait: float) -> Json:
    return gateway(
        "SubscriptionRequestsThrottled",
        f"Number of requests for subscription '{caller.subscription}' and operation '{caller.verb}' exceeded "
        f"the backend storage limit. Please try again after '{math.ceil(wait)}' seconds.",
    )


def _resource_throttled(caller: Caller, size: int, wait: float) -> Json:
    return gateway(
        "ResourceRequestsThrottled",
        f"Number of requests for action 'Microsoft.DataProtection/backupVaults/{caller.verb}/read' exceeded "
        f"the limit of '{size}' for time interval '00:01:00'. Please try again after '{math.ceil(wait)}' seconds.",
    )
