"""The app's log lines: those without an invocation id never arrive, and are counted."""

import contextvars
import json
import logging
from pathlib import Path

import pytest

from local.host.bindings.app_log import AppLog

CURRENT: contextvars.ContextVar[str | None] = contextvars.ContextVar("id", default=None)


def record(name: str, text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, "%s", (text,), None)


def test_a_line_without_an_invocation_id_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    log = AppLog(CURRENT.get)
    assert not log.filter(record("desk", "desk.notice {}"))
    assert log.dropped == 1
    assert "desk.notice {}" in caplog.text
    assert log.filter(record("host", "listening"))
    assert log.dropped == 1


def test_a_line_of_an_invocation_arrives_with_the_columns_of_traces(tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    log = AppLog(CURRENT.get, traces)
    token = CURRENT.set("3f")
    try:
        assert log.filter(record("desk", "desk.phase {}", logging.WARNING))
    finally:
        CURRENT.reset(token)
    (row,) = map(json.loads, traces.read_text().splitlines())
    assert (row["message"], row["severityLevel"], row["operation_Id"]) == ("desk.phase {}", 2, "3f")
    assert log.dropped == 0
