"""What must hold of a verification at the end, whatever happened to it on the way."""

import json
from collections.abc import Callable
from contextlib import suppress

from shared.domain.problems import Trouble
from shared.domain.restore import Phase
from shared.domain.verification import Verification
from shared.storage.store import Conflict
from tests.kits.breaker import Breaker, Crash
from tests.kits.stories import now_is
from tests.kits.world import World

ROUNDS = 60
ENDED = {"passed", "failed", "inconclusive", "lost"}
EVENT = {"passed": "verified", "failed": "verificationFailed"}


def crashing(breaker: Breaker | None, go: Callable[[], object]) -> None:
    """A round of a process; one that is gone is started anew by the next round."""
    with suppress(Crash, Trouble, Conflict, ConnectionError):
        go()
    if breaker:
        breaker.dead = False


def common_faults(world: World, one: str, row: Verification) -> list[str]:
    """What must hold whatever happened."""
    found = []
    loads = [load for load in world.loads.sent if load.verification == one]
    for number in {load.number for load in loads}:
        of_number = {load.model_dump_json() for load in loads if load.number == number}
        if len(of_number) != 1:
            found.append(f"number {number} was sent with {len(of_number)} different contents")
    nonces = {load.nonce: load.number for load in loads}
    if len(nonces) != len({load.number for load in loads}):
        found.append("two numbers have one nonce, or one number has two")
    if sum(load.number == row.number for load in loads) > 3:
        found.append("sent more than three times")
    said = _said(world, one, row)
    if row.state in EVENT and row.state not in said:
        found.append(f"it is {row.state}, and no loader said so of number {row.number}")
    if {"passed", "failed"} & said and row.state not in EVENT:
        found.append(f"a loader said {said}, and it is {row.state}")
    if now_is(world, one).phase is not Phase.SUCCEEDED:
        found.append("the restore itself was changed")
    if any(r.text("restore") == one for r in world.live("turn")):
        found.append("it holds a turn")
    return found


def _said(world: World, one: str, row: Verification) -> set[str]:
    """The verdicts that loaders gave of the row's number, under its nonce."""
    answers = [json.loads(text) for text in world.loads.said]
    own = [a for a in answers if (a["verification"], a["number"], a["nonce"]) == (one, row.number, row.nonce)]
    return {a["result"]["verdict"] for a in own if a.get("result")}
