"""The queries of alerts and workbook, judged by Kusto's own parser, and run over lines."""

import json

import pytest

from local.alerts.kusto import NotKnown, Row, run
from tests.kits.kusto import diagnostics, of_docs, queries


def trace(message: str, second: int = 0) -> Row:
    return {"timestamp": f"2026-10-01T12:00:{second:02}Z", "message": message, "severityLevel": 1, "operation_Id": "1"}


@pytest.mark.slow
def test_kustos_own_parser_has_nothing_to_say() -> None:
    asked = {**queries(), **of_docs()}
    assert len(asked) > 20
    assert {name: words for name, words in diagnostics(asked).items() if words} == {}


@pytest.mark.slow
def test_a_misspelt_column_function_or_name_is_found() -> None:
    bad = {
        "column": "traces | where mesage startswith 'x'",
        "function": "traces | extend d = parse_jsn(message)",
        "name": "traces | summarize last = max(timestamp)",
    }
    assert all(diagnostics(bad).values())


def test_every_query_runs_over_lines() -> None:
    lines = [trace('desk.phase {"restore":"r","phase":"lost","from":"submitting","seconds":3.0}'), trace("other")]
    for name, query in queries().items():
        if not query.startswith("let "):
            assert isinstance(run(query, lines), list), name


def test_where_extend_summarize_project_and_order() -> None:
    rows = [trace("desk.x " + json.dumps({"k": key, "n": n}), n) for n, key in enumerate(["a", "b", "a"])]
    found = run(
        'traces | where message startswith "desk.x " | extend d = parse_json(substring(message, 7)) '
        "| summarize many = count(), most = max(todouble(d.n)) by k = tostring(d.k) | order by many desc",
        rows,
    )
    assert found == [{"k": "a", "many": 2, "most": 2.0}, {"k": "b", "many": 1, "most": 1.0}]
    assert run("traces | where toint(parse_json(substring(message, 7)).n) > 1 | project timestamp", rows) == [
        {"timestamp": "2026-10-01T12:00:02Z"}
    ]


def test_what_the_evaluator_does_not_know_it_refuses() -> None:
    for query in ("traces | where message matches 'x'", "traces | where message startswith x y", "requests | count"):
        with pytest.raises((NotKnown, AttributeError)):
            run(query, [trace("desk.x {}")])
