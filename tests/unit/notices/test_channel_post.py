"""One HTTP call to a channel: sent whole, its answer read so far, its failure in words without secrets."""

from typing import Any

import httpx
import pytest

from shared.domain.problems import Trouble
from shared.notices.messages import Message
from shared.notices.notifier import HttpPost
from shared.wire.bounded_http import bounded


def test_a_message_goes_out_whole_and_its_answer_comes_back() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(202, headers={"Retry-After": "3"}, content=b"taken")

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        post = HttpPost(http, lambda scope: f"token-for-{scope}", bounded)
        plain = Message("PATCH", "https://channel.example/a", {"x-one": "1"}, b'{"a":1}')
        status, body, headers = post(plain)
        scoped = Message("POST", "https://channel.example/b", {"authorization": "none"}, b"2", "scope")
        post(scoped)
    assert (status, body, headers["retry-after"]) == (202, b"taken", "3")
    assert (seen[0].method, str(seen[0].url), seen[0].content) == ("PATCH", "https://channel.example/a", b'{"a":1}')
    assert (seen[0].headers["x-one"], "authorization" in seen[0].headers) == ("1", False)
    assert (seen[1].headers["authorization"], scoped.headers) == ("Bearer token-for-scope", {"authorization": "none"})


def test_of_an_answer_the_first_64_kib_are_read() -> None:
    with httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, content=b"x" * 100_000))
    ) as http:
        _, body, _ = HttpPost(http, str, bounded)(Message("GET", "https://channel.example/", {}, b""))
    assert len(body) == 64 * 1024


def test_what_keeps_a_message_from_being_sent_is_trouble_that_names_no_secret() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("https://channel.example/secret")

    def no_token(scope: str) -> str:
        raise RuntimeError("secret")

    with httpx.Client(transport=httpx.MockTransport(down)) as http:
        said = []
        for headers, url, scope in (
            ({}, "https://channel.example/secret", None),
            ({}, "https://channel.example:secret/", None),
            ({"authorization": "sécret"}, "https://channel.example/secret", None),
            ({}, "https://channel.example/secret", "scope"),
        ):
            with pytest.raises(Trouble) as caught:
                HttpPost(http, no_token, bounded)(Message("POST", url, headers, b"", scope))
            said.append(str(caught.value))
    assert not any("secret" in words or "sécret" in words for words in said)
    assert [words.split("(")[0].strip() for words in said] == [
        "the channel was not reached, or did not answer in time",
        "the channel's URL cannot be used",
        "a header of the message cannot be sent: it is not ASCII",
        "no token for scope",
    ]


def test_a_token_that_cannot_be_had_is_trouble_that_names_the_scope() -> None:
    def no_token(scope: str) -> str:
        raise OSError("secret")

    def call(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing is sent")

    post = HttpPost(None, no_token, call)  # type: ignore[arg-type]
    with pytest.raises(Trouble, match=r"^no token for https://s/.default \(OSError\)$"):
        post(Message("POST", "https://x.example", {}, b"", "https://s/.default"))
