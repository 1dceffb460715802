"""HTTP to ARM, with its token and to its own host alone: one deadline a call, no redirects, no proxies, no retries.

A worker's first message and first tick wait for what they import: httpx and what stands below it take 40 CPU ms.
"""

import json
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from shared import telemetry
from shared.azure.one_host import Link, link_on
from shared.domain.problems import Trouble
from shared.domain.version import AGENT
from shared.frozen import frozen
from shared.wire.http import TOO_LARGE, Answer, NoAnswer

LOCAL_TOKEN = "local"  # noqa: S105 - a loopback emulator takes any
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": AGENT}


class AccessToken(Protocol):
    """What azure-identity gives."""

    @property
    def token(self) -> str: ...

    @property
    def expires_on(self) -> int: ...


class Tokens:
    """The current ARM token, fetched again five minutes before it ends."""

    def __init__(self, get_token: Callable[[], AccessToken]) -> None:
        self._get_token = get_token
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def __call__(self) -> str:
        with self._lock:
            if self._token is None or self._token.expires_on - time.time() < 300:
                self._token = self._get_token()
            return self._token.token

    def forget(self) -> None:
        """After a 401: the next call fetches again."""
        with self._lock:
            self._token = None


class Caller(Protocol):
    """`shared.wire.http.Http`, or what stands for it."""

    def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        most: int,
        before: Callable[[], None] | None = None,
    ) -> Answer: ...


@frozen
class ArmClient:
    """Calls to one endpoint. A 401 is answered by forgetting the token, never by a second send."""

    http: Caller
    endpoint: str
    token: Callable[[], str]
    forget: Callable[[], None] = lambda: None

    def call(
        self,
        method: str,
        link: Link,
        body: object,
        headers: Mapping[str, str],
        seconds: float,
        most: int,
        before: Callable[[], None] | None = None,
    ) -> Answer:
        """The answer, whatever its status, of `most` bytes at the most when it is unpacked. NotSent and NoAnswer of the
        wire; Trouble if there is no token. `before`: on a connection of its own, and called before its first byte."""
        if link_on(self.endpoint, link.url) != link:
            raise Trouble("a request to another host than ARM_ENDPOINT's gets no token; it was not sent")
        began, token = time.monotonic(), self._carried()
        packed = None if body is None else _json(body)
        said = {**HEADERS, **telemetry.headers(), **headers, "Authorization": f"Bearer {token}"}
        if packed is not None:
            said["Content-Type"] = "application/json"
        sent = time.monotonic()
        left = seconds - (sent - began)
        if left <= 0:
            raise Trouble("the token for Azure came too late for this call; nothing was sent")
        try:
            answer = self.http.call(method, link.url, said, packed, left, most, before)
        except NoAnswer as none:
            if none.head:
                self._heard(method, link, said, none.head, sent)
            raise
        self._heard(method, link, said, answer, sent)
        return _unpacked(answer, most)

    def _carried(self) -> str:
        token = self.token()
        if not (token.isascii() and token.isprintable()):
            raise Trouble("the token for Azure holds characters that no header can carry; nothing was sent")
        return token

    def _heard(self, method: str, link: Link, said: Mapping[str, str], answer: Answer, sent: float) -> None:
        telemetry.count(method, link.path, said, answer.status, answer.headers, time.monotonic() - sent)
        if answer.status == 401:
            self.forget()


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _unpacked(answer: Answer, most: int) -> Answer:
    """Unpacks no more than `most` bytes: a small answer may be packed from gigabytes."""
    packing = answer.headers.get("content-encoding", "").strip().lower()
    if packing in ("", "identity") or not answer.body:
        return answer
    head = replace(answer, body=b"")
    if packing not in ("gzip", "x-gzip"):
        raise NoAnswer("PackedOtherwise", head)
    packed = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = packed.decompress(answer.body, most + 1)
    except zlib.error as error:
        raise NoAnswer("CannotBeUnpacked", head) from error
    if len(body) > most:
        raise NoAnswer(TOO_LARGE, head)
    if not packed.eof:
        raise NoAnswer("CannotBeUnpacked", head)
    return replace(answer, body=body)
