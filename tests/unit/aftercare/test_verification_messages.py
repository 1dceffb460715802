"""The messages of both sides are one: their models are equal, what one writes the other reads."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from loader import messages as theirs
from loader.verdict import Level
from shared.aftercare import verification_messages as ours
from shared.config.verify import MAX_BYTES, CheckEntry, too_large
from shared.domain.problems import Unreadable
from tests.kits.loads import failed, passed, with_nonce

LOAD = ours.Load(verification="v-1", number=2, nonce="abc", container="https://a.example/c", level="loaded")


def shape(model: type[BaseModel]) -> Any:
    """A model's schema without its words."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: bare(part) for name, part in value.items() if name != "description" or isinstance(part, dict)}
        return [bare(part) for part in value] if isinstance(value, list) else value

    return bare(model.model_json_schema())


@pytest.mark.parametrize("name", ["Load", "Answer"])
def test_the_models_of_both_sides_are_equal(name: str) -> None:
    mine, other = getattr(ours, name), getattr(theirs, name)
    assert shape(mine) == shape(other)
    how = {"defer_build": True}  # when the desk's models are built says nothing of a message
    assert mine.model_config == {**other.model_config, **how}
    assert (ours.MAX_BYTES, ours.MAX_NAMED) == (theirs.MAX_BYTES, theirs.MAX_NAMED)


def test_what_one_side_writes_the_other_reads() -> None:
    check = ours.Check(name="fresh", database="shop", sql="select true")
    load = LOAD.model_copy(update={"checks": (check,), "expected": ("shop", "ünï")})
    read = theirs.Load.read(load.text())
    assert read.model_dump() == load.model_dump()
    for said in (theirs.started(read), *(theirs.answered(read, v.as_json()) for v in (passed(), failed()))):
        assert json.loads(ours.Answer.read(said.encode()).model_dump_json(by_alias=True, exclude_unset=True)) == (
            json.loads(said)
        )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"result": None}, "a verdict has a result"),
        ({"kind": "started"}, "a verdict has a result"),
        ({"number": "2"}, "number"),
        ({"nonce": "a b"}, "nonce"),
        ({"surprise": 1}, "surprise"),
        ({"verification": "../x"}, "verification"),
        ({"kind": "other"}, "kind"),
    ],
)
def test_an_answer_that_is_none_is_refused_by_field_without_its_value(change: dict[str, Any], named: str) -> None:
    said = theirs.answered(theirs.Load.read(LOAD.text()), passed(Level.LOADED).as_json())
    with pytest.raises(Unreadable, match=named) as refused:
        ours.Answer.read(with_nonce(said, **{"nonce": "abc", **change}).encode())
    assert "a b" not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "value"),
    [("seconds", float("nan")), ("seconds", float("inf")), ("seconds", -1), ("totals", {}), ("reason", "x" * 1001)],
)
def test_a_result_holds_finite_figures_and_short_texts(place: str, value: Any) -> None:
    said = json.loads(theirs.answered(theirs.Load.read(LOAD.text()), passed(Level.LOADED).as_json()))
    said["result"][place] = value
    with pytest.raises(Unreadable, match=place):
        ours.Answer.read(json.dumps(said).encode())


STRANGE = (b"", b"\xff\xfe\x00", b"[]", b"{", b'{"a":' * 5000, b"x" * 200_000, b"{}" + b" " * 60_000)


@pytest.mark.parametrize("raw", STRANGE)
def test_bytes_that_are_no_answer_are_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        ours.Answer.read(raw)


def test_the_largest_settings_of_desk_toml_fit_a_load() -> None:
    checks = {f"c{n}": CheckEntry(database="shop", sql='"' * 1500) for n in range(10)}
    assert not too_large((), checks)
    asked = tuple(ours.Check(name=name, database=one.database, sql=one.sql) for name, one in checks.items())
    load = LOAD.model_copy(update={"checks": asked, "expected": tuple(f"{n:03}" + "x" * 60 for n in range(180))})
    assert len(load.text().encode()) <= ours.MAX_BYTES
    assert too_large((), {**checks, "more": CheckEntry(database="shop", sql="x" * 4000)})
    assert MAX_BYTES < ours.MAX_BYTES
