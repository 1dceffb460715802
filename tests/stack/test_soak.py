"""Soak: its requests may be asked for, its load is as steady as it says, and each figure sees what it is there for."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from azure.data.tables import TableClient

from local.bench.document import DOCUMENT, marks
from local.soak.books import kib_a_restore
from local.soak.command import FULL_POOL, pool_warnings
from local.soak.cpu import TICK, cpu_seconds
from local.soak.figures import Seen, Told, Took, Used, p95, shows, words
from local.soak.load import Load
from local.soak.size import Size, bytes_of
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
    looks = [Took(1, 90)] * 60
    return Seen(600, 180, posts, looks, looks, told, 50, Counter(succeeded=600), [], Size(14.0, 9.0), 0)


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
    ("a closed restore", {"size": Size(15.1, 9.0)}),
    ("GET /api/instances", {"instances": [Took(1, 201)] * 60}),
    ("lists of instances that were not whole", {"instances": [*good().instances[1:], Took(1, 5, good=False)]}),
    ("health checks that were not ok", {"health": [*good().health[1:], Took(1, 1, good=False)]}),
    ("looks at instances and at health", {"instances": good().instances[:29]}),
    ("looks at instances and at health", {"health": good().health[:29]}),
    ("pool", {"pool_warnings": 1}),
]


def test_a_soak_in_which_all_is_well_holds_every_figure() -> None:
    assert [one.words for one in shows(good(), STEADY, FAILING) if not one.holds] == []


@pytest.mark.parametrize(("words", "changes"), FAULTS, ids=[f"{n} {words}" for n, (words, _) in enumerate(FAULTS)])
def test_each_figure_sees_what_it_is_there_for(words: str, changes: dict[str, Any]) -> None:
    found = [one.words for one in shows(replace(good(), **changes), STEADY, FAILING) if not one.holds]
    assert len(found) == 1
    assert words in found[0]


def test_nothing_that_was_not_measured_holds() -> None:
    assert [one.words for one in shows(Seen(600, 180), STEADY, FAILING) if one.holds] == []
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


def a_stack(answer: Callable[[httpx.Request], httpx.Response], http: list[httpx.Client]) -> Stack:
    http.append(httpx.Client(transport=httpx.MockTransport(answer), base_url="http://desk"))
    azurite = SimpleNamespace(pid=0)
    ends = Sinks({STEADY: Sink("webhook"), FAILING: Sink("webhook")})
    made = SimpleNamespace(http=http[-1], hosts=[], azurite=azurite, channels=SimpleNamespace(ends=ends))
    return cast("Stack", made)


ALL = {"value": [{"name": name} for name in "abc"]}


@pytest.mark.parametrize(
    ("status", "body", "whole"),
    [
        (200, ALL, True),
        (500, ALL, False),
        (200, {"value": ALL["value"][:2]}, False),
        (200, {"value": ALL["value"][:2] * 2}, False),
        (200, {"value": []}, False),
        (200, {}, False),
        (200, [], False),
        (200, None, False),
    ],
)
def test_a_list_of_instances_is_good_with_a_row_of_each_and_health_with_200(
    status: int, body: object, whole: bool
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        text = "no json" if body is None else json.dumps(body)
        return httpx.Response(status, text=text if request.url.path == "/api/instances" else "")

    seen, http = Seen(600, 180), list[httpx.Client]()
    Load(a_stack(answer, http), seen, ["a", "b", "c"], print).look()
    http[0].close()
    assert ([one.good for one in seen.instances], [one.good for one in seen.health]) == ([whole], [status == 200])


@pytest.mark.parametrize("path", ["/api/health", "/api/restores"])
def test_what_a_look_or_a_request_raises_ends_the_soak(path: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == path:
            raise RuntimeError("out of order")
        return httpx.Response(202 if request.method == "POST" else 200, json=ALL)

    http = list[httpx.Client]()
    with pytest.raises(RuntimeError, match="out of order"):
        Load(a_stack(answer, http), Seen(0.3, 0.1), ["a", "b", "c"], lambda _: None, look_every=0.05).run(10)
    http[0].close()


def test_a_full_pool_is_seen_in_the_logs_of_both_clients(tmp_path: Path) -> None:
    assert pool_warnings(tmp_path) < 0, "no log, nothing measured"
    for name in ("host-0.log", "host-1.traces", "azurite.log"):
        (tmp_path / name).write_text("all is well\n")
    assert pool_warnings(tmp_path) == 0
    old, own = "Connection pool is full, discarding", "a connection is closed: as many as may are at rest"
    assert all(any(text in line for line in (old, own)) for text in FULL_POOL)
    for n, (name, text) in enumerate([("host-0.log", old), ("host-1.traces", own), ("host-0.log", own)], 1):
        with (tmp_path / name).open("a") as log:
            log.write(f"WARNING {text}\n")
        assert pool_warnings(tmp_path) == n


def test_a_row_is_as_large_as_azure_counts_it() -> None:
    """4, the keys, and for each column 8, its name and its value."""
    columns = {"text": "ä😀", "n": 1, "big": 2**31, "low": -(2**31), "part": 0.5, "yes": True, "packed": b"123"}
    names = 2 * len("textnbiglowpartyespacked")
    values = (4 + 6) + 4 + 8 + 4 + 8 + 1 + (4 + 3)
    assert bytes_of("v-x", "ab", columns) == 4 + 2 * 5 + 7 * 8 + names + values


def test_a_closed_restore_is_as_large_as_its_rows_and_said_without_what_azure_adds_too() -> None:
    rows = [
        {"PartitionKey": "v-x", "RowKey": f"{kind}-{n}", "n": "1234"}
        for n in (1, 2)
        for kind in ("restore", "done", "told", "said", "job", "dead", "facts", "live-open")
    ]
    keys = [{"PartitionKey": place, "RowKey": "key", "n": "1234"} for place in ("k-x", "k-y")]
    tables = {
        f"PartitionKey ge '{one}-' and PartitionKey lt '{one}.'": some for one, some in (("v", rows), ("k", keys))
    }
    table = cast("TableClient", SimpleNamespace(query_entities=tables.__getitem__))
    values = 2 * len("restore-1done-1told-1said-1job-1dead-1key") + 7 * 2 * len("1234")
    found = kib_a_restore(table)
    assert found.values * 1024 == values
    assert found.whole * 1024 == values + 7 * (4 + 2 * len("v-x") + 8 + 2 * len("n") + 4)
    rows.clear()
    assert kib_a_restore(table) == Size(-1, -1)


def test_the_figures_have_their_place_in_the_document() -> None:
    assert all(DOCUMENT.read_text(encoding="utf-8").count(mark) == 1 for mark in marks("soak"))
