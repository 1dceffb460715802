"""What each alert is for, made to happen on a stack: each event gives the act that mends it."""

import json
from collections.abc import Callable
from typing import Any

from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from local.chaos.world import Place, body, places
from local.stack.stack import Stack
from shared.config.settings import QUEUE, TABLE
from shared.storage import row_keys

type Mend = Callable[[], object]
HOSTS = (("http",), ("queue",), ("timer",), ("timer",))
WORKS, TICKS = 1, (2, 3)
ACT = {"by": "sre@contoso.com", "reason": "the event of an alert"}
USUAL = [place for place in places() if not place.extra]


def ask(stack: Stack, place: Place, key: str) -> str:
    """A restore asked for by HTTP; its id."""
    headers = {"Idempotency-Key": key}
    answer = stack.http.post("/api/restores", json=body(place, 0), headers=headers).raise_for_status()
    return str(answer.json()["id"])


def _act(stack: Stack, restore: str, name: str, **more: Any) -> None:
    stack.http.post(f"/api/restores/{restore}/{name}", json=ACT | more).raise_for_status()


def _resend(stack: Stack, restore: str) -> None:
    for notice in stack.http.get(f"/api/restores/{restore}").json()["notices"]:
        if notice["state"] == "owed":
            _act(stack, restore, f"notices/{notice['number']}/resend")


def poison(stack: Stack) -> Mend:
    """A message that crashed the app five times."""
    with QueueClient.from_connection_string(stack.storage, f"{QUEUE}-poison") as queue:
        queue.send_message("what crashed us five times", time_to_live=-1)
    return lambda: None


def given_up(stack: Stack) -> Mend:
    """A channel refuses for good."""
    stack.channels.ends.refusing.add("dba")
    ask(stack, USUAL[0], "given up")
    return lambda: stack.channels.ends.refusing.discard("dba")


def outbox_late(stack: Stack) -> Mend:
    """A channel is down for long."""
    stack.channels.ends.down.add("dba")
    restore = ask(stack, USUAL[1], "late")

    def up() -> None:
        stack.channels.ends.down.discard("dba")
        _resend(stack, restore)

    return up


def queue_late(stack: Stack) -> Mend:
    """The queue's function does not run."""
    stack.hosts[WORKS].stop()
    stack.send(json.dumps({**body(USUAL[2], 0), "idempotencyKey": "queued"}))
    return stack.hosts[WORKS].start


def damaged(stack: Stack) -> Mend:
    """A row that nobody can read."""
    table = TableClient.from_connection_string(stack.storage, TABLE)
    vault = USUAL[0].id.partition("/backupInstances/")[0]
    key = {"PartitionKey": row_keys.vault_partition(vault), "RowKey": f"{row_keys.OWED}damaged"}
    table.upsert_entity({**key, "state": "owed"})
    return lambda: table.delete_entity(key["PartitionKey"], key["RowKey"])


def lost(stack: Stack) -> Mend:
    """Azure takes a POST, its operation comes to no job, and its URL is gone before anybody saw that."""
    failing = {"kind": "error", "stage": "operation", "code": "UserErrorContainerNotAccessible"}
    for fault in (failing, {"kind": "expire"}):
        stack.emulated("faults", "POST", {"match": {"verb": "restore", "times": 1}, "fault": fault})
    restore = ask(stack, USUAL[5], "lost")
    return lambda: _act(stack, restore, "resolve", resolution="close")


def no_token(stack: Stack) -> Mend:
    """The instance that works gets no token for Azure."""
    identity = {"IDENTITY_ENDPOINT": f"{stack.channels.url}/no-identity", "IDENTITY_HEADER": "none"}
    changes = {"ARM_ENDPOINT": "https://management.azure.com", **identity}
    blind = stack.another_host(("queue", "timer"), changes).start()
    away = [stack.hosts[number] for number in (WORKS, *TICKS)]
    for host in away:
        host.stop()
    restore = ask(stack, USUAL[3], "no token")

    def mend() -> None:
        _act(stack, restore, "withdraw")
        for host in away:
            host.start()
        blind.stop()
        _resend(stack, restore)  # the blind one takes no channel on the loopback, and waits as long as in Azure

    return mend


def silence(stack: Stack) -> Mend:
    """No instance ticks."""
    for number in TICKS:
        stack.hosts[number].kill()

    def back() -> None:
        for number in TICKS:
            stack.hosts[number].start()

    return back


def overdue(stack: Stack) -> Mend:
    """Makes a job that Azure reports as running for ever. No call can end it, so this event is made last."""
    rule = {"match": {"verb": "restore", "times": 1}, "fault": {"kind": "job", "outcome": "never"}}
    stack.emulated("faults", "POST", rule)
    ask(stack, USUAL[4], "overdue")
    return lambda: None


EVENTS: dict[str, Callable[[Stack], Mend]] = {
    "poison-queue": poison,
    "notice-given-up": given_up,
    "outbox-late": outbox_late,
    "queue-late": queue_late,
    "sweep-faults": damaged,
    "restore-lost": lost,
    "token-failing": no_token,
    "no-sweep-finished": silence,
    "restore-overdue": overdue,
}
ENDLESS = "restore-overdue"  # the one that cannot be mended here
