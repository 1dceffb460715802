"""Ten thousand bodies that nobody wrote: each is ignored, mapped, or refused in words; nothing else comes out."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.config.desk_file import parse_desk
from shared.domain.problems import Problem
from shared.domain.request import parse_request
from shared.tickets.event import event_of
from shared.tickets.kind import EVENT_LIMIT
from shared.tickets.mapping import Ignored, Mapped, map_event

SAMPLES = Path(__file__).parents[1] / "samples" / "tickets"
DESK = parse_desk((SAMPLES / "desk.toml").read_text(encoding="utf-8"))
NAMES = sorted(DESK.tickets)
ODD: list[Any] = [
    None, True, False, 0, -1, 10**400, 1e308, "", " ", "x" * 300, "\ud800", "\x00", "latest", "id:", "at-or-before:",
    "..", [], {}, [[]], [None], {"": {}}, ["pg-prod-01"], {"value": {"value": 1}}, "### Instance\n\n```", "<!--",
    "2026-10-01", "９",
]  # fmt: skip


def change(value: Any, dice: random.Random) -> Any:
    """One value of it, somewhere, becomes an odd one, goes, or doubles."""
    if not isinstance(value, dict | list) or not value or dice.random() < 0.15:
        return dice.choice(ODD)
    places = list(value) if isinstance(value, dict) else list(range(len(value)))
    place, copied = dice.choice(places), value.copy()
    if dice.random() < 0.1:
        del copied[place]
    else:
        copied[place] = change(value[place], dice)
    return copied


def mangle(raw: bytes, dice: random.Random) -> bytes:
    """Bytes flipped, cut, doubled."""
    found = bytearray(raw)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(found))
        found[at : at + dice.randrange(4)] = dice.randbytes(dice.randrange(4)) or b"["
    return bytes(found)


def bodies(dice: random.Random) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """An event of some source, never as its system sent it."""
    samples = {name: json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}
    while True:
        name = dice.choice(NAMES)
        headers, body = samples[name]["headers"], samples[name]["body"]
        for _ in range(dice.randrange(1, 4)):
            body = change(body, dice)
        raw = json.dumps(body).encode()
        if dice.random() < 0.3:
            raw = mangle(raw, dice)
        yield name, dict(headers, **{"content-type": dice.choice(["", "application/x-www-form-urlencoded"])}), raw


def outcome(name: str, headers: dict[str, str], raw: bytes) -> str | Problem:
    """What became of an event; any exception but a Problem fails the test."""
    try:
        found = map_event(name, DESK.tickets[name], event_of(DESK.tickets[name], headers, raw))
        if isinstance(found, Ignored):
            return "ignored"
        assert isinstance(found, Mapped)
        assert 0 < len(found.key) <= 255
        parse_request(found.request)
    except Problem as problem:
        return problem
    return "mapped"


def is_clear(found: str | Problem) -> bool:
    """Whether an outcome is a word, or a problem that says what is wrong."""
    return isinstance(found, str) or (
        400 <= found.status < 500 and found.detail != "" and bool(json.dumps(found.body()))
    )


@pytest.mark.parametrize("seed", range(20))
def test_five_hundred_bodies(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same bodies each time
    made = bodies(dice)
    seen = [outcome(*next(made)) for _ in range(500)]
    assert all(map(is_clear, seen))
    assert {str, Problem} == set(map(type, seen))


MANY = EVENT_LIMIT - 100
LARGE = {
    "deep lists": b'{"issue":' + b"[" * MANY,
    "deep objects": b'{"a":' * (MANY // 5),
    "deep and closed": b'{"comment":' + b"[" * (MANY // 2) + b"]" * (MANY // 2) + b"}",
    "as deep as is read": b'{"type":"restore.requested","request":' + b'{"a":' * 400 + b"1" + b"}" * 401,
    "a long number": b'{"a":' + b"9" * MANY + b"}",
    "an infinite number": b'{"type":"restore.requested","request":{"instance":1e999}}',
    "a long text": b'{"issue":{"body":"' + b"#" * MANY + b'"}}',
    "many fields": json.dumps({"issue": {"body": "### A\n\n" * (MANY // 10)}}).encode(),
    "many comments": json.dumps({"issue": {"body": "<!--" * (MANY // 5)}}).encode(),
    "many fences": json.dumps({"issue": {"body": "```\n" * (MANY // 6)}}).encode(),
    "one name often": b"{" + b",".join([b'"a":1'] * (MANY // 6)) + b"}",
    "many names": json.dumps({str(n): n for n in range(MANY // 18)}).encode(),
    "zeros": b"\x00" * MANY,
    "not a number": b'{"a":NaN}',
    "too large": b'{"a":"' + b"x" * EVENT_LIMIT + b'"}',
    "nothing": b"",
    "another encoding": '{"a":1}'.encode("utf-16"),
    "a form of a thousand fields": b"&".join([b"payload=1"] * 1000),
}


@pytest.mark.parametrize("what", LARGE)
@pytest.mark.parametrize("kind", ["", "application/x-www-form-urlencoded"])
def test_large_bodies_up_to_what_is_taken(what: str, kind: str) -> None:
    for name in NAMES:
        found = outcome(name, {"content-type": kind}, LARGE[what])
        assert is_clear(found)
        assert found != "mapped"
