"""The token of the app's managed identity, asked of the platform's own endpoint on this host.

azure-identity does the same and much more; it takes 90 CPU ms of a cold start, so it serves every other identity.
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from threading import Lock
from urllib.parse import urlencode

from shared.frozen import frozen
from shared.wire.http import Answer, Http, NoAnswer, NotSent

WAITS = (0.2, 0.8, 2.0)  # seconds before each further try
SECONDS, MOST = 10.0, 64 * 1024
EARLY = 300  # seconds before its end at which a token is asked for anew
# with one of these azure-identity's chain would find another identity before the platform's, or another platform
OTHERS = (
    "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_TOKEN_CREDENTIALS", "IMDS_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT",
)  # fmt: skip


class NoToken(Exception):
    """The endpoint gave none; the message says why, without an address."""


@frozen
class Token:
    """As azure-identity gives it; `expires_on` in seconds since 1970."""

    token: str = field(repr=False)
    expires_on: int


class Credential:
    """Tokens by scope. Five minutes before its end a new one is requested; if that fails, the old one is used on."""

    def __init__(self, ask: Callable[[str], Token], now: Callable[[], float] = time.time) -> None:
        self._ask, self._now, self._lock = ask, now, Lock()
        self._tokens: dict[str, Token] = {}

    def get_token(self, scope: str) -> Token:
        """A token for `https://…/.default`; NoToken."""
        if fresh := self._kept(scope, EARLY):  # waits for nobody who asks for another one
            return fresh
        with self._lock:
            return self._kept(scope, EARLY) or self._asked(scope)

    def _kept(self, scope: str, seconds: float) -> Token | None:
        """The kept token, if it is good for so long."""
        known = self._tokens.get(scope)
        return known if known and known.expires_on - self._now() >= seconds else None

    def _asked(self, scope: str) -> Token:
        try:
            self._tokens[scope] = self._ask(scope)
        except NoToken:
            if (kept := self._kept(scope, 1)) is None:
                raise
            return kept
        return self._tokens[scope]


class ManagedIdentity:
    """Asks the endpoint that the environment names."""

    def __init__(
        self,
        http: Http,
        environ: Mapping[str, str],
        client_id: str | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http, self._endpoint, self._sleep = http, environ["IDENTITY_ENDPOINT"], sleep
        self._headers = {"X-IDENTITY-HEADER": environ["IDENTITY_HEADER"]}
        self._client_id = client_id or environ.get("AZURE_CLIENT_ID")

    def ask(self, scope: str) -> Token:
        """A new token; NoToken."""
        who = {"client_id": self._client_id} if self._client_id else {}
        query = urlencode({"api-version": "2019-08-01", "resource": scope.removesuffix("/.default"), **who})
        for wait in (*WAITS, None):
            try:
                answer = self._http.call("GET", f"{self._endpoint}?{query}", self._headers, None, SECONDS, MOST)
            except (NotSent, NoAnswer) as error:
                why = str(error)
            else:
                if answer.status == 200:
                    return _read(answer)
                why = str(answer.status)
                if answer.status < 500 and answer.status not in (404, 408, 410, 429):
                    break
            if wait is not None:
                self._sleep(wait)
        raise NoToken(f"the identity's endpoint gave no token ({why})")


def _read(answer: Answer) -> Token:
    try:
        value = json.loads(answer.body)
        return Token(str(value["access_token"]), int(value["expires_on"]))
    except (ValueError, KeyError, TypeError) as error:
        raise NoToken("the identity's endpoint gave an answer without a token") from error


def served(environ: Mapping[str, str]) -> bool:
    """Whether the platform's endpoint is what azure-identity's chain would ask first."""
    return all(environ.get(name) for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")) and not any(
        environ.get(name) for name in OTHERS
    )
