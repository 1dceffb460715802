"""What the pages say: what runs and who waits, lists and CSV, one restore whole, points and their age, dead letters."""

import csv
import io
import json
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from local.stack.memory import MemoryStore
from shared.api.http import Call
from shared.domain.restore import Phase
from shared.domain.text import cell
from shared.domain.values import iso
from shared.pages.outlook import outlook, percentile
from shared.pages.restore_list import MOST
from shared.storage import row_keys
from shared.storage.store import Change, Field
from tests.kits.fakes import VAULT
from tests.kits.page_kit import READER, Browser, page_world, person, text, words
from tests.kits.world import running


def test_what_runs_now_and_who_waits_for_whom() -> None:
    world = page_world()
    browser = Browser(world)
    first = running(world, browser.process, "pg-a", "1", reason="first")
    world.deliver(browser.process)
    second = running(world, browser.process, "pg-a", "2", reason="second")
    browser.process.sweep.run()
    world.deliver(browser.process)
    browser.process.sweep.run()
    answer = browser.get()
    assert answer.headers["Refresh"] == "5"
    assert f"Waits for its turn: {first} has it" in words(answer)
    said = words(browser.get(f"restores/{second}"))
    assert f"{first} has it, " in said, "who waits wants to know how far the one ahead is"
    assert "When it ends cannot be told" in said
    assert text(answer).index(first) < text(answer).index(f"/desk/restores/{second}")
    assert "Something is down" in words(answer) or "All is well" in words(answer)


def test_a_quiet_desk_does_not_refresh() -> None:
    answer = Browser(page_world()).get()
    assert "Nothing is running" in words(answer)
    assert "Refresh" not in answer.headers


def test_a_reader_is_offered_no_act() -> None:
    world = page_world()
    browser = Browser(world)
    restore = running(world, browser.process)
    world.settle(browser.process)
    reader = Browser(world, person(roles=(READER,)))
    for path in ("", f"restores/{restore}", "channels", "instances", "instances/pg-a"):
        shown = text(reader.get(path))
        assert "<button" not in shown, path
        for act in ("/withdraw", "/again", "/resend", "/pause", "ask?instance"):
            assert act not in shown, (path, act)


def test_one_restore_says_what_from_when_to_where_and_what_next() -> None:
    world = page_world()
    browser = Browser(world)
    running(world, browser.process, "pg-a", "1")
    world.settle(browser.process)
    world.clock.advance(90)
    restore = running(world, browser.process, "pg-a", "2", reason="quarterly drill", requestedBy="bob@contoso.com")
    world.settle(browser.process)
    world.clock.advance(90)
    said = words(browser.get(f"restores/{restore}"))
    for part in ("Restore of pg-a succeeded", "the files are delivered, and not loaded", "old at its end",
                 "To https://dumps.blob.core.windows.net/drills-pg-a", "What to do next", "deskctl load",
                 "restoring", "Ticks: the one earlier restore of", "UTC by bob@contoso.com", "Asked by bob@contoso.com",
                     "quarterly drill",
                 "Job in Azure", "delivered"):  # fmt: skip
        assert part in said, (part, said)
    assert "Refresh" not in browser.get(f"restores/{restore}").headers


@pytest.mark.parametrize("path", ["restores/yoeytdsl-01m3vnbwg00000000000000000", "restores/x", "instances/nope"])
def test_what_does_not_exist_is_said(path: str) -> None:
    answer = Browser(page_world()).get(path)
    assert answer.status in (404, 422)
    assert "no restore" in words(answer) or "no instance" in words(answer)


def test_the_list_filters_pages_and_gives_csv() -> None:
    world = page_world()
    browser = Browser(world)
    for number in range(5):
        ticket = {"system": "jira", "id": f"OPS-{number}"}
        running(world, browser.process, "pg-a" if number % 2 else "pg-b", f"k{number}", ticket=ticket,
                requestedBy=f"user{number}@contoso.com", reason="=1+1")  # fmt: skip
        world.settle(browser.process)
        world.clock.advance(60)
    assert "5 restores, open or closed" in words(browser.get("restores"))
    for query, count in (
        ({"instance": "pg-a"}, 2), ({"phase": "succeeded"}, 5), ({"phase": "failed"}, 0), ({"by": "USER3"}, 1),
        ({"ticket": "ops-4"}, 1), ({"from": "2026-10-01"}, 5), ({"from": "2027-01-01"}, 0),
        ({"until": "2026-09-30"}, 0),
    ):  # fmt: skip
        assert f"{count} restore" in words(browser.get("restores", query)), query
    first, last = browser.get("restores", {"size": "2"}), browser.get("restores", {"size": "2", "page": "3"})
    assert text(first).index("OPS-4") < text(first).index("OPS-3")  # the newest first
    assert ("Older" in text(first), "Newer" in text(first)) == (True, False)
    assert ("Older" in text(last), "Newer" in text(last)) == (False, True)
    rows = list(csv.DictReader(io.StringIO(text(browser.get("restores", {"format": "csv", "by": "user2"})))))
    assert [(row["ticket"], row["reason"], row["phase"]) for row in rows] == [("jira OPS-2", "'=1+1", "succeeded")]


@pytest.mark.parametrize(
    "query",
    [{"instance": "x"}, {"phase": "x"}, {"page": "0"}, {"page": "²"}, {"size": "9999"}, {"from": "x"}, {"x": "y"}],
)
def test_a_filter_that_cannot_be_used_is_said(query: dict[str, str]) -> None:
    assert Browser(page_world()).get("restores", query).status == 422


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_cell_of_the_csv_is_a_formula(first: str) -> None:

    assert cell(f"{first}1+1").startswith("'")


def test_an_old_newest_point_is_marked() -> None:
    world = page_world()
    browser = Browser(world)
    browser.get("instances")
    assert "newest is" not in words(browser.get("instances"))
    world.clock.advance(9 * 86400)
    assert "newest is 9 d" in words(browser.get("instances/pg-a"))
    assert "newest is 9 d" in words(browser.get("instances"))


def test_an_instance_shows_points_history_and_who_may() -> None:
    world = page_world()
    browser = Browser(world)
    for number in range(3):
        running(world, browser.process, "pg-a", f"k{number}")
        world.settle(browser.process)
        world.clock.advance(3600)
    said = words(browser.get("instances/pg-a"))
    for part in ("1 v", "VaultStore", "Half took up to", "http drills", "page, role RestoreDesk.Requester drills"):
        assert part in said, (part, said)
    assert text(browser.get("instances/pg-a")).count('<svg class="plot" role="img"') == 2


def test_dead_letters_are_listed() -> None:
    world = page_world()
    browser = Browser(world)
    world.put(b"{not json")
    world.deliver(browser.process)
    assert "request by queue" in words(browser.get("dead-letters"))


def test_percentiles_and_the_outlook() -> None:
    assert [percentile([], 0.5), percentile([3], 0.95), percentile([1, 2, 3, 4], 0.5)] == [None, 3, 2]
    world = page_world()
    browser = Browser(world)
    running(world, browser.process, "pg-a", "1")
    world.settle(browser.process)
    earlier = browser.site.ports.history.of(world.restores()[0].instance)
    assert len(earlier) == 1
    running(world, browser.process, "pg-a", "2")
    world.deliver(browser.process)
    restore = next(one for one in world.restores() if not one.closed)
    assert restore.turn_at is not None
    half = outlook(restore, earlier, restore.turn_at + timedelta(seconds=earlier[0].working / 2))
    assert (half.percent, half.ends) == (50, restore.turn_at + timedelta(seconds=earlier[0].working))
    late = outlook(restore, earlier, restore.turn_at + timedelta(seconds=earlier[0].working * 3))
    assert (late.percent, late.words[:11]) == (99, "longer than")
    assert "no earlier restore" in outlook(restore, (), restore.turn_at).words
    assert (
        outlook(restore.model_copy(update={"turn_at": None}), earlier, restore.turn_at).words == "It has not begun yet"
    )
    lost = restore.model_copy(update={"phase": Phase.LOST})
    assert "when a person resolves it" in outlook(lost, earlier, restore.turn_at).words


# --- what it costs -------------------------------------------------------------------------------------------------
def many(count: int) -> Browser:
    """A desk with that many closed restores."""
    world = page_world()
    world.store = MemoryStore()
    browser = Browser(world)
    running(world, browser.process)
    for number in range(count):
        at = world.clock.now() - timedelta(minutes=number)
        restore = row_keys.new_id(VAULT, at, number.to_bytes(10, "big"))
        fields: dict[str, Field] = {
            "restore": restore, "phase": "succeeded", "instance": f"{VAULT}/backupInstances/pg-a",
            "instanceName": "pg-a", "acceptedAt": iso(at), "closedAt": iso(at), "dryRun": False, "job": "j" * 36,
            "source": "http", "requestedBy": "user@contoso.com", "reason": "quarterly drill", "ticket": "jira OPS-1",
        }  # fmt: skip
        world.store.commit(row_keys.vault_partition(VAULT), [Change("put", row_keys.done(at, restore), fields)])
    return browser


def calls(act: Callable[[], object]) -> int:
    """How many functions a call calls, C's own among them: no clock, so the same on every machine."""
    counted = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return counted


def test_a_page_over_a_thousand_restores_costs_no_more_than_three_times_the_api() -> None:
    browser = many(1000)
    api = Call(query={"pageSize": "1000", "since": "2026-01-01T00:00:00Z"})
    query = {"from": "2026-01-01", "size": "200"}
    assert len(json.loads(browser.process.api.list_restores(api).body)["value"]) == 1000
    assert "1001 restores" in words(browser.get("restores", query))
    assert calls(lambda: browser.get("restores", query)) <= 3 * calls(lambda: browser.process.api.list_restores(api))


def test_of_more_restores_than_the_page_counts_the_newest_are_shown() -> None:
    browser = many(MOST + 5)
    query = {"from": "2026-01-01"}
    assert "5000 or more restores" in words(browser.get("restores", query))
    rows = list(csv.DictReader(io.StringIO(text(browser.get("restores", {**query, "format": "csv"})))))
    times = [row["acceptedAt"] for row in rows]
    assert (len(times), times) == (MOST, sorted(times, reverse=True))
    assert times[-1] > iso(browser.process.parts.now() - timedelta(minutes=MOST)), "the six oldest are left out"
