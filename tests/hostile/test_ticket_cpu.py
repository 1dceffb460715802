"""No signed ticket up to 1 MiB holds a worker for more than two seconds of CPU. `TICKET_FUZZ=n` tries n more."""

import json
import os
import random
import time
from collections.abc import Iterator

import pytest

from shared.domain.text import unsigned
from shared.tickets.issue_forms import MOST
from shared.tickets.kind import EVENT_LIMIT
from tests.hostile.test_tickets import NAMES, is_clear, outcome
from tests.kits.ticket_samples import saved

MOST_SECONDS = 2.0
SIZE = 128 * 1024  # characters: read once it is a moment, read anew from each beginning half a minute
MORE = int(os.environ.get("TICKET_FUZZ", "0"))
BRICKS = ["[", "]", "![", "[a](", "*a **a ", "`", "<!--", "<a b='", "&", "\\", "> ", "- ", "1. a\n", "[a]: x\n", "_a",
          "### a\n", "~~~\n", "\t", "[a", "<a:", "]](", "|-", "{{", "\"", "\u202e", "https://", "a@b "]  # fmt: skip


def issue(text: str) -> bytes:
    event = saved("github")["body"]
    event["issue"]["body"] = text
    return json.dumps(event).encode()


def worst() -> Iterator[tuple[str, bytes]]:
    """Bricks of Markdown up to what is read of a form and beyond it, and bricks of JSON up to what is taken."""
    for brick in BRICKS:
        yield "github", issue("### A\n\n" + brick * ((MOST - 10) // len(brick)))
    yield "github", issue("".join(f"### {n}\n" for n in range(3_000)))
    yield "github", issue("### A\n" * (EVENT_LIMIT // 8))
    for name in NAMES:
        for one in (b'"a%d":1', b'"a%d":{}', b'"a%d":[[]]', b'"%d":"(restore-desk"'):
            many = b",".join(one % n for n in range((EVENT_LIMIT - 9000) // 20))
            yield name, json.dumps(saved(name)["body"]).encode()[:-1] + b"," + many + b"}"


def portal(value: object = "drills", **more: object) -> bytes:
    """The system whose mapping takes a request as it is sent."""
    event = saved("portal")["body"]
    event["request"] |= {"target": value, **more}
    return json.dumps(event).encode()


LINKED = ("https://a?", "https://", "-eyJabcdef", "eyJ.", "sig=", "https://a?b ", "a@", "password ", "?t")


def worst_texts() -> Iterator[tuple[str, bytes]]:
    """Texts for those who look for what gives access, in a field that is refused; and fields without number."""
    for brick in LINKED[:3]:
        yield "portal", portal(brick * ((EVENT_LIMIT - 9000) // len(brick)))
    yield "portal", portal(**{f"a{n}": 1 for n in range(80_000)})
    near = saved("jira")["body"]
    near["changelog"]["items"] = [{"field": "Status", "toString": "approved"}] * 20_000
    yield "jira", json.dumps(near).encode()


def test_a_text_is_read_once_for_what_gives_access() -> None:
    texts = [brick * (SIZE // len(brick)) for brick in LINKED]
    for text in (*texts, "https://" + "a" * SIZE, "https://a?" + "b." * (SIZE // 2)):
        began = time.process_time()
        unsigned(text)
        assert time.process_time() - began < MOST_SECONDS, text[:20]


def fuzzed(count: int) -> Iterator[tuple[str, bytes]]:
    dice = random.Random(20261126)  # noqa: S311 - the same bodies each time
    for _ in range(count):
        size, parts = dice.choice([1_000, 30_000, 500_000]), list[str]()
        while size > 0:
            parts.append(dice.choice(BRICKS) * dice.randrange(1, 400))
            size -= len(parts[-1])
        yield "github", issue("### A\n\n" + "".join(parts))


def spent(name: str, raw: bytes) -> float:
    headers = saved(name)["headers"]
    began = time.process_time()
    assert is_clear(outcome(name, headers, raw[:EVENT_LIMIT]))
    return time.process_time() - began


CASES = [pytest.param(*one, id=str(n)) for n, one in enumerate([*worst(), *worst_texts()])]


@pytest.mark.parametrize(("name", "raw"), CASES)
def test_the_worst_that_is_known_takes_less(name: str, raw: bytes) -> None:
    assert spent(name, raw) < MOST_SECONDS


def test_so_does_what_is_made_of_it_at_random() -> None:
    assert max(spent(*one) for one in fuzzed(20 + MORE)) < MOST_SECONDS
