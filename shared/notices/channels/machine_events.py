"""The restore's event for machines: CloudEvents 1.0 to a webhook, an Event Grid topic or a storage queue. Pure."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from shared.domain.clouds import Cloud
from shared.domain.text import dumped, plain, within
from shared.domain.values import iso
from shared.domain.version import AGENT
from shared.notices import standard_webhooks
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
WEBHOOK_LIMIT = 20_000  # Standard Webhooks: payloads under 20 KB
EVENT_GRID_LIMIT = 60_000  # one billed unit of 64 KB, with room for headers
QUEUE_LIMIT = (
    64 * 1024
)  # of a message's text, in bytes: https://learn.microsoft.com/rest/api/storageservices/put-message


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


def webhook(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """CloudEvents with Standard Webhooks signatures; `webhook-id` is the event's id on every attempt."""
    body = dumped(cloud_event(facts, WEBHOOK_LIMIT))
    keys = [standard_webhooks.key(f"channels.{channel.name}", secret) for secret in channel.secrets]
    headers = {"content-type": CONTENT_TYPE, "user-agent": AGENT}
    return Message("POST", channel.url, headers | standard_webhooks.sign(keys, facts.event_id, at, body), body)


def eventgrid(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """To a custom topic with the CloudEvents schema; by managed identity, or by its key where one is given."""
    parts = urlsplit(channel.url)
    url = channel.url if parts.path not in ("", "/") else f"{channel.url}/api/events"
    url = url if parts.query else f"{url}?api-version=2018-01-01"
    headers = {"content-type": CONTENT_TYPE, "user-agent": AGENT}
    if channel.secrets:
        headers["aeg-sas-key"] = channel.secrets[0]
    scope = None if channel.secrets else f"https://{channel.cloud.eventgrid_suffix}/.default"
    return Message("POST", url, headers, dumped(cloud_event(facts, EVENT_GRID_LIMIT)), scope)


def queue(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """Put Message on a storage queue, never to expire; by managed identity, or by a signed URL (SAS)."""
    parts = urlsplit(channel.url)
    signed = any(name == "sig" for name, _ in parse_qsl(parts.query))
    base = parts._replace(query="").geturl().rstrip("/")
    url = f"{base}/messages?messagettl=-1" + (f"&{parts.query}" if parts.query else "")
    headers = {
        "content-type": "application/xml",
        "user-agent": AGENT,
        "x-ms-version": "2021-12-02",
        "x-ms-date": format_datetime(at.astimezone(UTC), usegmt=True),
    }
    scope = None if signed else _queue_scope(parts.hostname or "", channel.cloud)
    return Message("POST", url, headers, _put_message(facts, channel.encoding), scope)


def _queue_scope(host: str, cloud: Cloud) -> str:
    """A token for this account alone, whatever the cloud; a host with a DNS zone is known by the general name only."""
    account, _, rest = host.partition(".")
    known = rest == f"queue.{cloud.storage_suffix}"
    return f"https://{account}.{rest}/.default" if known else "https://storage.azure.com/.default"


def _put_message(facts: Facts, encoding: str) -> bytes:
    if encoding == "base64":
        text = base64.b64encode(dumped(cloud_event(facts, QUEUE_LIMIT * 3 // 4)))
    else:
        text = _as_xml(cloud_event(facts, QUEUE_LIMIT, _as_xml))
    return b"<QueueMessage><MessageText>" + text + b"</MessageText></QueueMessage>"


def _as_xml(value: Any) -> bytes:
    """ASCII only: XML has no room for some of what JSON may hold."""
    return escape(json.dumps(value, separators=(",", ":"), allow_nan=False)).encode()
