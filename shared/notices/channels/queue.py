"""A storage queue: CloudEvents by managed identity, or by a signed URL. Pure."""

import base64
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from shared.domain.clouds import Cloud
from shared.domain.text import dumped
from shared.domain.version import AGENT
from shared.notices.channels.cloud_events import cloud_event
from shared.notices.channels.kind import ChannelKind
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved

LIMIT = 64 * 1024  # bytes of a message's text: https://learn.microsoft.com/rest/api/storageservices/put-message


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
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
        text = base64.b64encode(dumped(cloud_event(facts, LIMIT * 3 // 4)))
    else:
        text = _as_xml(cloud_event(facts, LIMIT, _as_xml))
    return b"<QueueMessage><MessageText>" + text + b"</MessageText></QueueMessage>"


def _as_xml(value: Any) -> bytes:
    """ASCII only: XML has no room for some of what JSON may hold."""
    return escape(json.dumps(value, separators=(",", ":"), allow_nan=False)).encode()


KIND = ChannelKind(compose=compose, took=lambda status, body: status == 201, needs=frozenset({"url"}), service="queue")
