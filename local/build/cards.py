"""The samples in docs/channels.md, made by what makes the notices: `python3 -m local.build.cards docs/channels.md`."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.notices.channels.registry import compose
from shared.notices.messages import Kind, Resolved
from shared.notices.sample import sample_facts

BEGIN, END = "<!-- samples: made by local/build/cards.py, not by hand -->", "<!-- end of samples -->"
AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_SECRET = "whsec_c2FtcGxlIGtleSwgbm90IGEgc2VjcmV0IQ=="  # noqa: S105 - it signs nothing but the samples
_TICKETS = {
    "servicenow": ("RITM0012345", "sc_req_item/0123456789abcdef0123456789abcdef"),
    "jira": ("OPS-12", "OPS-12"),
    "zendesk": ("35436", "35436"),
    "github": ("contoso/restores#42", "contoso/restores/issues/42"),
}
_WHAT: list[tuple[str, Kind, str]] = [
    ("Teams, a restore that succeeded", "teams", "succeeded"),
    ("Teams, a restore that failed", "teams", "failed"),
    ("Slack", "slack", "succeeded"),
    ("PagerDuty", "pagerduty", "failed"),
    ("A webhook, an Event Grid topic, a queue", "webhook", "succeeded"),
    ("ServiceNow, a work note", "servicenow", "succeeded"),
    ("Jira, an internal note", "jira", "failed"),
    ("Zendesk, a private comment", "zendesk", "refused"),
    ("GitHub, a comment", "github", "succeeded"),
]


_SITES = frozenset({"https://contoso.service-now.com"})


def samples() -> str:
    """Every sample, as Markdown."""
    return "\n".join(line for title, kind, event in _WHAT for line in _sample(title, kind, event))


def _sample(title: str, kind: Kind, event: str) -> Iterator[str]:
    facts = sample_facts(event, AT)
    if kind in _TICKETS:
        identity, ref = _TICKETS[kind]
        facts = facts.model_copy(update={"ticket": {"system": kind, "id": identity, "ref": ref}})
    channel = Resolved("sample", kind, "https://channel.example", (_SECRET,), "desk@contoso.com", ticket_sites=_SITES)
    message = compose(facts, channel, AT)
    body = json.loads(message.body)
    text = _text(body)
    yield f"### {title}\n"
    yield f"`{message.method} {message.url.removeprefix('https://channel.example') or 'the URL of the webhook'}`\n"
    yield (
        f"```text\n{text}\n```\n"
        if text
        else f"```json\n{json.dumps(_without_secret(body), indent=2, ensure_ascii=False)}\n```\n"
    )


def _text(body: dict[str, Any]) -> str | None:
    """The words of a comment, where a message is little else."""
    comment = body.get("ticket", {}).get("comment", body)
    found = comment.get("work_notes") or comment.get("body")
    return found if isinstance(found, str) else None


def _without_secret(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "routing_key": "…"} if "routing_key" in body else body


def embedded(page: str) -> str:
    """The page with its samples as the code makes them now."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{samples()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    where = Path(sys.argv[1])
    where.write_text(embedded(where.read_text(encoding="utf-8")), encoding="utf-8")
