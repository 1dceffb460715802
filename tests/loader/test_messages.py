"""Messages between desk and loader: strict to read, never too large to send."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.messages import MAX_BYTES, MAX_NAMED, Answer, Load, Unreadable, answered, started

ASKED = {
    "verification": "v-1",
    "number": 2,
    "nonce": "abc123",
    "container": "https://acct.blob.core.windows.net/rd-1-1",
    "level": "decoded",
    "expected": ["shop"],
    "checks": [{"name": "fresh", "database": "shop", "sql": "select true"}],
}
DATABASE = {
    "name": "shop",
    "file": "x_database_shop.sql",
    "sha256": "0" * 64,
    "bytes": 5,
    "compression": "gzip",
    "serverVersion": "16.4",
    "dumpVersion": "16.4",
    "dumpedAt": "2026-11-26T10:00:00",
    "tables": 2,
    "rows": 3,
}


def verdict(databases: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"checks": [], "warnings": [], "proves": [], "seconds": 1.5}
    return {"verdict": "passed", "level": "decoded", "databases": databases, **empty, **more}


@pytest.mark.parametrize("encode", [str, lambda text: base64.b64encode(text.encode()).decode()])
def test_a_load_is_read_as_json_or_base64_of_it(encode: Any) -> None:
    load = Load.read(encode(json.dumps(ASKED)))
    assert (load.verification, load.number, load.expected, load.checks[0].name) == ("v-1", 2, ("shop",), "fresh")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"number": "2"}, "number"),
        ({"number": 0}, "number"),
        ({"level": "all"}, "level"),
        ({"surprise": 1}, "surprise"),
        ({"nonce": "a b"}, "nonce"),
        ({"expected": [1]}, "expected.0"),
        ({"checks": [{"name": "x", "database": "y"}]}, "checks.0.sql"),
        ({"verification": None}, "verification"),
    ],
)
def test_what_is_no_load_is_refused_by_field_without_its_value(change: dict[str, Any], named: str) -> None:
    with pytest.raises(Unreadable, match=named) as refused:
        Load.read(json.dumps({**ASKED, **change}))
    assert "abc123" not in str(refused.value)


@given(st.text(max_size=200))
def test_any_other_text_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        Load.read(text)


def test_started_and_verdict_carry_number_and_nonce() -> None:
    load = Load.read(json.dumps(ASKED))
    assert json.loads(started(load)) == {"verification": "v-1", "number": 2, "nonce": "abc123", "kind": "started"}
    text = answered(load, verdict([DATABASE, {**DATABASE, "rows": None, "tables": None, "sha256": None}]))
    answer = Answer.read(text)
    assert (answer.number, answer.nonce, answer.kind) == (2, "abc123", "verdict")
    assert answer.result
    assert answer.result.totals.model_dump() == {"databases": 2, "tables": 2, "rows": 3, "bytes": 10}
    assert answer.result.databases[1].rows is None


@pytest.mark.parametrize("letter", ["x", "ü", "💾", '"'])
@pytest.mark.parametrize("count", [1, 199, 201, 5000])
def test_a_verdict_of_any_size_fits_and_keeps_its_totals(letter: str, count: int) -> None:
    load = Load.read(json.dumps(ASKED))
    many = [{**DATABASE, "name": f"{n}{letter * 60}", "file": letter * 2000} for n in range(count)]
    said = verdict(
        many, warnings=[letter * 3000] * count, proves=[letter * 2000], reason=letter * 5000, verdict="failed"
    )
    text = answered(load, said)
    assert len(text.encode()) <= MAX_BYTES
    answer = Answer.read(text)
    assert answer.result
    assert (answer.result.verdict, answer.result.totals.databases) == ("failed", count)
    assert len(answer.result.warnings) <= MAX_NAMED
    if answer.result.warnings and count > len(answer.result.warnings):
        assert "more are not named" in answer.result.warnings[-1]
