"""The signed query of operation URLs: long, opaque, and refused when one character of the URL changes."""

import base64
import hashlib
import hmac

_CERTIFICATE_BYTES = 1900
_SIGNATURE_BYTES = 256


class Signer:
    """Signs a target (path and query as sent, host left out: a restarted emulator may listen on another port)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._certificate = "MII" + _text(_stretched(key, b"certificate", _CERTIFICATE_BYTES))

    def signed(self, target: str, ticks: int) -> str:
        unsigned = f"{target}&t={ticks}&c={self._certificate}"
        signature = f"{unsigned}&s={_text(_stretched(self._key, unsigned.encode(), _SIGNATURE_BYTES))}"
        return f"{signature}&h={self._digest(signature)}"

    def holds(self, target: str) -> bool:
        signature, mark, digest = target.rpartition("&h=")
        return bool(mark) and hmac.compare_digest(digest.encode(), self._digest(signature).encode())

    def token(self, text: str) -> str:
        """An opaque $skipToken that cannot be made up or changed."""
        return f"{_text(text.encode())}.{self._digest(text)[:16]}"

    def untoken(self, token: str) -> str | None:
        body, _, digest = token.partition(".")
        try:
            text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        except ValueError:
            return None
        return text if hmac.compare_digest(digest.encode(), self._digest(text)[:16].encode()) else None

    def _digest(self, text: str) -> str:
        return _text(hmac.digest(self._key, text.encode(), "sha256"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _stretched(key: bytes, seed: bytes, size: int) -> bytes:
    return hashlib.shake_256(key + seed).digest(size)
