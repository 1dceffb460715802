"""Whole clean-ups over 1,000 containers, metadata, rows and restores as they could stand: a DELETE goes exactly to what
is ours and due. TRIES=20000 in the environment makes more of them."""

import os
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.aftercare.states import State
from shared.domain.restore import OwnContainer, Phase, Plan, Restore
from shared.storage import row_keys
from shared.storage.container_rows import ContainerRow
from shared.storage.ledger import Ledger
from shared.storage.store import Change
from tests.kits.aftercare_kit import ACCOUNT, vaulted_world
from tests.kits.fakes import OTHER_VAULT, START, VAULT
from tests.kits.world import World

CASES = int(os.environ.get("TRIES", "1000"))
STEPS = 9 * 3600.0  # seconds between two looks
LOOKS = 6
OTHER = ACCOUNT.replace("drillstore", "salesstore")
ENDS = (Phase.SUCCEEDED, Phase.SUCCEEDED, Phase.FAILED, Phase.WITHDRAWN, Phase.REFUSED, Phase.CHECKED)
OPEN = (Phase.ACCEPTED, Phase.RESTORING, Phase.LOST)
STATES = (*State, State.DELETING, State.DUE, "newer")


@dataclass(frozen=True)
class Planted:
    """A container and from when on it may be deleted; None: never."""

    account: str
    name: str
    due: datetime | None


class Planter:
    """Puts restores, rows and containers into a world, and knows which of them may go, and when."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.ledger = world, Ledger(world.store)
        self.dice = random.Random(seed)  # noqa: S311 - a fixed seed

    def plant(self, number: int) -> Planted:
        """One case of the four kinds."""
        kind = self.dice.choice((self.closed, self.closed, self.closed, self.open, self.old, self.forged))
        return kind(number)

    def closed(self, number: int) -> Planted:
        """Closed as restores close; only what it made, by its books and its metadata, is its own."""
        own = OwnContainer(name="", attempt=self.dice.choice((1, 1, 2)), made=self.dice.random() < 0.8)
        restore = self._restore(number, own=replace_taken(own, self.dice.random() < 0.1))
        hours = restore.plan.keep_hours if restore.plan and restore.phase is Phase.SUCCEEDED else 0
        ours = self._container(restore)
        taken = restore.own_container is not None and restore.own_container.taken
        due = START + timedelta(hours=hours or 0) if ours and not taken else None
        return Planted(ACCOUNT, name_of(restore), due)

    def open(self, number: int) -> Planted:
        """Not closed, whatever a row says."""
        restore = self._restore(number, self.dice.choice(OPEN), OwnContainer(name="", attempt=1, made=True))
        self._row(restore, ACCOUNT, name_of(restore))
        self._container(restore)
        return Planted(ACCOUNT, name_of(restore), None)

    def old(self, number: int) -> Planted:
        """Of release 0.1.0: it delivered into a container that it did not make."""
        restore = self._restore(number, own=None)
        if self.dice.random() < 0.5:
            self._row(restore, ACCOUNT, f"drills-{number}")
        self.world.azure.blobs[ACCOUNT, f"drills-{number}"] = self.dice.choice(({}, {"restoredesk": restore.id}))
        return Planted(ACCOUNT, f"drills-{number}", None)

    def forged(self, number: int) -> Planted:
        """A row that names what is not its restore's: another container, account or restore."""
        restore = self._restore(number, own=OwnContainer(name="", attempt=1, made=True))
        account, name = self.dice.choice(
            ((OTHER, name_of(restore)), (ACCOUNT, f"sales-{number}"), (ACCOUNT, name_of(restore) + "1"))
        )
        self._row(restore, account, name)
        self.world.azure.blobs[account, name] = {"restoredesk": restore.id}
        return Planted(account, name, None)

    def _restore(self, number: int, phase: Phase | None = None, own: OwnContainer | None = None) -> Restore:
        vault = self.dice.choice((VAULT, OTHER_VAULT))
        one = Restore(
            id=row_keys.new_id(vault, START, number.to_bytes(10, "big")),
            phase=Phase.ACCEPTED, vault=vault, instance=f"{vault}/backupInstances/pg-a", source="http", asked={},
            accepted_at=START, due=START,
            plan=Plan(kind="files", account=ACCOUNT if own else None, keep_hours=self.dice.choice((1, 12, 24, 500)),
                      container="https://x.blob.core.windows.net/drills"),
        )  # fmt: skip
        if own:
            one = one.model_copy(
                update={"own_container": own.model_copy(update={"name": f"rd-{one.id}-{own.attempt}"})}
            )
        made = self.ledger.accept(one)
        assert made is not None
        if phase:
            return self.ledger.save(made, made.model_copy(update={"phase": phase}))
        end = {"phase": self.dice.choice(ENDS), "closed_at": START}
        return self.ledger.save(made, made.model_copy(update=end))

    def _row(self, restore: Restore, account: str, name: str) -> None:
        """In any state and due at any time, in the place of the one that closing made."""
        look = START + timedelta(hours=self.dice.choice((-1, 0, 5, 40)))
        state = self.dice.choice(STATES)
        row = ContainerRow(restore.id, account, name, str(state), look, None if state == State.GONE else look)
        changes = [Change("put", row_keys.container(restore.id), row.fields())]
        if row.index():
            changes.append(Change("put", str(row.index()), {"restore": restore.id}))
        self.world.store.commit(row_keys.partition(restore.id), changes)

    def _container(self, restore: Restore) -> bool:
        """Puts it there, or not; whether its metadata is the restore's."""
        ours = {"restoredesk": restore.id}
        metadata = self.dice.choice((ours, ours, {"restoredesk": "x"}, {}))
        if self.dice.random() < 0.1:
            return False
        self.world.azure.blobs[ACCOUNT, name_of(restore)] = dict(metadata)
        return metadata == ours


def replace_taken(own: OwnContainer, taken: bool) -> OwnContainer:
    return own.model_copy(update={"taken": taken, "made": own.made and not taken})


def name_of(restore: Restore) -> str:
    assert restore.own_container is not None
    return restore.own_container.name


def test_a_delete_goes_exactly_to_what_is_ours_and_due() -> None:
    world = vaulted_world()
    planter = Planter(world, 20261126)
    planted = [planter.plant(number) for number in range(CASES)]
    world.azure.blobs |= {(ACCOUNT, "sales"): {}, (OTHER, planted[0].name): {"restoredesk": "x"}}
    before = set(world.azure.blobs)
    world.clock.advance((START - world.clock.now()).total_seconds())
    deleted = 0
    for _ in range(LOOKS):
        for _ in range(1 + CASES // 500):  # a look takes 200 of a vault
            for process in (world.process(), world.process()):
                process.cleanup.run()
        now = world.clock.now()
        gone = before - set(world.azure.blobs)
        over = {(one.account, one.name) for one in planted if one.due and one.due + timedelta(minutes=5) <= now}
        may = {(one.account, one.name) for one in planted if one.due and one.due <= now}
        assert gone <= may, f"deleted early, or not ours: {sorted(gone - may)[:3]}"
        assert over <= gone | (over - before), f"left behind: {sorted(over - gone)[:3]}"
        deleted = len(gone)
        world.clock.advance(STEPS)
    assert CASES / 7 < deleted < len(before) / 2
