"""The restore's event for machines, as CloudEvents 1.0: what webhook, Event Grid and queue send. Pure."""

from collections.abc import Callable
from typing import Any

from shared.domain.text import dumped, plain, within
from shared.domain.values import iso
from shared.notices.facts import Facts

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def cloud_event(facts: Facts, limit: int, text_of: Callable[[Any], bytes] = dumped) -> dict[str, Any]:
    """The event in the structured form, within `limit` bytes as `text_of` writes it."""
    subject = f"restores/{facts.restore}" if facts.about == "restore" else f"instances/{plain(facts.name)}"
    event = {
        "specversion": "1.0",
        "id": facts.event_id,
        "source": "/restore-desk",
        "type": f"restoredesk.{facts.about}.{facts.event}.v1",
        "subject": subject,
        "time": iso(facts.at),
        "sequence": f"{facts.sequence:010d}",  # text in the order of its numbers, as the extension asks
        "datacontenttype": "application/json",
    }
    frame = len(text_of({**event, "data": 0}))
    return {**event, "data": within(facts.json_value(), limit - frame, text_of)}
