"""Dead letters: refused requests whose answer nobody reads, and notices given up; by time. Pure."""

from datetime import datetime

from shared.domain.restore import Restore
from shared.domain.values import iso
from shared.storage import row_keys
from shared.storage.store import Change, Field


def dead_request(restore: Restore, at: datetime) -> Change:
    """The line of a refused request, written with its row."""
    why = restore.error.message if restore.error else ""
    fields: dict[str, Field] = {"kind": "request", "restore": restore.id, "at": iso(at), "why": why[:1000]}
    return Change("put", row_keys.dead(at, restore.id, "request"), {**fields, "source": restore.source})


def dead_notice(restore_id: str, event: str, sequence: int, channel: str, why: str, at: datetime) -> Change:
    """The line of a notice given up, written as it is given up; a resend takes it away."""
    fields: dict[str, Field] = {"kind": "notice", "restore": restore_id, "at": iso(at), "why": why[:1000]}
    more: dict[str, Field] = {"event": event, "sequence": sequence, "channel": channel}
    return Change("put", row_keys.dead(at, restore_id, f"{sequence:04d}-{channel}"), fields | more)
