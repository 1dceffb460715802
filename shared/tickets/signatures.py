"""Whether a webhook is from who it says: each ticket system's signature over the raw bytes, or a header. Pure.

Compared in constant time; while a secret is rotated, either of the two will do.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.config.desk_file import TicketSource
from shared.domain.problems import Ours
from shared.domain.values import utc
from shared.notices import standard_webhooks

REPLAY_SECONDS = 300


class Unverified(Exception):
    """401: the call is not from who it says, or nobody can tell; the text says why, and no secret."""


@dataclass(frozen=True)
class Call:
    """A webhook's call as it arrived; header names in lower case."""

    headers: Mapping[str, str]
    raw: bytes
    now: datetime


def verify_signature(source: TicketSource, secrets: tuple[str, ...], call: Call) -> None:
    """Nothing, if the call is signed by one of the secrets as its system signs (or carries one); else Unverified."""
    if not secrets or any(not s.strip() or s.startswith("@Microsoft.KeyVault(") for s in secrets):
        raise Unverified("the source has no secret: nothing can be verified")
    if source.auth == "header":
        _match(f"the header {source.header}", call.headers.get(source.header.lower()), secrets)
    elif source.kind in _CHECKS:
        _CHECKS[source.kind](secrets, call)
    else:
        raise Unverified(f"{source.kind} does not sign its calls")


def _github(secrets: tuple[str, ...], call: Call) -> None:
    """https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries"""
    _match("X-Hub-Signature-256", call.headers.get("x-hub-signature-256"), (_hex(s, call.raw) for s in secrets))


def _jira(secrets: tuple[str, ...], call: Call) -> None:
    """https://www.w3.org/TR/websub/#authenticated-content-distribution; of its methods only sha256 is taken."""
    _match("X-Hub-Signature", call.headers.get("x-hub-signature"), (_hex(s, call.raw) for s in secrets))


def _zendesk(secrets: tuple[str, ...], call: Call) -> None:
    """https://developer.zendesk.com/documentation/webhooks/verifying/; the age is ours to check."""
    stamp = call.headers.get("x-zendesk-webhook-signature-timestamp", "")
    signed = stamp.encode("utf-8", "replace") + call.raw
    due = (base64.b64encode(_hmac(s.encode(), signed)).decode() for s in secrets)
    _match("X-Zendesk-Webhook-Signature", call.headers.get("x-zendesk-webhook-signature"), due)
    try:
        at = utc(stamp)
    except (ValueError, OverflowError) as error:
        raise Unverified("X-Zendesk-Webhook-Signature-Timestamp is no time") from error
    _fresh(at, call.now)


def _standard(secrets: tuple[str, ...], call: Call) -> None:
    """https://www.standardwebhooks.com, for systems of one's own."""
    identity, stamp = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
    if not identity or not re.fullmatch(r"[0-9]{1,11}", stamp):
        raise Unverified("webhook-id or webhook-timestamp is missing or unreadable")
    at = datetime.fromtimestamp(int(stamp), UTC)
    try:
        keys = [standard_webhooks.key("the source", secret) for secret in secrets]
    except Ours as error:
        raise Unverified(str(error)) from error
    due = [standard_webhooks.sign([key], identity, at, call.raw)["webhook-signature"] for key in keys]
    given = call.headers.get("webhook-signature", "").split(" ")[:10]
    matches = [_same(one, wanted) for one in given for wanted in due]
    if not any(matches):
        raise Unverified("webhook-signature does not match the body under this source's secret")
    _fresh(at, call.now)


_CHECKS: dict[str, Callable[[tuple[str, ...], Call], None]] = {
    "github": _github,
    "jira": _jira,
    "zendesk": _zendesk,
    "generic": _standard,
}


def _match(header: str, given: str | None, due: Iterable[str]) -> None:
    if not given:
        raise Unverified(f"{header} is missing")
    matches = [_same(given, wanted) for wanted in due]  # each is compared, whichever matches
    if not any(matches):
        raise Unverified(f"{header} does not match under this source's secret")


def _same(given: str, due: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), due.encode())


def _fresh(at: datetime, now: datetime) -> None:
    if abs((now - at).total_seconds()) > REPLAY_SECONDS:
        raise Unverified(
            f"it was signed over {REPLAY_SECONDS // 60} minutes ago (or ahead): a replay, or a wrong clock"
        )


def _hex(secret: str, raw: bytes) -> str:
    return "sha256=" + _hmac(secret.encode(), raw).hex()


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)
