"""The columns of a restore's rows, which lists and people at a table viewer read."""

import zlib
from datetime import timedelta
from typing import Any

import pytest

from local.stack.memory import MemoryStore
from shared.domain.restore import Job, OwnContainer, Phase
from shared.domain.values import iso
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.store import Change, Conflict, Row
from tests.kits.fakes import START, VAULT
from tests.unit.storage.kit import INSTANCE, on_books

LATER = START + timedelta(minutes=1)
FULL: dict[str, Any] = {
    "phase": Phase.RESTORING,
    "instance_name": "pg-a",
    "requested_by": "ada",
    "reason": "drill",
    "ticket": {"system": "jira", "id": "OPS-1", "url": "https://x"},
    "job": Job(id="j", status="InProgress"),
    "job_mark": "m1",
    "own_container": OwnContainer(name="rd-1", attempt=1),
    "tracking": "https://management.azure.com/op",
    "submitted_at": LATER,
    "turn_at": LATER,
    "overdue_at": LATER,
    "held": True,
    "dry_run": True,
    "cross_region": True,
    "due": LATER,
}
SHOWN = {
    "instance": INSTANCE, "instanceName": "pg-a", "requestedBy": "ada", "reason": "drill", "ticket": "jira OPS-1",
    "container": "rd-1", "job": "j", "dryRun": True,
}  # fmt: skip
OPEN = {
    "phase": "restoring", "due": iso(LATER), "turn": True, "held": True, "overdue": True, "crossRegion": True,
    "mark": "m1", "startedAt": iso(LATER), "schemaVersion": 1,
}  # fmt: skip
BARE = {
    "instanceName": "", "requestedBy": "", "reason": "", "ticket": "", "container": "", "job": "", "dryRun": False,
    "turn": False, "held": False, "overdue": False, "crossRegion": False, "mark": "", "startedAt": "",
}  # fmt: skip


def rows(store: MemoryStore, **fields: Any) -> tuple[Row, Row]:
    """The restore's own row, and its open one."""
    one = on_books(store, **fields)
    place = row_keys.partition(one.id)
    found = store.get(place, row_keys.restore(one.id)), store.get(place, row_keys.open_row(one.instance, one.id))
    assert found[0]
    assert found[1]
    return found[0], found[1]


def shown(row: Row, wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: row.fields.get(name) for name in wanted}


def test_an_open_row_shows_what_lists_and_the_sweep_read() -> None:
    _, full = rows(MemoryStore(), **FULL)
    assert shown(full, SHOWN | OPEN) == SHOWN | OPEN
    bare = {"instance_name": None, "requested_by": None, "reason": None, "ticket": None}
    _, row = rows(MemoryStore(), **bare)
    assert shown(row, BARE) == BARE
    _, half = rows(MemoryStore(), ticket={"id": "7"}, reason="r" * 201, requested_by="a" * 201)
    assert (half.text("ticket"), half.text("reason"), half.text("requestedBy")) == ("7", "r" * 200, "a" * 200)


def test_a_restores_own_row_shows_whose_it_is_and_no_signed_url() -> None:
    row, _ = rows(MemoryStore(), **FULL)
    wanted = {"phase": "restoring", "schemaVersion": 1, "instance": INSTANCE.rpartition("/")[2], "instanceName": "pg-a",
              "requestedBy": "ada", "due": iso(LATER)}  # fmt: skip
    assert shown(row, wanted) == wanted
    tracking = row.fields["tracking"]
    assert isinstance(tracking, bytes)
    assert zlib.decompress(tracking) == b"https://management.azure.com/op"
    bare, _ = rows(MemoryStore(), instance_name=None, requested_by=None)
    assert (bare.text("instanceName"), bare.text("requestedBy"), bare.fields["tracking"]) == ("", "", b"")


def test_a_done_row_keeps_what_lists_show_and_no_empty_column() -> None:
    store = MemoryStore()
    one = on_books(store, **FULL | {"turn_at": None})
    Ledger(store).save(one, one.model_copy(update={"phase": Phase.SUCCEEDED, "closed_at": LATER, "reason": None}))
    row = store.get(row_keys.partition(one.id), row_keys.done(LATER, one.id))
    assert row
    kept = {name: value for name, value in SHOWN.items() if name != "reason"}
    more = {"restore": one.id, "phase": "succeeded", "acceptedAt": iso(one.accepted_at), "source": one.source}
    assert dict(row.fields) == kept | more


def test_an_open_row_of_release_0_1_0_that_another_sweep_moved_is_left_to_it() -> None:
    store = MemoryStore()
    one = on_books(store)
    place, key = row_keys.vault_partition(VAULT), row_keys.open_row(one.instance, one.id)
    row = store.get(place, key)
    assert row
    store.commit(place, [Change("update", key, {"phase": "failed"}, row.etag)])
    with pytest.raises(Conflict):
        Ledger(store).finish(one.id, row, START)
    assert store.get(place, key)


def test_a_tracking_column_that_somebody_wrote_as_text_does_not_make_the_row_unreadable() -> None:
    store = MemoryStore()
    one = on_books(store, **FULL)
    store.commit(row_keys.partition(one.id), [Change("update", row_keys.restore(one.id), {"tracking": "x"})])
    found = Ledger(store).load(one.id)
    assert found
    assert (found.id, found.tracking) == (one.id, None)
