"""The token of the platform's own identity, and every other identity by azure-identity."""

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.composition import App
from shared.config.settings import from_environment
from shared.domain.problems import Trouble
from shared.storage.store import Change
from shared.storage.wake_queue import QueueState
from shared.wire import sdk_identity
from shared.wire.http import Answer, Http, NoAnswer, NotSent
from shared.wire.identity import OTHERS, Credential, ManagedIdentity, NoToken, Token, served

HERE = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token", "IDENTITY_HEADER": "sesame"}
SCOPE = "https://management.azure.com/.default"


class Endpoint:
    """The platform's: it answers as planned, the last answer again and again."""

    def __init__(self, *answers: tuple[int, Any] | Exception) -> None:
        self.answers, self.asked, self.headers = list(answers), list[str](), dict[str, str]()

    def call(self, method: str, url: str, headers: Mapping[str, str], body: Any, seconds: float, most: int) -> Answer:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(url)
        self.headers = dict(headers)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer[0], "", {}, json.dumps(answer[1]).encode())


def good(expires: object = "2000") -> tuple[int, Any]:
    return 200, {"access_token": "right", "expires_on": expires}


def identity(endpoint: Endpoint, client: str | None = "me", **more: str) -> tuple[ManagedIdentity, list[float]]:
    slept: list[float] = []
    return ManagedIdentity(cast("Http", endpoint), {**HERE, **more}, client, slept.append), slept


def test_the_platforms_endpoint_is_asked_as_it_wants_to_be() -> None:
    endpoint = Endpoint(good())
    assert identity(endpoint)[0].ask(SCOPE) == Token("right", 2000)
    query = "?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com"
    assert endpoint.asked == [f"{HERE['IDENTITY_ENDPOINT']}{query}&client_id=me"]
    assert endpoint.headers == {"X-IDENTITY-HEADER": "sesame"}
    identity(endpoint, None)[0].ask(SCOPE)
    identity(endpoint, None, AZURE_CLIENT_ID="it")[0].ask(SCOPE)
    assert [url.partition("azure.com")[2] for url in endpoint.asked[1:]] == ["", "&client_id=it"]
    assert "right" not in repr(Token("right", 1))


@pytest.mark.parametrize("first", [(500, {}), (429, {}), (404, {}), NotSent("x"), NoAnswer("x")])
def test_what_may_pass_is_asked_again(first: tuple[int, Any] | Exception) -> None:
    asks, slept = identity(Endpoint(first, good(2000)))
    assert asks.ask(SCOPE) == Token("right", 2000)
    assert slept == [0.2]
    asks, slept = identity(Endpoint(first))
    with pytest.raises(NoToken):
        asks.ask(SCOPE)
    assert slept == [0.2, 0.8, 2.0]


@pytest.mark.parametrize("answer", [(400, {}), (403, {}), (200, {}), (200, []), good("soon")])
def test_what_does_not_pass_is_no_token_at_once(answer: tuple[int, Any]) -> None:
    asks, slept = identity(Endpoint(answer))
    with pytest.raises(NoToken) as caught:
        asks.ask(SCOPE)
    assert slept == []
    assert "sesame" not in str(caught.value)


def test_a_token_is_kept_for_its_scope_until_five_minutes_before_its_end() -> None:
    now, asked = [1000.0], list[str]()

    def ask(scope: str) -> Token:
        asked.append(scope)
        return Token(scope, 2000 + len(asked))

    credential = Credential(ask, lambda: now[0])
    assert [credential.get_token(scope).token for scope in ("a", "b", "a")] == ["a", "b", "a"]
    now[0] = 1701.0
    credential.get_token("a")
    assert asked == ["a", "b"]
    now[0] = 1701.5
    credential.get_token("a")
    assert asked == ["a", "b", "a"]


def test_azure_identity_serves_whoever_is_not_the_platforms_own() -> None:
    assert served(HERE)
    assert not any(served({**HERE, name: "x"}) for name in OTHERS)
    assert not any(served({name: value}) for name, value in HERE.items())
    settings = {"AzureWebJobsStorage__accountName": "desk"}
    own = App(from_environment({**settings, **HERE}, Path("/"))).credential
    theirs = App(from_environment(settings, Path("/"))).credential
    assert isinstance(own._ask.__self__, ManagedIdentity)  # type: ignore[attr-defined]
    assert isinstance(theirs._ask.__self__, sdk_identity.SdkIdentity)  # type: ignore[attr-defined]


def test_no_token_is_trouble_that_says_why_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    app = App(from_environment({"AzureWebJobsStorage__accountName": "desk", "ARM_ENDPOINT": "https://management.azure.com"}, Path("/")))  # fmt: skip  # noqa: E501

    class Chain:
        """azure-identity's, which finds nobody."""

        def get_token(self, scope: str) -> Token:
            raise ClientAuthenticationError("secret words")

    found = sdk_identity.SdkIdentity(None, {})
    found._chain = cast("Any", Chain())
    app.__dict__["credential"] = Credential(found.ask, lambda: datetime.now(UTC).timestamp())
    with pytest.raises(Trouble, match=r"no token for Azure \(ClientAuthenticationError\)") as caught:
        app._arm_token(SCOPE)
    assert "secret" not in str(caught.value) + caplog.text


def test_a_token_of_azure_identity_is_ours_with_its_end() -> None:
    class Chain:
        def get_token(self, scope: str) -> AccessToken:
            return AccessToken(f"for {scope}", 1_900_000_000)

    found = sdk_identity.SdkIdentity(None, {})
    found._chain = cast("Any", Chain())
    assert found.ask(SCOPE) == Token(f"for {SCOPE}", 1_900_000_000)


def test_azure_identity_is_asked_for_the_identity_with_our_client_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vault's rights are those of one user-assigned identity."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"access_token": "t", "expires_on": "1900000000", "resource": "x"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    for name, value in {
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{server.server_port}/msi",
        "IDENTITY_HEADER": "h",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        assert sdk_identity.SdkIdentity("our-client-id", {}).ask(SCOPE).token == "t"
    finally:
        server.shutdown()
        server.server_close()
    assert ["client_id=our-client-id" in path for path in asked] == [True]


@pytest.mark.parametrize(
    "act",
    [
        lambda app: app.store.get("p", "k"),
        lambda app: list(app.store.scan("p", "a", "b")),
        lambda app: app.store.commit("p", [Change("put", "k", {})]),
        lambda app: app.send("{}", 0),
    ],
)
def test_storage_without_a_token_is_trouble_too(act: Callable[[App], object]) -> None:
    def none(scope: str) -> Token:
        raise NoToken("the identity's endpoint gave no token (503)")

    app = App(from_environment({"AzureWebJobsStorage__accountName": "desk"}, Path("/")))
    app.__dict__["credential"] = Credential(none)
    with pytest.raises(Trouble, match="gave no token"):
        act(app)
    assert app.queues() == QueueState()


def test_a_token_that_is_kept_waits_for_no_other_scope_and_serves_while_none_is_given() -> None:
    now, asked = [1000.0], list[str]()

    def ask(scope: str) -> Token:
        asked.append(scope)
        if len(asked) > 2:
            raise NoToken("503")
        if scope == "b":  # somebody else asks while this one is under way
            with ThreadPoolExecutor(1) as other:
                assert other.submit(credential.get_token, "a").result(10).token == "a"
        return Token(scope, 2000)

    credential = Credential(ask, lambda: now[0])
    assert [credential.get_token(scope).token for scope in ("a", "b")] == ["a", "b"]
    now[0] = 1999.0
    assert credential.get_token("a").token == "a"
    now[0] = 2000.0
    with pytest.raises(NoToken):
        credential.get_token("a")
