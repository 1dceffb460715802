"""GET /api/dead-letters: refused queue messages, and notices that could not be delivered; the newest first."""

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import Any

from shared.api.http import Answer, Call, json_answer, known_parameters, page_size
from shared.api.schemas import Shown
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.store import Row
from shared.workflow.ports import Parts

PAGE = 100


class DeadLetterView(Shown):
    """A refused request (`kind` request) or a notice given up (`kind` notice), and why."""

    kind: str
    restore: str
    at: str
    why: str
    source: str | None = None
    event: str | None = None
    channel: str | None = None
    next_step: str


class DeadLetterList(Shown):
    """The newest come first."""

    value: list[DeadLetterView]


@frozen
class DeadLetters:
    """The dead letters of every vault, and of what belongs to none."""

    parts: Parts

    def answer(self, call: Call) -> Answer:
        """GET /api/dead-letters?pageSize="""
        known_parameters(call.query, ("pageSize",))
        size = page_size(call.query.get("pageSize"), PAGE)
        rows = (self._of(vault, size) for vault in self.parts.ledger.vaults())
        newest = heapq.merge(*rows, key=lambda row: row.key)
        return json_answer(200, {"value": [dead_view(row) for row in islice(newest, size)]})

    def _of(self, vault: str, limit: int) -> Iterator[Row]:
        return self.parts.ledger.store.scan(row_keys.vault_partition(vault), "dead-", row_keys.until("dead-"), limit)


def dead_view(row: Row) -> dict[str, Any]:
    """A line of `GET /api/dead-letters`, with what can be done."""
    path = f"/api/restores/{row.text('restore')}"
    if row.text("kind") != "notice":
        next_step = f"Correct what is named here and ask again; GET {path} shows what could be read."
    elif row_keys.is_id(row.text("restore")):
        next_step = f"Mend the channel, then POST {path}/notices/{{n}}/resend; GET {path} numbers its notices."
    else:  # an event of an instance
        next_step = "Mend the channel; GET /api/instances shows which instance has no recent recovery point."
    shown = {
        "kind": row.text("kind"),
        "restore": row.text("restore"),
        "at": row.text("at"),
        "why": row.text("why"),
        "source": row.text("source"),
        "event": row.text("event"),
        "channel": row.text("channel"),
        "nextStep": next_step,
    }
    return {name: part for name, part in shown.items() if part}
