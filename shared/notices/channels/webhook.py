"""Any service of yours: CloudEvents with Standard Webhooks signatures. Pure."""

from datetime import datetime

from shared.domain.text import dumped
from shared.domain.version import AGENT
from shared.notices import standard_webhooks
from shared.notices.channels.cloud_events import CONTENT_TYPE, cloud_event
from shared.notices.channels.kind import ChannelKind, any_2xx
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved

LIMIT = 20_000  # Standard Webhooks: payloads under 20 KB


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """CloudEvents with Standard Webhooks signatures; `webhook-id` is the event's id on every attempt."""
    body = dumped(cloud_event(facts, LIMIT))
    keys = [standard_webhooks.key(f"channels.{channel.name}", secret) for secret in channel.secrets]
    headers = {"content-type": CONTENT_TYPE, "user-agent": AGENT}
    return Message("POST", channel.url, headers | standard_webhooks.sign(keys, facts.event_id, at, body), body)


KIND = ChannelKind(
    compose=compose,
    took=any_2xx,
    needs=frozenset({"url", "secret"}),
    check_secret=lambda what, secret: bool(standard_webhooks.key(what, secret)),
)
