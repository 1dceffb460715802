"""Soak: its requests may be asked for, its load is as steady as it says, and each figure sees what it is there for."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from local.bench.document import DOCUMENT, marks
from local.soak.books import bytes_of
from local.soak.cpu import TICK, cpu_seconds
from local.soak.figures import Seen, Told, Took, Used, p95, shows, words
from local.soak.load import Load
from local.soak.world import FAILING, INSTANCES, STEADY, desk_toml, names
from local.stack.sinks import Arrived, Sink, Sinks
from local.stack.stack import Stack
from shared.config.desk_file import parse_desk
from shared.config.plans import Ground
from shared.config.policy import decide
from shared.config.rights import asker
from shared.domain.clouds import PUBLIC
from shared.domain.request import parse_request


def test_every_instance_of_a_soak_may_be_asked_for_and_five_channels_hear_of_its_end() -> None:
    desk = parse_desk(desk_toml())
    assert len(names()) == len(set(names())) == INSTANCES == len(desk.instances)
    for name in names():
        asked = parse_request({"instance": name, "target": "drills", "requestedBy": "soak@contoso.com"})
        assert decide(asked, asker(desk, "http"), desk, Ground(PUBLIC)).instance.text == desk.instances[name].id
    assert sum("succeeded" in channel.on for channel in desk.channels.values()) == 5


def arrived(status: int, late: float, channel: str = STEADY) -> Arrived:
    now = datetime.now(UTC)
    text = json.dumps({"time": (now - timedelta(seconds=late)).isoformat()})
    return Arrived(channel, "webhook", "POST", "", now.isoformat(), status, (), None, text)


def test_a_load_asks_so_often_of_each_instance_in_turn_and_hears_what_the_channels_took() -> None:
    ends = Sinks({STEADY: Sink("webhook"), FAILING: Sink("webhook")})
    asked, failing = list[dict[str, Any]](), set[float]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        failing.add(ends.failing.get(FAILING, 0))
        for one in (arrived(200, 1.5), arrived(503, 0, FAILING), arrived(200, 9, "another")):
            ends.listener(one)
        return httpx.Response(503 if asked[-1]["instance"] == "b" else 202)

    said, seen = list[str](), Seen(seconds=0.6, fails_from=0.3)
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://desk") as http:
        stack = cast("Stack", SimpleNamespace(http=http, channels=SimpleNamespace(ends=ends)))
        Load(stack, seen, ["a", "b", "c"], said.append).run(10)
    assert Counter(one["instance"] for one in asked) == {"a": 2, "b": 2, "c": 2}
    assert [one.good for one in seen.posts].count(False) == 2
    assert [round(one.late, 1) for one in seen.told] == [1.5] * 6
    assert (seen.refused, ends.failing, len(said), 0.1 in failing) == (6, {}, 6, True)


def good() -> Seen:
    """Ten minutes in which everything holds."""
    posts = [Took(at, 50) for at in range(600)]
    told = [Told(channel, at, 1) for at in range(600) for channel in (STEADY, FAILING)]
    looks = [Took(1, 90)] * 3
    return Seen(600, 180, posts, looks, looks, told, 50, Counter(succeeded=600), [], 14.0, 0)


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("requests that were not accepted", {"posts": [*good().posts[1:], Took(0, 50, good=False)]}),
    ("restores that ended well", {"phases": Counter(succeeded=599, failed=1)}),
    ("open restores", {"left": ["live-open-x"]}),
    ("refused, of 100", {"refused": 0}),
    (
        "delay of its notices",
        {"told": [replace(one, late=2.1) if one.channel == FAILING else one for one in good().told]},
    ),
    ("delay of the steady", {"told": [replace(one, late=1.4) if one.at >= 180 else one for one in good().told]}),
    ("POST, p95", {"posts": [replace(one, ms=66) if one.at > 420 else one for one in good().posts]}),
    ("a closed restore", {"kib": 15.1}),
    ("GET /api/instances", {"instances": [Took(1, 201)] * 3}),
    ("health", {"health": [Took(1, 1, good=False)]}),
    ("pool", {"pool_warnings": 1}),
]


def test_a_soak_in_which_all_is_well_holds_every_figure() -> None:
    assert [one.words for one in shows(good(), STEADY, FAILING) if not one.holds] == []


@pytest.mark.parametrize(("words", "changes"), FAULTS, ids=[words for words, _ in FAULTS])
def test_each_figure_sees_what_it_is_there_for(words: str, changes: dict[str, Any]) -> None:
    found = [one.words for one in shows(replace(good(), **changes), STEADY, FAILING) if not one.holds]
    assert len(found) == 1
    assert words in found[0]


def test_nothing_that_was_not_measured_holds() -> None:
    found = [one for one in shows(Seen(600, 180), STEADY, FAILING) if not one.holds]
    assert len(found) == 7
    assert p95([]) < 0


def test_the_cpu_of_both_windows_is_told_of_hosts_and_of_azurite_apart() -> None:
    used = [Used(at, at * 0.1, at * 0.2 if at < 300 else at * 0.4) for at in range(0, 600, 10)]
    said = words(replace(good(), cpu=used), STEADY, FAILING)
    assert "in the first and the last 180 s: the desk's hosts 10 and 10 % of a core, Azurite 20 and 40 %." in said
    assert "CPU: not counted" in words(good(), STEADY, FAILING)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="Linux counts so")
def test_the_cpu_of_a_process_is_its_childrens_too() -> None:
    child = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nprint(1, flush=True)"
    both = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child + '; input()'!r}])"
    line = [sys.executable, "-c", both]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603
        assert parent.stdout
        assert parent.stdout.readline()
        alone = sum(map(int, Path(f"/proc/{parent.pid}/stat").read_text().rpartition(")")[2].split()[11:13])) / TICK
        assert cpu_seconds(parent.pid) >= alone + 0.25
        parent.communicate("\n")


def test_a_row_is_as_large_as_its_keys_and_values() -> None:
    assert bytes_of({"PartitionKey": "v-x", "RowKey": "ab", "text": "ä😀", "n": 1, "packed": b"123"}) == 4 + 6 + 8 + 3


def test_the_figures_have_their_place_in_the_document() -> None:
    assert all(DOCUMENT.read_text(encoding="utf-8").count(mark) == 1 for mark in marks("soak"))
