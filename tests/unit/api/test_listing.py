"""`GET /api/restores`: pages that miss nothing while restores close between them, and audit lines that say all."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.host.process import ROOT
from local.stack.memory import MemoryQueue, MemoryStore
from shared.api.http import Answer, Call, answered
from shared.api.listing import MOST_READ, PARAMETERS, _mark, page_of
from shared.api.routes import LIST
from shared.composition import App
from shared.config.settings import from_environment
from shared.domain.problems import Problem
from shared.storage import row_keys
from shared.storage.store import Change, Row
from shared.workflow.intake import Caller

JIRA = """
[tickets.jira]
kind = "jira"
secret = { env = "JIRA_SECRET" }
instances = ["*"]
targets = ["drills"]
when = "body"
request = "body"
"""
REQUEST = {"instance": "pg-prod-01", "target": "drills"}


@pytest.fixture
def app(tmp_path: Path) -> App:
    config = tmp_path / "desk.toml"
    config.write_text(
        (ROOT / "samples" / "desk.toml").read_text().partition("# --- who is told")[0].replace('channels = ["dba"]', "")
        + JIRA
    )
    environ = {
        "AzureWebJobsStorage": "AccountName=desk",
        "ARM_ENDPOINT": "http://127.0.0.1:9",
        "DESK_CONFIG": str(config),
    }
    made = App(from_environment(environ, tmp_path))
    made.__dict__ |= {"store": MemoryStore(), "send": MemoryQueue().send}
    return made


def post(app: App, **more: object) -> str:
    answer = answered(app.api.post_restore, Call(body=json.dumps({**REQUEST, **more}).encode()))
    assert answer.status == 202, answer.body
    return str(json.loads(answer.body)["id"])


def close(app: App, restore: str) -> None:
    body = json.dumps({"by": "me", "reason": "test"}).encode()
    assert answered(app.api.withdraw, Call({"id": restore}, body=body)).status == 200


def listed(app: App, **query: str) -> tuple[Answer, dict[str, Any]]:
    answer = answered(app.api.list_restores, Call(query=query))
    return answer, json.loads(answer.body) if answer.content_type.endswith("json") else {}


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["value"]]


def test_the_open_ones_and_with_since_the_closed_ones_too(app: App) -> None:
    first, second = post(app), post(app, instance="hrdb")
    close(app, first)
    assert ids(listed(app)[1]) == [second]
    assert set(ids(listed(app, since="2020-01-01T00:00:00Z")[1])) == {first, second}
    assert ids(listed(app, since="2120-01-01T00:00:00Z")[1]) == [second]
    assert ids(listed(app, instance="pg-prod-01", since="2020-01-01T00:00:00Z")[1]) == [first]
    assert ids(listed(app, vault="testBkpVault")[1]) == [second]
    assert ids(listed(app, vault="geoVault")[1]) == []  # nothing was asked of it yet
    answer, problem = listed(app, vault="testBkpVolt")
    assert (answer.status, problem["field"], problem["closest"][0]) == (422, "vault", "testBkpVault")


def test_a_restore_that_closes_between_two_pages_is_not_missed(app: App) -> None:
    asked = [post(app) for _ in range(7)]
    since, seen = "2020-01-01T00:00:00Z", []
    _, page = listed(app, since=since, pageSize="3")
    seen += ids(page)
    close(app, seen[0])
    close(app, next(one for one in asked if one not in seen))
    while "continue" in page:
        _, page = listed(app, since=since, pageSize="3", **{"continue": page["continue"]})
        seen += ids(page)
    assert set(seen) == set(asked)


def test_audit_lines_are_whole_restores_and_link_to_the_next(app: App) -> None:
    asked = [post(app, reason=f"reason {n}\nsecond line") for n in range(5)]
    for restore in asked[:2]:
        close(app, restore)
    answer, _ = listed(app, format="jsonl", pageSize="3")
    lines = [json.loads(line) for line in answer.body.splitlines()]
    mark = answer.headers["Link"].partition("continue=")[2].partition(">")[0].replace("%3D", "=")
    rest, _ = listed(app, format="jsonl", pageSize="3", **{"continue": mark})
    lines += [json.loads(line) for line in rest.body.splitlines()]
    assert {line["id"] for line in lines} == set(asked)
    assert all(line["timeline"] and line["request"]["reason"] for line in lines)
    assert "Link" not in rest.headers


def test_a_page_of_audit_lines_is_read_in_ranges_and_says_what_each_restore_says(app: App) -> None:
    ones = [post(app, instance="hrdb", reason=f"r {n}") for n in range(30)]
    for one in ones:
        close(app, one)
    views = {one: answered(app.api.get_restore, Call({"id": one})).body for one in ones}
    assert isinstance(app.store, MemoryStore)
    reads = app.store.reads
    answer, _ = listed(app, format="jsonl")
    assert app.store.reads - reads <= 8, "not one call or two for each line"
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert len(lines) == 30
    assert all(line == json.loads(views[line["id"]]) for line in lines)


def test_a_page_looks_through_so_many_rows_at_the_most_and_goes_on_there() -> None:
    rows = ((("v", 1, f"{n:06d}"), Row(f"{n:06d}", {"n": n})) for n in range(3 * MOST_READ))
    shown, more = page_of(rows, 10, lambda row: row.fields["n"] in (5, MOST_READ + 1))
    assert [row.fields["n"] for row in shown] == [5]
    assert _mark(more) == ("v", 1, f"{MOST_READ - 1:06d}")
    shown, more = page_of(iter([(("v", 1, "a"), Row("a", {})), (("v", 1, "b"), Row("b", {}))]), 1, lambda row: True)
    assert ([row.key for row in shown], _mark(more)) == (["a"], ("v", 1, "a"))
    assert page_of(iter([(("v", 1, "a"), Row("a", {}))]), 1, lambda row: True)[1] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"pageSize": "0"}, "pageSize"),
        ({"pageSize": "٣"}, "pageSize"),
        ({"pageSize": "1e2", "key": "k"}, "pageSize"),
        ({"since": "yesterday"}, "since"),
        ({"continue": "!!"}, "continue"),
        ({"continue": "W10="}, "continue"),
        ({"format": "csv"}, "format"),
        ({"instance": "pg-prod-0"}, "instance"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(app: App, query: dict[str, str], field: str) -> None:
    answer, page = listed(app, **query)
    assert (answer.status, page["field"]) == (422, field)


def test_the_contract_names_every_parameter_of_the_list() -> None:
    assert {one["name"] for one in LIST} == set(PARAMETERS) - {"code", "clientId"}


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"fase": "failed"}, "fase", "did you mean phase?"),
        ({"limit": "5"}, "limit", "there are: vault"),
        ({"phase": "suceeded"}, "phase", "did you mean succeeded"),
        ({"source": "tickets/jirra"}, "source", "did you mean tickets/jira"),
        ({"source": "smoke", "key": "k"}, "source", "there are: http"),
    ],
)
def test_an_unknown_parameter_or_word_is_422_with_the_nearest(
    app: App, query: dict[str, str], field: str, words: str
) -> None:
    answer, page = listed(app, **query)
    assert (answer.status, page["field"]) == (422, field)
    assert words in page["detail"]
    assert answered(app.dead_letters.answer, Call(query={"pagesize": "5"})).status == 422
    assert listed(app, code="the-function-key")[0].status == 200


def test_rows_say_who_asked_why_and_when_open_or_closed(app: App) -> None:
    ticket = {"system": "jira", "id": "OPS-7"}
    first = post(app, requestedBy="ada@contoso.com", reason="quarterly drill", ticket=ticket)
    for closed in (False, True):
        if closed:
            close(app, first)
        (row,) = listed(app, since="2020-01-01T00:00:00Z")[1]["value"]
        assert row["acceptedAt"]
        assert bool(row.get("closedAt")) is closed
        said = {name: row[name] for name in ("requestedBy", "reason", "ticket", "via")}
        assert said == {
            "requestedBy": "ada@contoso.com",
            "reason": "quarterly drill",
            "ticket": "jira OPS-7",
            "via": "http",
        }


def test_a_phase_is_a_filter_and_closed_ones_need_no_since(app: App) -> None:
    first, second = post(app), post(app, instance="hrdb")
    close(app, first)
    assert ids(listed(app, phase="withdrawn")[1]) == [first]
    assert ids(listed(app, phase="accepted")[1]) == [second]
    assert set(ids(listed(app, phase="withdrawn, accepted")[1])) == {first, second}
    assert ids(listed(app, phase="lost")[1]) == []


def test_a_key_is_looked_for_in_every_source(app: App) -> None:
    by_queue = app.intake.take({**REQUEST}, Caller("queue", "k-1")).restore.id
    by_ticket = app.intake.take({**REQUEST, "target": "drills"}, Caller("tickets/jira", "k-1")).restore.id
    assert ids(listed(app, key="k-1")[1]) == [by_ticket, by_queue]
    assert ids(listed(app, key="k-1", source="queue")[1]) == [by_queue]
    assert ids(listed(app, key="k-2")[1]) == []


def test_a_key_shows_what_was_refused_under_it_too(app: App) -> None:
    """A sender that used a key twice looks for its key, and must see that its second message was not taken."""
    taken = app.intake.take({**REQUEST}, Caller("queue", "k-1")).restore
    with pytest.raises(Problem) as other:
        app.intake.take({**REQUEST, "reason": "other"}, Caller("queue", "k-1"))
    refused = app.intake.refuse({**REQUEST, "reason": "other"}, other.value, Caller("queue", "k-1")).restore
    assert ids(listed(app, key="k-1")[1]) == [taken.id, refused.id]
    assert "with a new key" in listed(app, key="k-1")[1]["value"][1]["nextStep"]


def test_a_damaged_notice_is_a_line_with_its_problem(app: App) -> None:
    first, second = post(app), post(app)
    place = row_keys.partition(first)
    damaged = Change("put", row_keys.notice(first, 9, "x"), {"restore": first, "due": "no time"})
    app.parts.ledger.store.commit(place, [damaged])
    answer, _ = listed(app, format="jsonl")
    lines = {line["id"]: line for line in map(json.loads, answer.body.splitlines())}
    assert "problem" in lines[first]
    assert "problem" not in lines[second]
