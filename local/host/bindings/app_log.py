"""What becomes of the app's log lines, as in Azure: a line without an invocation id is dropped, the others are traces.

The worker keeps the id in a ContextVar, so the lines of a thread outside of its caller's context are lost.
"""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

HOST = ("host", "uvicorn", "asyncio", "azure", "local")  # loggers of this process that are not the app's
SEVERITY = {logging.DEBUG: 0, logging.INFO: 1, logging.WARNING: 2, logging.ERROR: 3, logging.CRITICAL: 4}
MOST_SHOWN = 20  # dropped lines that are shown; all are counted


class AppLog(logging.Filter):
    """Put on the root handler. `traces` takes a JSON line for each line that arrives, with the columns of the table."""

    def __init__(self, invocation_id: Callable[[], str | None], traces: Path | None = None) -> None:
        super().__init__()
        self._invocation_id, self._traces = invocation_id, traces
        self.dropped = 0

    def filter(self, record: logging.LogRecord) -> bool:
        invocation = self._invocation_id()
        if invocation is None:
            return record.name.partition(".")[0] in HOST or self._drop(record)
        if self._traces:
            trace = {
                "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "message": record.getMessage(),
                "severityLevel": SEVERITY.get(record.levelno, 1),
                "operation_Id": invocation,
            }
            with self._traces.open("a", encoding="utf-8") as file:
                file.write(json.dumps(trace) + "\n")
        return True

    def _drop(self, record: logging.LogRecord) -> bool:
        self.dropped += 1
        if self.dropped <= MOST_SHOWN:
            text = record.getMessage()[:200]
            logging.getLogger("host").error("dropped a line of the app without an invocation id: %s", text)
        return False
