"""How a signature is compared: in constant time, under each of a source's secrets, and not when it is old. Pure."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

from shared.frozen import frozen

REPLAY_SECONDS = 300


class Unverified(Exception):
    """401: the call is not from who it says, or nobody can tell; the text says why, and no secret."""


@frozen
class Call:
    """A webhook's call as it arrived; header names in lower case."""

    headers: Mapping[str, str]
    raw: bytes
    now: datetime


def match(header: str, given: str | None, due: Iterable[str]) -> None:
    """Unverified unless the header's value is one of those that are due."""
    if not given:
        raise Unverified(f"{header} is missing")
    matches = [same(given, wanted) for wanted in due]  # each is compared, whichever matches
    if not any(matches):
        raise Unverified(f"{header} does not match under this source's secret")


def same(given: str, due: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), due.encode())


def fresh(at: datetime, now: datetime) -> None:
    """Unverified unless `at` is within five minutes of now."""
    if abs((now - at).total_seconds()) > REPLAY_SECONDS:
        raise Unverified(
            f"it was signed over {REPLAY_SECONDS // 60} minutes ago (or ahead): a replay, or a wrong clock"
        )


def sha256_of(secret: str, raw: bytes) -> str:
    """`sha256=` and the HMAC in hex."""
    return "sha256=" + hmac_of(secret, raw).hex()


def hmac_of(secret: str, data: bytes) -> bytes:
    """The HMAC-SHA256 of `data`, as bytes."""
    return hmac.digest(secret.encode(), data, hashlib.sha256)
