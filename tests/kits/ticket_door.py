"""The ticket systems' door of a desk on fakes: each event signed as its system signs it, the answer and what came."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.api.http import Answer, Call, answered
from shared.api.tickets import TicketIn
from shared.config.desk_file import Desk
from shared.config.settings import from_environment
from shared.domain.restore import Restore
from shared.domain.values import iso
from shared.notices import standard_webhooks
from shared.tickets.signatures import Unverified
from tests.kits.desk_kit import Process
from tests.kits.ticket_samples import DESK, saved
from tests.kits.world import World

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SYSTEMS = ("jira", "servicenow", "zendesk", "github", "portal")
ENVIRON = {f"{name.upper()}_SECRET": SECRET for name in SYSTEMS}


def no_keys(tenant: str, key_id: str) -> Any:
    """No tenant's key is known here."""
    raise Unverified(f"{tenant} has no key {key_id}")


@dataclass
class Door:
    """`door.send("jira", body)`: the answer as JSON."""

    desk: Desk = DESK
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.world.desk = self.desk
        for entry in self.desk.instances.values():
            self.world.azure.listed_instances += (entry.id.rsplit("/", 1)[-1],)

    @cached_property
    def process(self) -> Process:
        return self.world.process()

    @cached_property
    def ticket_in(self) -> TicketIn:
        settings = from_environment(
            {"AzureWebJobsStorage": "AccountName=desk", "ARM_ENDPOINT": "http://127.0.0.1:9", **ENVIRON}, Path()
        )
        return TicketIn(self.process.parts, self.process.intake, settings, no_keys)

    def send(self, name: str, body: Any, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Posts an event of a source, as JSON or as the bytes given; the answer, read, with its status as `http`."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**saved(name)["headers"], **(headers or {}), **self.signed(name, raw)}
        call = Call({"source": name}, {}, {key.lower(): text for key, text in sent.items()}, raw)
        answer: Answer = answered(self.ticket_in.answer, call)
        return {"http": answer.status, **json.loads(answer.body)}

    def signed(self, name: str, raw: bytes) -> dict[str, str]:
        """The headers that prove an event to be its system's."""
        hexed = "sha256=" + hmac.digest(SECRET.encode(), raw, hashlib.sha256).hex()
        now = self.world.clock.now()
        if name == "jira":
            return {"X-Hub-Signature": hexed}
        if name == "github":
            return {"X-Hub-Signature-256": hexed}
        if name == "servicenow":
            return {"X-Desk-Secret": SECRET}
        if name == "zendesk":
            stamp = iso(now)
            proof = base64.b64encode(hmac.digest(SECRET.encode(), stamp.encode() + raw, hashlib.sha256)).decode()
            return {"X-Zendesk-Webhook-Signature": proof, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
        key = standard_webhooks.key("x", SECRET)
        return dict(standard_webhooks.sign([key], saved(name)["headers"]["webhook-id"], now, raw))

    def restore(self, answer: Mapping[str, Any]) -> Restore:
        """The restore that an answer names."""
        found = self.process.parts.ledger.load(answer["restore"])
        assert found is not None
        return found
