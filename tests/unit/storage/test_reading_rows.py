"""Rows as they are read: whole ones come back as written; damaged ones and those of another release are left alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.stack.memory import MemoryStore
from shared.domain.problems import Unreadable
from shared.notices.outbox import Notice, read_notice
from shared.storage import row_keys
from shared.storage.container_rows import (
    ContainerRow,
    added,
    passed_names,
    read_container,
    read_names,
    read_verification,
)
from shared.storage.ledger import Ledger, read_restore
from shared.storage.store import Row, chunked, joined
from tests.kits.fakes import START, VAULT
from tests.kits.restores import a_restore
from tests.unit.storage.kit import ACCOUNT, HOUR, VERIFICATION


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
    assert (packed.verb, packed.key, packed.fields["restore"]) == ("put", row_keys.said("r", 2), "r")
    assert set(packed.fields) == {"packed", "restore"}, "the event's name is among its facts"


def test_the_facts_of_a_notice_are_packed_or_plain_as_release_0_1_wrote_them() -> None:
    fields = Notice("r", 2, "dba", "lost", START, START, "f").owed()[1].fields
    assert read_notice(Row("k", fields)).facts == "f"
    for packed in (b"", "no bytes", 5):
        assert read_notice(Row("k", {**fields, "packed": packed, "facts": "plain"})).facts == "plain"
    assert read_notice(Row("k", {**fields, "packed": b"", "chunks": 1, "json0": "cut", "facts": "x"})).facts == "cut"
