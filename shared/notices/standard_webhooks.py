"""Signatures as https://www.standardwebhooks.com has them: id, timestamp and body under each secret. Pure."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from shared.domain.problems import Ours


def key(what: str, secret: str) -> bytes:
    """The key in a secret (`whsec_` + base64), or Ours: another receiver would read a looser text another way."""
    text = secret.removeprefix("whsec_")
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) < 16:
        raise Ours(
            f"{what}: its secret must be whsec_ and the base64 of 24 to 64 random bytes: openssl rand -base64 32"
        )
    return found


def sign(keys: list[bytes], identity: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers; `webhook-signature` holds one signature per key, so both work while one is rotated."""
    timestamp = str(int(at.timestamp()))
    signed = f"{identity}.{timestamp}.".encode() + body
    each = (base64.b64encode(hmac.digest(one, signed, hashlib.sha256)).decode() for one in keys)
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in each),
    }
