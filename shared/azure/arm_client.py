"""httpx for ARM: the token as an `httpx.Auth`, time-outs, no redirects, no proxies' credentials, no retries."""

import ssl
import threading
import time
from collections.abc import Callable, Generator
from typing import Protocol

import httpx

from shared import telemetry
from shared.azure.bounded_http import bounded_transport
from shared.azure.one_host import same_origin
from shared.domain.problems import Trouble
from shared.domain.version import AGENT

LOCAL_TOKEN = "local"  # noqa: S105 - a loopback emulator takes any


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


class TokenAuth(httpx.Auth):
    """Adds the bearer token to requests to `endpoint`, and refuses every request to another host. A 401 is
    answered by forgetting the token, never by a second send."""

    def __init__(self, endpoint: str, tokens: Callable[[], str], forget: Callable[[], None]) -> None:
        self._endpoint, self._tokens, self._forget = httpx.URL(endpoint), tokens, forget

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        if not same_origin(request.url, self._endpoint):
            raise Trouble("a request to another host than ARM_ENDPOINT's gets no token; it was not sent")
        request.headers["Authorization"] = f"Bearer {self._tokens()}"
        response = yield request
        if response.status_code == 401:
            self._forget()


def arm_client(
    endpoint: str, auth: httpx.Auth, total: float, keep_alive: bool, verify: ssl.SSLContext | bool = True
) -> httpx.Client:
    """A client for one ARM endpoint. Without `keep_alive` each call has a connection of its own, so that a stale one
    cannot put a POST in doubt. `trust_env` is off: no .netrc, no proxy may touch the token."""
    limits = httpx.Limits(max_connections=40, max_keepalive_connections=20 if keep_alive else 0)
    timeout = httpx.Timeout(connect=total / 6, read=total / 2, write=total / 6, pool=total / 6)
    return httpx.Client(
        base_url=endpoint,
        auth=auth,
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
        transport=bounded_transport(limits, verify),
        event_hooks={"request": [telemetry.mark], "response": [telemetry.count]},
        headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": AGENT},
    )
