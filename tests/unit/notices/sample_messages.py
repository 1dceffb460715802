"""The message that each kind of channel is sent for a sample event."""

import json
from typing import Any

from shared.notices.channels.registry import compose
from shared.notices.facts import Facts
from shared.notices.messages import Kind, Message, Resolved
from shared.notices.sample import sample_facts
from tests.unit.notices.kit import AT, SECRET

SITES = frozenset({"https://contoso.service-now.com"})
TICKETS: dict[Kind, dict[str, str]] = {
    "servicenow": {"system": "servicenow", "id": "RITM1", "ref": f"sc_req_item/{'0a' * 16}"},
    "jira": {"system": "jira", "id": "OPS-12", "ref": "OPS-12"},
    "zendesk": {"system": "zendesk", "id": "35436", "ref": "35436"},
    "github": {"system": "github", "id": "contoso/restores#42", "ref": "contoso/restores/issues/42"},
}


def channel(kind: Kind, **more: Any) -> Resolved:
    return Resolved(
        "c",
        kind,
        "https://channel.example",
        **{"secrets": (SECRET,), "user": "bot@contoso.com", "ticket_sites": SITES} | more,
    )


def about(kind: Kind, event: str = "succeeded") -> Facts:
    """The sample facts, with a ticket of the channel's own system where it writes to one."""
    facts = sample_facts(event, AT)
    return facts.model_copy(update={"ticket": TICKETS[kind]}) if kind in TICKETS else facts


def sent(kind: Kind, event: str = "succeeded", **more: Any) -> Message:
    return compose(about(kind, event), channel(kind, **more), AT)


def body_of(message: Message) -> Any:
    return json.loads(message.body)
