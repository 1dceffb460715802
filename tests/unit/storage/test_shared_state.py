"""The desk's own rows: pauses, standstill, quiet times, starts, remembered answers, looks at accounts and vaults."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from local.stack.memory import MemoryStore
from shared.domain.problems import Trouble
from shared.storage import row_keys, standstill, vault_directory
from shared.storage.account_looks import LONGEST, SHOWN, AccountLook, read_look
from shared.storage.shared_state import Board, Pause
from shared.storage.store import Row
from tests.kits.fakes import START, VAULT
from tests.unit.storage.kit import ACCOUNT, HOUR, Contested, refuses

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
    bare = Row("paused", {"by": "ada", "reason": "r", "at": "2026-10-01T12:00:00Z"})  # as release 0.1.0 left it
    assert standstill.read_pause(bare) == Pause("ada", "r", START)


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
