"""Saved events of each ticket system, and the desk whose mappings read them."""

import json
from pathlib import Path
from typing import Any

from shared.config.desk_file import Desk, parse_desk
from shared.tickets.event import event_of
from shared.tickets.mapping import Ignored, Mapped, map_event

SAMPLES = Path(__file__).parents[1] / "samples" / "tickets"
DESK = parse_desk((SAMPLES / "desk.toml").read_text(encoding="utf-8"))


def saved(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def mapped(name: str, sample: Any, desk: Desk = DESK) -> Mapped | Ignored:
    event = event_of(desk.tickets[name], sample["headers"], json.dumps(sample["body"]).encode())
    return map_event(name, desk.tickets[name], event)
