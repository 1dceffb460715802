"""The queue trigger's decisions, as tables."""

import pytest

from local.host.triggers import queue_rules
from local.host.triggers.queue_rules import Backoff, Fate, Message


def message(count: int) -> Message:
    return Message("1", "text", count, "receipt", None, None, None)


@pytest.mark.parametrize(
    ("queue", "poison"),
    [("work", "work-poison"), ("work-poison", None), ("a" * 56, "a" * 56 + "-poison"), ("a" * 57, None)],
)
def test_poison_names(queue: str, poison: str | None) -> None:
    assert queue_rules.poison_name(queue) == poison


@pytest.mark.parametrize(
    ("count", "succeeded", "poison", "fate"),
    [
        (1, True, True, Fate.DELETE),
        (3, True, True, Fate.DELETE),
        (2, False, True, Fate.RELEASE),
        (3, False, True, Fate.POISON),
        (1, True, False, Fate.DELETE),
        (1, False, False, Fate.LEAVE),
        (3, False, False, Fate.LEAVE),
    ],
)
def test_fate_after_a_run(count: int, succeeded: bool, poison: bool, fate: Fate) -> None:
    assert queue_rules.after(message(count), 3, succeeded=succeeded, poison=poison) is fate


@pytest.mark.parametrize(
    ("count", "poison", "fate"), [(3, True, None), (4, True, Fate.POISON), (3, False, None), (4, False, None)]
)
def test_fate_before_a_run(count: int, poison: bool, fate: Fate | None) -> None:
    assert queue_rules.before(message(count), 3, poison=poison) is fate


@pytest.mark.parametrize(
    ("text", "encoding", "body"),
    [
        ("hé", "none", "hé".encode()),
        ("aMOp", "base64", "hé".encode()),
        ("aM\nO\tp\r ", "base64", "hé".encode()),
        ("aM\u00a0Op", "base64", None),
        ("aMOp\u2003", "base64", None),
        ("aMOp\x85", "base64", None),
        ('{"a": 1}', "base64", None),
        ("abc", "base64", None),
        ("hé", "base64", None),
        ("", "base64", b""),
    ],
)
def test_decoding(text: str, encoding: str, body: bytes | None) -> None:
    assert queue_rules.decode(text, encoding) == body


def test_encoding() -> None:
    assert [queue_rules.encode("hé".encode(), encoding) for encoding in ("none", "base64")] == ["hé", "aMOp"]


def test_backoff_grows_from_100_ms_to_its_longest_and_begins_anew_after_a_find() -> None:
    backoff, delays = Backoff(60.0), []
    for _ in range(14):
        backoff = backoff.next(found=False, jitter=lambda: 0.8)
        delays.append(backoff.delay)
    assert delays[0] == pytest.approx(0.1)
    assert delays[1:10] == pytest.approx([0.1 + 0.8 * 0.1 * 2**exponent for exponent in range(9)])
    assert delays[-1] == 60.0
    assert backoff.next(found=True, jitter=lambda: 0.8).delay == pytest.approx(0.1)
