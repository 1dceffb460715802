"""The ledger's edges: rows that cannot be read, writes that others come before, limits of what is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError
from azure.storage.queue import QueueClient

from local.stack.memory import MemoryStore
from shared.domain.problems import Problem, Trouble, Unreadable
from shared.domain.restore import Job, OwnContainer, Phase, Plan
from shared.domain.verification import Check, Verification, Wanted
from shared.notices.outbox import Notice, read_notice
from shared.storage import row_keys, standstill, vault_directory
from shared.storage.account_looks import LONGEST, SHOWN, AccountLook, read_look
from shared.storage.container_rows import (
    ContainerRow,
    added,
    changed,
    kept,
    moved,
    passed_names,
    queued,
    read_container,
    read_names,
    read_verification,
)
from shared.storage.idempotency import MOST_EARLIER, TRIES, KeyRows, Keys
from shared.storage.ledger import Ledger, read_restore
from shared.storage.shared_state import Board, Pause
from shared.storage.store import Change, Conflict, ReadAhead, Row, Store, chunked, joined, under
from shared.storage.table_store import CONNECTIONS, pooled
from shared.storage.wake_queue import LONGEST as LONGEST_DELAY
from shared.storage.wake_queue import LoadQueue, WakeQueue
from tests.kits.fakes import START, VAULT
from tests.kits.restores import CONTAINER, a_restore

HOUR = timedelta(hours=1)
INSTANCE = f"{VAULT}/backupInstances/pg-a"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/drillstore"


@dataclass
class Contested(MemoryStore):
    """A store in which another worker does `before` whatever is committed, once for each entry."""

    before: list[Callable[[Store], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def commit(self, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        if self.before:
            act = self.before.pop(0)
            act(self)
        return super().commit(partition, changes)


def refuses(store: Store) -> None:
    raise Conflict("somebody was here first")


def idle(store: Store) -> None: ...


# --- keys -------------------------------------------------------------------------------------------------------------
def test_a_key_that_is_neither_free_nor_there_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        KeyRows(Contested(before=[refuses])).claim("http", "k", "one", "h", START)


def test_a_key_that_somebody_else_took_meanwhile_is_theirs() -> None:
    store = Contested()
    keys = KeyRows(store)
    keys.claim("http", "k", "one", "h1", START)
    held = keys.find("http", "k")
    assert held
    store.before = [lambda s: keys.take_over("http", "k", held, "two", "h2", START)]
    found = keys.take_over("http", "k", held, "three", "h3", START)
    assert (found.restore, found.mine, dict(found.earlier)) == ("two", False, {"h1": "one"})
    store.before = [lambda s: s.commit(row_keys.key_partition("http", "k"), [Change("delete", "key")])]
    assert keys.take_over("http", "k", held, "four", "h4", START) == held


def test_a_key_remembers_fifty_earlier_requests_and_the_time_it_was_taken() -> None:
    keys = KeyRows(MemoryStore())
    assert keys.find("http", "k") is None
    mine = keys.claim("http", "k", "r0", "h0", START)
    assert (mine.mine, mine.at, mine.removed) == (True, "2026-10-01T12:00:00.000000Z", False)
    later = keys.claim("http", "k", "r", "h", START)
    assert (later.restore, later.hash, later.mine) == ("r0", "h0", False)
    for n in range(1, MOST_EARLIER + 3):
        held = keys.find("http", "k")
        assert held
        keys.take_over("http", "k", held, f"r{n}", f"h{n}", START + n * HOUR)
    found = keys.find("http", "k")
    assert found
    assert list(found.earlier) == [f"h{n}" for n in range(2, MOST_EARLIER + 2)]
    assert (MOST_EARLIER, found.at, found.removed) == (50, "2026-10-03T16:00:00.000000Z", False)
    unkept = keys.take_over("http", "k", found, "x", "hx", START, kept=False)
    assert list(unkept.earlier) == list(found.earlier)


def test_a_key_that_others_take_each_time_is_trouble() -> None:
    store = Contested()
    keys = Keys(Ledger(store), lambda: START + HOUR, 60)
    keys.rows.claim("http", "k", "gone0000-0", "another", START)
    store.before = [idle, idle, refuses] * TRIES  # the claim, the end of the claimed id, the taking over
    with pytest.raises(Trouble, match="claimed by others each time"):
        keys.claim(a_restore(key="k"), "mine", lambda: "fresh000-1")
    assert store.before == []


def test_a_restore_that_is_saved_while_its_key_is_looked_at_keeps_the_key() -> None:
    store = Contested()
    ledger = Ledger(store)
    one = a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, key="k")
    keys = Keys(ledger, lambda: START + HOUR, 60)
    keys.rows.claim("http", "k", one.id, "another", START)
    store.before = [idle, lambda s: Ledger(s).accept(one)]  # the claim, the end of the claimed id
    with pytest.raises(Problem) as caught:
        keys.claim(a_restore(key="k"), "mine", lambda: "fresh000-1")
    assert (caught.value.status, caught.value.more) == (422, {"restore": one.id})


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60), (59, 1), (60, None), (-1, None)])
def test_a_key_that_was_claimed_a_moment_ago_waits_out_its_grace(seconds: float, wait: float | None) -> None:
    keys = Keys(Ledger(MemoryStore()), lambda: START + timedelta(seconds=seconds), 60)
    keys.rows.claim("http", "k", "gone0000-0", "another", START)
    if wait is None:
        assert keys.known("http", "k", "mine") is None
        return
    with pytest.raises(Trouble, match="came a moment ago") as caught:
        keys.known("http", "k", "mine")
    assert caught.value.retry_after == wait


def test_a_key_whose_restore_was_removed_says_so_to_its_own_request_and_to_others() -> None:
    store = MemoryStore()
    keys = Keys(Ledger(store), lambda: START, 60)
    keys.rows.claim("http", "k", "gone0000-0", "mine", START)
    store.commit(row_keys.key_partition("http", "k"), [Change("update", "key", {"removedAt": "2026"})])
    for said, status, named in (("mine", 410, {"restore": "gone0000-0"}), ("other", 422, {})):
        with pytest.raises(Problem, match="past RETENTION_DAYS") as caught:
            keys.known("http", "k", said)
        assert (caught.value.status, caught.value.where, caught.value.more) == (status, "idempotencyKey", named)


# --- rows that cannot be read -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("column", ["until", "look", "recoverable"])
def test_a_containers_row_without_times_is_left_alone(column: str) -> None:
    fields = {"until": "2026-10-01T00:00:00Z", column: "soon"}
    with pytest.raises(Unreadable, match="container-x cannot be read"):
        read_container(Row("container-x", fields))


def test_a_containers_row_comes_back_as_it_was_written() -> None:
    for look, back in ((START, None), (None, START + HOUR)):
        row = ContainerRow("r", ACCOUNT, "rd-r-1", "kept", START, look, "w" * 1001, back)
        assert read_container(Row("k", row.fields())) == replace(row, why="w" * 1000)
        assert row.index() == (row_keys.cleanup(START, "r") if look else None)


VERIFICATION = Verification(
    restore="r", instance="i", level="loaded", container=CONTAINER, wanted=Wanted(level="loaded"), queued_at=START
)


def verification_row(**changes: Any) -> Row:
    first = added(VERIFICATION.model_copy(update={"nonce": "n"}))[0]
    return Row(first.key, {**first.fields, **changes}, "e")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schemaVersion": 2}, "is of schema 2: a newer release wrote it"),
        ({"schemaVersion": "1"}, "is of schema 1: a newer release wrote it"),
        ({"nonce": b"x"}, "cannot be read: error"),
        ({"json0": "{"}, "cannot be read: JSONDecodeError"),
        ({"json0": "{}"}, "cannot be read: ValidationError"),
    ],
)
def test_a_verifications_row_of_another_release_or_damaged_is_left_alone(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_verification(verification_row(**changes))


def test_a_verifications_row_comes_back_with_its_nonce() -> None:
    assert read_verification(verification_row()).nonce == "n"
    assert read_verification(verification_row(nonce=b"")).nonce == ""
    assert read_verification(verification_row()).etag == "e"


def test_the_names_of_the_last_verification_or_none() -> None:
    change = passed_names(VERIFICATION, ("a", "b"))
    assert read_names(Row(change.key, change.fields)) == ("a", "b")
    assert (read_names(None), read_names(Row("x", {"chunks": 1, "json0": "["}))) == ((), ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schemaVersion": 2}, "of schema 2, phase 'accepted': a newer release"),
        ({"schemaVersion": "x"}, "a newer release"),
        ({"phase": "awaiting"}, "phase 'awaiting': a newer release"),
        ({"json0": "{"}, "cannot be read: JSONDecodeError"),
        ({"json0": "{}"}, "cannot be read: ValidationError"),
        ({"tracking": b"x"}, "cannot be read: error"),
    ],
)
def test_a_restores_row_of_another_release_or_damaged_is_left_alone(changes: dict[str, Any], words: str) -> None:
    store = MemoryStore()
    made = Ledger(store).accept(a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT))
    assert made
    row = store.get(row_keys.partition(made.id), row_keys.restore(made.id))
    assert row
    assert read_restore(row) == made
    with pytest.raises(Unreadable, match=words):
        read_restore(Row(row.key, {**row.fields, **changes}, row.etag))


# --- what a closing restore leaves ------------------------------------------------------------------------------------
OWN = OwnContainer(name="rd-x-1", attempt=1, made=True)
VAULTED = Plan(kind="files", account=ACCOUNT, container=CONTAINER, keep_hours=5)


@pytest.mark.parametrize(
    ("phase", "changes", "until", "look"),
    [
        (Phase.SUCCEEDED, {}, 5, 5),
        (Phase.SUCCEEDED, {"plan": VAULTED.model_copy(update={"keep_hours": None})}, 0, 0),
        (Phase.FAILED, {}, 0, 0),
        (Phase.WITHDRAWN, {"own_container": OWN.model_copy(update={"made": False})}, 0, 5 / 60),
    ],
)
def test_a_container_is_kept_as_long_as_what_lies_in_it(
    phase: Phase, changes: dict[str, Any], until: float, look: float
) -> None:
    before = a_restore(own_container=OWN, plan=VAULTED)
    after = before.model_copy(update={"phase": phase, "closed_at": START, **changes})
    row, index = kept(before, after, 3600)
    found = read_container(Row(row.key, row.fields))
    assert (found.until, found.look) == (START + until * HOUR, START + look * HOUR)
    assert (row.verb, index.verb, index.key, found.state) == ("insert", "put", found.index(), "kept")


@pytest.mark.parametrize(
    "changes",
    [
        {"own_container": None},
        {"own_container": OWN.model_copy(update={"taken": True})},
        {"plan": None},
        {"plan": VAULTED.model_copy(update={"account": None})},
        {"phase": Phase.LOST},
        {"closed_at": None},
    ],
)
def test_no_row_is_left_for_a_container_that_is_not_ours_or_not_yet_done_with(changes: dict[str, Any]) -> None:
    before = a_restore(own_container=OWN, plan=VAULTED)
    ended = {"phase": Phase.FAILED, "closed_at": START}
    assert kept(before, before.model_copy(update=ended | changes), 3600) == []
    closed = before.model_copy(update=ended)
    assert kept(closed, closed, 3600) == []


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, True),
        ({"verification": None}, False),
        ({"verification": Wanted(level="none")}, False),
        ({"own_container": None}, False),
        ({"plan": None}, False),
        ({"plan": VAULTED.model_copy(update={"container": None})}, False),
        ({"closed_at": None}, False),
        ({"phase": Phase.FAILED}, False),
    ],
)
def test_what_was_delivered_is_queued_to_be_verified(changes: dict[str, Any], asked: bool) -> None:
    wanted = Wanted(level="decoded", databases=("a",), checks=(Check(name="c", database="a", sql="select true"),))
    before = a_restore(own_container=OWN, plan=VAULTED, verification=wanted)
    ended = {"phase": Phase.SUCCEEDED, "closed_at": START}
    found = queued(before, before.model_copy(update=ended | changes))
    assert bool(found) is asked
    closed = before.model_copy(update=ended)
    assert queued(closed, closed) == []
    if asked:
        row = read_verification(Row(found[0].key, found[0].fields))
        assert (row.level, row.container, row.wanted, row.look, row.number) == ("decoded", CONTAINER, wanted, START, 1)
        assert (row.state, row.sends, row.taken, row.open, row.expected) == ("queued", 0, 0, True, ())
        assert found[1] == Change("put", row_keys.verify_look(START, row.restore), {"restore": row.restore})


@pytest.mark.parametrize(
    ("before", "after", "verbs"),
    [
        (None, None, ["update"]),
        (START, START, ["update"]),
        (START, START + HOUR, ["update", "delete", "put"]),
        (None, START, ["update", "put"]),
        (START, None, ["update", "delete"]),
    ],
)
def test_the_index_moves_with_its_row(before: Any, after: Any, verbs: list[str]) -> None:
    one = ContainerRow("r", ACCOUNT, "rd-r-1", "kept", START, before, etag="e")
    steps = moved(one, replace(one, look=after, etag=""))
    assert ([step.verb for step in steps], steps[0].etag) == (verbs, "e")
    two = VERIFICATION.model_copy(update={"look": before, "etag": "e"})
    steps = changed(two, two.model_copy(update={"look": after, "etag": ""}))
    assert ([step.verb for step in steps], steps[0].etag) == (verbs, "e")


# --- the desk's own rows ----------------------------------------------------------------------------------------------
PAUSE = Pause("ada", "incident", START)


def test_a_pause_that_others_throw_too_is_joined_to_theirs() -> None:
    store = Contested()
    other = Pause("ben", "storage", START)
    store.before = [lambda s: Board(s).set_paused(other, START)]
    assert Board(store).set_paused(PAUSE, START) == replace(other, also=(PAUSE,))
    assert Board(store).set_paused(PAUSE, START) == replace(other, also=(PAUSE,)), "the same one changes nothing"
    assert Board(store).set_paused(None, START + HOUR) is None
    assert Board(store).paused() is None


def test_a_pause_that_others_change_each_time_is_trouble() -> None:
    store = Contested(before=[refuses] * 5)
    with pytest.raises(Trouble, match="changed by others each time"):
        Board(store).set_paused(PAUSE, START)
    assert Board(store).set_paused(PAUSE, START) == PAUSE


def test_of_many_pauses_the_latest_twenty_are_kept() -> None:
    many = PAUSE
    for n in range(25):
        many = many.joined(Pause("ben", f"r{n}", START))
    assert [one.reason for one in many.also] == [f"r{n}" for n in range(5, 25)]
    assert many.joined(Pause("ben", "r24", START)) is many
    assert many.joined(PAUSE) is many
    row = Row("paused", standstill.pause_fields(many))
    assert standstill.read_pause(row) == many
    assert PAUSE.view() == {"by": "ada", "reason": "incident", "at": "2026-10-01T12:00:00.000000Z"}
    assert len(cast("list[Any]", many.view()["also"])) == 20
    assert PAUSE.joined(Pause("ben", "x", START)).words() == (
        "paused by ada since 2026-10-01 12:00 UTC: incident; also by ben: x"
    )
    assert standstill.read_pause(Row("paused", standstill.pause_fields(None))) is None
    assert standstill.read_pause(None) is None


def at(hours: float) -> Any:
    return START + hours * HOUR


@pytest.mark.parametrize(
    ("spans", "still", "after"),
    [
        ([], False, None),
        ([], True, [(at(5), None)]),
        ([(at(1), None)], True, None),
        ([(at(1), None)], False, [(at(1), at(5))]),
        ([(at(1), at(2))], False, None),
        ([(at(1), at(2))], True, [(at(1), at(2)), (at(5), None)]),
        ([(at(9), None)], False, [(at(9), at(9))]),
    ],
)
def test_when_the_desk_stands_still(spans: list[Any], still: bool, after: list[Any] | None) -> None:
    assert standstill.changed(spans, still, at(5)) == after


@pytest.mark.parametrize(
    ("spans", "hours"),
    [
        ([], 0),
        ([(at(2), at(3))], 1),
        ([(at(0), at(3))], 2),
        ([(at(8), at(20))], 2),
        ([(at(8), None)], 2),
        ([(at(10), None)], 0),
        ([(at(0), at(1))], 0),
        ([(at(2), at(5)), (at(3), at(4))], 3),
        ([(at(3), at(6)), (at(2), at(5))], 4),
        ([(at(2), at(3)), (at(4), at(5))], 2),
        ([(at(0), at(20)), (at(2), at(3))], 9),
    ],
)
def test_seconds_of_standstill_between_one_and_ten_o_clock_count_once(spans: list[Any], hours: float) -> None:
    assert standstill.seconds_within(spans, at(1), at(10)) == hours * 3600


def test_of_many_spans_the_latest_two_hundred_are_kept() -> None:
    spans = [(at(n), at(n + 0.5)) for n in range(205)]
    row = Row("standstill-x", standstill.span_fields([*spans, (at(300), None)]))
    assert standstill.read_spans(row) == [*spans[6:], (at(300), None)]
    assert (standstill.read_spans(None), standstill.read_spans(Row("x", {}))) == ([], [])


def test_the_desk_notes_a_standstill_once_and_a_glance_saves_the_write() -> None:
    store = MemoryStore()
    board = Board(store)
    board.stand_still("desk", False, at(0))
    assert store.writes == 0
    board.stand_still("desk", True, at(1))
    board.stand_still("desk", True, at(2), board.glance())
    assert store.writes == 1
    assert board.stood_still(at(0), at(4)) == 3 * 3600
    board.stand_still("desk", False, at(3), {})
    board.stand_still("desk", False, at(3), board.glance())
    assert store.writes == 2
    board.stand_still("setting", True, at(2))
    assert board.stood_still(at(0), at(4)) == 3 * 3600, "two causes at once count once"


@pytest.mark.parametrize(("until", "kept_until"), [(-1, 0), (0, 0), (1, 1)])
def test_a_quiet_time_that_asks_for_less_takes_nothing_away(until: float, kept_until: float) -> None:
    store = MemoryStore()
    board = Board(store)
    assert board.quiet_until("s") is None
    board.set_quiet("s", at(0))
    writes = store.writes
    board.set_quiet("s", at(until))
    assert board.quiet_until("s") == at(kept_until)
    assert store.writes - writes == (1 if until > 0 else 0)


def test_so_many_starts_in_a_window_and_none_that_another_worker_took() -> None:
    board = Board(MemoryStore())
    assert [board.take_start("s", at(0), 2, 60) for _ in range(3)] == [True, True, False]
    assert not board.take_start("s", at(0) + timedelta(seconds=59), 2, 60)
    assert board.take_start("s", at(0) + timedelta(seconds=60), 2, 60)
    assert board.take_start("s", at(0), 2, 60), "a clock that went back begins a window of its own"
    assert not Board(Contested(before=[refuses])).take_start("s", at(0), 2, 60)
    assert board.take_start("other", at(0), 1, 60)


@pytest.mark.parametrize(("size", "is_kept"), [(400_000 - 8, True), (400_000 - 7, False)])
def test_an_answer_too_long_for_a_row_is_not_kept(size: int, is_kept: bool) -> None:
    board = Board(MemoryStore())
    board.remember(VAULT, "vault", {"a": "x" * size}, START)
    found = board.recall(VAULT, "vault")
    assert (found is not None) is is_kept
    assert found is None or found == (START, {"a": "x" * size})


def test_many_answers_are_kept_at_once_and_known_by_name_and_age() -> None:
    board = Board(MemoryStore())
    board.remember_all(VAULT, {f"instance-{n}": {"n": n} for n in range(250)}, START)
    board.remember(VAULT, "points-x", {}, START)
    assert board.recall(VAULT, "instance-249") == (START, {"n": 249})
    assert len(board.known(VAULT, "instance-", START)) == 250
    assert board.known(VAULT, "instance-", START + HOUR) == set()
    assert board.recall(VAULT, "nothing") is None


def test_a_pulse_says_when() -> None:
    board = Board(MemoryStore())
    assert board.pulse("sweep") is None
    board.beat("sweep", START, open=1)
    assert board.pulse("sweep") == START
    assert board.glance()["pulse-sweep"].fields["open"] == 1


def test_a_look_at_an_account_keeps_so_many_names() -> None:
    names = tuple(f"c{n}" for n in range(SHOWN + 1))
    look = AccountLook(ACCOUNT, START, names, names, "t" * (LONGEST + 1), 7)
    row = Row("a", look.fields())
    assert read_look(row) == AccountLook(ACCOUNT, START, names[:SHOWN], names[:SHOWN], "t" * LONGEST, 7)
    nothing = AccountLook(ACCOUNT, START)
    assert read_look(Row("a", nothing.fields())) == nothing
    assert read_look(Row("a", {**nothing.fields(), "softDeleteDays": "7"})).soft_delete_days is None
    assert (nothing.clean, look.clean) == (True, False)
    assert [replace(nothing, strangers=("x",)).clean, replace(nothing, trouble="t").clean] == [False, False]
    assert replace(nothing, orphans=("x",)).clean
    board = Board(MemoryStore())
    assert board.account_look(ACCOUNT) is None
    board.keep_look(nothing)
    assert board.account_look(ACCOUNT.upper()) == nothing


def test_a_vault_is_idle_once_it_was_found_empty_for_five_minutes() -> None:
    store = MemoryStore()

    def noted(minutes: float, empty: bool) -> vault_directory.Entry:
        (entry,) = vault_directory.entries(store)
        vault_directory.note(store, entry, START + timedelta(minutes=minutes), empty=empty)
        return vault_directory.entries(store)[0]

    vault_directory.enter(store, VAULT)
    assert (noted(0, False).empty_since, noted(0, True).empty_since) == (None, START)
    assert not noted(4.9, True).idle
    writes = store.writes
    assert not noted(4.9, False).idle
    assert store.writes == writes
    assert noted(5, True).idle
    writes = store.writes
    assert noted(6, True).idle
    assert store.writes == writes
    busy = noted(7, False)
    assert (busy.idle, busy.empty_since, busy.vault) == (False, None, VAULT)
    vault_directory.enter(store, "")
    assert [entry.key for entry in vault_directory.entries(store)] == sorted([row_keys.short(VAULT), row_keys.NO_VAULT])


# --- stores and queues ------------------------------------------------------------------------------------------------
def test_what_was_read_ahead_is_answered_from_memory_and_the_rest_is_asked() -> None:
    behind = MemoryStore()
    for key in ("a-1", "a-2", "b-1"):
        behind.commit("p", [Change("put", key, {"x": 1})])
    ahead = ReadAhead(behind, under(["p", "p", "q"], ["a-"]))
    reads = behind.reads
    assert ahead.get("p", "a-1") is not None
    assert (ahead.get("p", "a-3"), ahead.get("q", "a-1"), behind.reads - reads) == (None, None, 0)
    assert ahead.get("p", "b-1") is not None
    assert ahead.get("r", "a-1") is None
    assert behind.reads - reads == 2
    assert [row.key for row in ahead.scan("p", "a-", "z", 2)] == ["a-1", "a-2"]
    assert set(ahead.commit("p", [Change("put", "a-3", {})])) == {"a-3"}
    assert ahead.get("p", "a-3") is None, "what was read ahead stays as it was"
    assert behind.get("p", "a-3") is not None


def test_a_span_with_more_rows_than_are_worth_it_is_asked_of_the_store() -> None:
    behind = MemoryStore()
    for key in ("a-1", "a-2", "a-3", "a-4", "b-1", "b-2"):
        behind.commit("p", [Change("put", key, {"x": 1})])
    ahead = ReadAhead(behind, [("p", "a-", "a."), ("p", "b-1", "b-9")], most=2)
    reads = behind.reads
    assert [row.key for row in ahead.scan("p", "b-1", "b-3", 1)] == ["b-1"]
    assert [row.key for row in ahead.scan("p", "b-2", "b-9")] == ["b-2"]
    assert behind.reads == reads
    assert [row.key for row in ahead.scan("p", "a-2", "a-9")] == ["a-2", "a-3", "a-4"]
    assert [row.key for row in ahead.scan("p", "b-0", "b-3")] == ["b-1", "b-2"], "it begins before what was read"
    assert behind.reads > reads


def test_the_table_has_a_connection_for_each_thread() -> None:
    with pooled() as transport:
        session = transport.session
        assert session
        adapter = session.get_adapter("https://x.example")
        assert adapter is not session.get_adapter("http://x.example")
        assert (adapter._pool_maxsize, adapter._pool_connections, adapter.max_retries.total) == (CONNECTIONS, 4, 0)
        assert CONNECTIONS >= 16 + 16 + 16


@dataclass
class FakeQueue:
    """A queue client that answers as planned."""

    count: int | Exception = 0
    fails: list[Exception] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)

    @property
    def approximate_message_count(self) -> int:
        assert isinstance(self.count, int)
        return self.count

    def get_queue_properties(self) -> "FakeQueue":
        if isinstance(self.count, Exception):
            raise self.count
        return self

    def send_message(self, text: str, **options: Any) -> None:
        self.calls.append(options)
        if self.fails:
            raise self.fails.pop(0)

    def create_queue(self) -> None:
        self.calls.append("create")
        if self.fails:
            raise self.fails.pop(0)


def http(status: int) -> HttpResponseError:
    error = HttpResponseError("x")
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("count", "waiting"), [(3, 3), (0, 0), (ResourceNotFoundError("x"), 0), (ServiceRequestError("x"), None)]
)
def test_how_many_loads_wait(count: int | Exception, waiting: int | None) -> None:
    assert LoadQueue(cast("QueueClient", FakeQueue(count))).waiting() == waiting


@pytest.mark.parametrize(
    ("delay", "hidden"), [(-5, 0), (0, 0), (0.05, 0), (0.2, 1), (1, 1), (60, 60), (LONGEST_DELAY + 5, LONGEST_DELAY)]
)
def test_a_message_is_hidden_for_whole_seconds_and_never_expires(delay: float, hidden: int) -> None:
    client = FakeQueue()
    WakeQueue(cast("QueueClient", client)).send("x", delay)
    assert client.calls == [{"visibility_timeout": hidden, "time_to_live": -1}]
    assert LONGEST_DELAY == 7 * 86400


@pytest.mark.parametrize(
    ("fails", "sent"),
    [
        ([ResourceNotFoundError("x")], True),
        ([ResourceNotFoundError("x"), http(409)], True),
        ([ResourceNotFoundError("x"), http(403)], False),
        ([http(503)], False),
    ],
)
def test_a_queue_that_is_missing_is_made_and_its_message_sent(fails: list[Exception], sent: bool) -> None:
    client = FakeQueue(fails=fails)
    queue = WakeQueue(cast("QueueClient", client))
    if sent:
        queue.send("x", 7)
        again = {"visibility_timeout": 7, "time_to_live": -1}
        assert client.calls == [again, "create", again]
        return
    with pytest.raises(Trouble, match="the queue could not be used"):
        queue.send("x", 7)


# --- the open row and its lines ---------------------------------------------------------------------------------------
def test_the_first_in_line_is_neither_a_dry_run_nor_closed() -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    one = a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, instance=INSTANCE)
    assert ledger.first_in_line(one) is None
    others: list[dict[str, Any]] = [{"dry_run": True}, {"phase": Phase.FAILED}, {}, {}]
    for n, changes in enumerate(others):
        ledger.accept(one.model_copy(update={"id": row_keys.new_id(VAULT, START + n * HOUR, b"0" * 10), **changes}))
    assert ledger.first_in_line(one) == row_keys.new_id(VAULT, START + 2 * HOUR, b"0" * 10)


@pytest.mark.parametrize(
    ("phase", "verb"),
    [(Phase.SUBMITTED, "put"), (Phase.LOST, "insert"), (Phase.RESTORING, "insert")],
)
def test_a_job_that_a_person_gives_may_not_be_anothers(phase: Phase, verb: str) -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    made = ledger.accept(a_restore(phase, id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT))
    assert made
    store.commit(row_keys.partition(made.id), [Change("put", row_keys.job("J-1"), {"restore": "another"})])
    after = made.model_copy(update={"job": Job(id="j-1", status="x"), "phase": Phase.RESTORING})
    if verb == "insert":
        with pytest.raises(Conflict):
            ledger.save(made, after)
        return
    ledger.save(made, after)
    assert ledger.job_holder(made, "j-1") == made.id


def test_long_text_is_cut_into_columns_and_joined_again() -> None:
    for size in (0, 1, 31_999, 32_000, 32_001, 100_000):
        text = "".join(chr(97 + n % 26) for n in range(size))
        fields = chunked(text)
        assert joined(Row("k", fields)) == text
        assert all(len(str(value)) <= 32 * 1024 for value in fields.values())
    assert joined(Row("k", {})) == ""


def test_a_notice_comes_back_as_it_was_written() -> None:
    one = Notice("r", 2, "dba", "lost", START, START - HOUR, '{"a":1}', "owed", 3, "a" * 1001, "dead-1")
    row, line = one.owed()
    kept = replace(one, answer="a" * 1000, etag="e")
    assert read_notice(Row(line.key, line.fields, "e")) == replace(kept, line=line.key)
    assert read_notice(Row(row.key, row.fields, "e")) == replace(kept, facts="")
    told = replace(one, state="given up", due=START + timedelta(milliseconds=1500))
    back = read_notice(Row(told.key, told.fields(), "e"))
    assert back == replace(kept, state="given up", due=START + timedelta(seconds=1), facts="")
    assert one.event_id == "r.2"
    packed = Notice("r", 2, "dba", "lost", START, START, "f").said()
    assert (packed.verb, packed.key, packed.fields["event"]) == ("put", row_keys.said("r", 2), "lost")
    assert set(packed.fields) == {"event", "packed", "restore"}


# --- texts and versions -----------------------------------------------------------------------------------------------
def test_rows_keep_texts_as_utf_8_not_as_escapes() -> None:
    store, text = MemoryStore(), "Übung"
    ledger = Ledger(store)
    made = ledger.accept(a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, reason=text))
    assert made
    row = store.get(row_keys.partition(made.id), row_keys.restore(made.id))
    assert row
    assert text in row.text("json0")
    assert text in str(added(VERIFICATION.model_copy(update={"reason": text}))[0].fields["json0"])
    assert text in str(passed_names(VERIFICATION, (text,)).fields["json0"])
    Board(store).remember(VAULT, "x", {"a": text}, START)
    facts = store.get(row_keys.vault_partition(VAULT), "facts-x")
    assert facts
    assert text in facts.text("json0")


def test_the_facts_of_a_notice_are_packed_or_plain_as_release_0_1_wrote_them() -> None:
    fields = Notice("r", 2, "dba", "lost", START, START, "f").owed()[1].fields
    assert read_notice(Row("k", fields)).facts == "f"
    for packed in (b"", "no bytes", 5):
        assert read_notice(Row("k", {**fields, "packed": packed, "facts": "plain"})).facts == "plain"
    assert read_notice(Row("k", {**fields, "packed": b"", "chunks": 1, "json0": "cut", "facts": "x"})).facts == "cut"


def test_a_caller_who_is_not_known_is_foreign_to_nobody() -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    one = ledger.accept(a_restore(id=row_keys.new_id(VAULT, START, b"0" * 10), vault=VAULT, key="k"))
    assert one
    keys = Keys(ledger, lambda: START, 60)
    keys.rows.claim("http", "k", one.id, "h", START, "ada")
    assert keys.known("http", "k", "h") == one
    assert keys.known("http", "k", "h", "ADA") == one
    assert keys.known("http", "k", "h", "ben") is None
