"""What the tests of notices share: sample facts with changes, a channel, and the lines of a notice."""

from datetime import UTC, datetime
from typing import Any

from shared.notices.facts import Facts
from shared.notices.messages import Kind, Resolved
from shared.notices.notice_text import Notice, notice_of
from shared.notices.sample import sample_facts

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PORTAL = "https://portal.azure.com"
SITES = frozenset({"https://x.example", "https://contoso.service-now.com"})


def facts(event: str = "succeeded", **changes: Any) -> Facts:
    return sample_facts(event, AT).model_copy(update=changes)


def channel(kind: Kind, **more: Any) -> Resolved:
    return Resolved("c", kind, "https://channel.example", **{"secrets": (SECRET,), "user": "bot"} | more)


def notice(**changes: Any) -> Notice:
    return notice_of(facts(**changes), PORTAL, SITES)


def row(found: Notice, label: str) -> str | None:
    return next((one.text for one in found.rows if one.label == label), None)
