"""One service of a storage account: whose calls they are, and which are sent again when they fail."""

import base64
import hashlib
import hmac
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from email.utils import formatdate
from urllib.parse import urlsplit

from shared.domain.version import AGENT
from shared.frozen import frozen
from shared.wire.http import Answer, Http, NoAnswer, NotSent
from shared.wire.identity import NoToken

SCOPE = "https://storage.azure.com/.default"
WAITS = (0.0, 1.6, 3.2)  # seconds before each further try; Retry-After may ask for more
SECONDS, TOTAL = 20.0, 45.0  # of one try, and of all
MOST = 16 * 2**20  # bytes of an answer; a page of the table has 4 MiB at most
PASSING = frozenset({408, 429, 500, 502, 503, 504})
PASSING_ONCE = frozenset({429, 500, 503, 504})  # of a call that must not be done twice unnoticed

type Authorize = Callable[[str, Mapping[str, str]], str]  # path and headers → Authorization


class Unanswered(Exception):
    """No answer came; the message names what happened, without an address."""


def bearer(token: Callable[[str], str]) -> Authorize:
    """An identity's token; Unanswered if there is none."""

    def authorize(path: str, headers: Mapping[str, str]) -> str:
        try:
            return f"Bearer {token(SCOPE)}"
        except NoToken as error:
            raise Unanswered(str(error)) from error

    return authorize


def shared_key(account: str, key: str) -> Authorize:
    """The account's key, as tables take it (Shared Key Lite)."""
    secret = base64.b64decode(key)

    def authorize(path: str, headers: Mapping[str, str]) -> str:
        said = f"{headers['x-ms-date']}\n/{account}{path}".encode()
        return f"SharedKeyLite {account}:{base64.b64encode(hmac.digest(secret, said, hashlib.sha256)).decode()}"

    return authorize


@frozen
class Service:
    """Calls to one service; `sas` is a shared access signature, which takes the place of `authorize`."""

    http: Http
    url: str
    version: str
    authorize: Authorize | None = None
    sas: str = field(default="", repr=False)
    waits: tuple[float, ...] = WAITS
    seconds: float = SECONDS
    total: float = TOTAL
    sleep: Callable[[float], None] = time.sleep

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        query: str = "",
    ) -> Answer:
        """The answer, whatever its status; Unanswered. `path` and `query` are encoded already, `path` begins with a
        slash. Sent again: what was not sent, a read or a PUT without an answer, a status that passes."""
        again, end = method in ("GET", "PUT"), time.monotonic() + self.total
        for wait in (*self.waits, math.inf):
            seconds = min(self.seconds, end - time.monotonic())
            try:
                answer = self._once(method, path, headers or {}, body, query, seconds)
                pause = max(wait, _asked_for(answer))
                if answer.status not in (PASSING if again else PASSING_ONCE) or time.monotonic() + pause > end:
                    return answer
            except (NotSent, NoAnswer) as error:
                pause, may = wait, again or isinstance(error, NotSent)
                if not may or time.monotonic() + pause > end:
                    raise Unanswered(str(error)) from error
            self.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, query: str, seconds: float
    ) -> Answer:
        said = {"x-ms-version": self.version, "x-ms-date": formatdate(usegmt=True), "User-Agent": AGENT, **headers}
        place = f"{self.url.rstrip('/')}{path}"
        if self.authorize:
            said["Authorization"] = self.authorize(urlsplit(place).path, said)
            if said["Authorization"].startswith("Bearer ") and not place.startswith("https://"):
                raise Unanswered("a token is sent over https only; nothing was sent")
        asked = "&".join(part for part in (query, self.sas) if part)
        url = f"{place}?{asked}" if asked else place
        return self.http.call(method, url, said, body, seconds, MOST)


def _asked_for(answer: Answer) -> float:
    """Seconds of Retry-After."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0
