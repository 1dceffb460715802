"""Desks for stories of crashes: one with every kind of channel and ticket system, one whose timer does all it does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from shared.api.http import Call, answered
from shared.api.tickets import TicketIn
from shared.config.desk_file import Desk, parse_desk
from shared.config.settings import from_environment
from shared.notices.messages import Message
from shared.notices.notifier import Notifier
from shared.storage.wake_queue import QueueState
from shared.sweep.points_look import PointsLook
from shared.sweep.retention import Retention
from shared.sweep.timer import Upkeep
from tests.kits.desk_kit import ENVIRON, Process
from tests.kits.fakes import Posts
from tests.kits.ticket_door import ENVIRON as TICKET_SECRETS
from tests.kits.ticket_door import Door, no_keys
from tests.kits.ticket_samples import SAMPLES, saved
from tests.kits.world import World

SECRET = "a-secret-that-is-long-enough"
PEOPLE = ("JIRA_USER", "JIRA_TOKEN", "SERVICENOW_USER", "SERVICENOW_PASSWORD", "ZENDESK_USER", "ZENDESK_TOKEN")
SECRETS = dict.fromkeys(PEOPLE, SECRET) | {
    "GITHUB_TOKEN": SECRET,
    "PAGER_KEY": "0123456789abcdef0123456789abcdef",
    "CHAT_URL": "https://hooks.slack.com/services/T0/B0/x",
    "TEAM_URL": "https://prod-1.westeurope.logic.azure.com/workflows/x",
}
EVERY_CHANNEL = """
[http]
instances = ["*"]
targets = ["drills"]
[channels.chat]
kind = "slack"
url = { env = "CHAT_URL" }
default = true
[channels.team]
kind = "teams"
url = { env = "TEAM_URL" }
default = true
[channels.pager]
kind = "pagerduty"
secret = { env = "PAGER_KEY" }
default = true
[channels.grid]
kind = "eventgrid"
url = "https://topic.westeurope-1.eventgrid.azure.net/api/events"
default = true
[channels.out]
kind = "queue"
url = "https://told.queue.core.windows.net/restores"
default = true
"""


def every_desk() -> Desk:
    """The samples' ticket systems, and a channel of each kind that hears of all."""
    return parse_desk((SAMPLES / "desk.toml").read_text(encoding="utf-8") + EVERY_CHANNEL)


@dataclass
class Polite(Posts):
    """Answers as each kind of channel does."""

    codes: dict[str, int] = field(default_factory=lambda: {"queue.core": 201, "pagerduty": 202, "logic.azure": 202})

    def __call__(self, message: Message) -> tuple[int, bytes, dict[str, str]]:
        status, said, _ = super().__call__(message)
        if status != 200:
            return status, said, {"retry-after": "30", "date": "Thu, 01 Oct 2026 12:00:00 GMT"}
        host = next((code for name, code in self.codes.items() if name in message.url), 200)
        return host, b"ok" if "slack" in message.url else b"{}", {}


class Ticking(Process):
    """Its timer sweeps, removes what is old, looks at points and at containers."""

    @cached_property
    def upkeep(self) -> Upkeep:
        p = self.parts
        retention = Retention(p.ledger, p.outbox, 30)
        return Upkeep(self.sweep, p.board, retention, PointsLook(p), QueueState, p.now, self.cleanup, self.strangers)

    @cached_property
    def notifier(self) -> Notifier:
        p = self.parts
        return Notifier(p.outbox, p.read_desk, ENVIRON | SECRETS, self.posts, p.now, p.jitter, p.pace)

    def tick(self) -> None:
        self.upkeep.run()

    @cached_property
    def ticket_in(self) -> TicketIn:
        given = {"AzureWebJobsStorage": "AccountName=desk", "ARM_ENDPOINT": "http://127.0.0.1:9"}
        return TicketIn(self.parts, self.intake, from_environment(given | TICKET_SECRETS, Path()), no_keys)


def _signed(world: World, name: str, raw: bytes) -> dict[str, str]:
    door = object.__new__(Door)  # its world stays as it is
    door.world = world
    return door.signed(name, raw)


def hear(
    world: World, process: Ticking, name: str, raw: bytes, more: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str]]:
    """A ticket system's event at the desk's door, signed as its system signs it."""
    signed = _signed(world, name, raw)
    headers = {key.lower(): text for key, text in {**saved(name)["headers"], **signed}.items()} | dict(more or {})
    answer = answered(process.ticket_in.answer, Call({"source": name}, {}, headers, raw))
    return answer.status, json.loads(answer.body)
