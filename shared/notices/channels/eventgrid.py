"""An Event Grid custom topic: CloudEvents by managed identity, or by the topic's key. Pure."""

from datetime import datetime
from urllib.parse import urlsplit

from shared.domain.text import dumped
from shared.domain.version import AGENT
from shared.notices.channels.cloud_events import CONTENT_TYPE, cloud_event
from shared.notices.channels.kind import ChannelKind
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved

LIMIT = 60_000  # one billed unit of 64 KB, with room for headers


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """To a custom topic with the CloudEvents schema; by managed identity, or by its key if one is given."""
    parts = urlsplit(channel.url)
    url = channel.url if parts.path not in ("", "/") else f"{channel.url}/api/events"
    url = url if parts.query else f"{url}?api-version=2018-01-01"
    headers = {"content-type": CONTENT_TYPE, "user-agent": AGENT}
    if channel.secrets:
        headers["aeg-sas-key"] = channel.secrets[0]
    scope = None if channel.secrets else f"https://{channel.cloud.eventgrid_suffix}/.default"
    return Message("POST", url, headers, dumped(cloud_event(facts, LIMIT)), scope)


KIND = ChannelKind(
    compose=compose, took=lambda status, body: status == 200, needs=frozenset({"url"}), service="eventgrid"
)
