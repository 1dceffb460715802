"""Requests and answers between wire and worker, keys included."""

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from local.host.bindings import protos
from local.host.bindings.protos import RpcHttp, RpcHttpCookie, TypedData
from local.host.triggers import http_messages, keys
from local.host.triggers.http_messages import Answer
from local.host.triggers.keys import Keys


def test_a_request_is_handed_on_as_the_host_does() -> None:
    headers = [("X-A", "1"), ("x-a", "2"), ("Accept", "")]
    value = http_messages.request("POST", "http://h/api?q=1", "q=1&q=2&none=&e=%2B%20", headers, {"id": "7"}, b"\x00")
    assert value.http is not None
    assert value.http.headers == {"x-a": "1,2", "accept": ""}
    assert value.http.query == {"q": "1,2", "e": "+ "}
    assert (value.http.params, value.http.body) == ({"id": "7"}, TypedData(bytes=b"\x00"))


def returned(
    status: str = "200",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    cookies: Sequence[RpcHttpCookie] | None = None,
) -> TypedData:
    return TypedData(
        http=RpcHttp(status_code=status, headers=headers or {}, body=TypedData(bytes=body), cookies=cookies)
    )


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (None, Answer(204)),
        (TypedData(string="hé"), Answer(200, (("content-type", "text/plain; charset=utf-8"),), "hé".encode())),
        (returned("201", {"Location": "/x"}, b"\xff"), Answer(201, (("Location", "/x"),), b"\xff")),
        (returned("200", {"Content-Length": "9", "Transfer-Encoding": "chunked"}, b"abc"), Answer(200, (), b"abc")),
        (returned("304", {"ETag": "1"}, b"abc"), Answer(304, (("ETag", "1"),), b"")),
    ],
)
def test_answers(value: TypedData | None, answer: Answer) -> None:
    assert http_messages.answer(value) == answer


@pytest.mark.parametrize("status", ["", "99", "abc", "700", "100"])
def test_a_status_that_cannot_be_sent_is_refused(status: str) -> None:
    with pytest.raises(http_messages.InvalidAnswer, match="status code"):
        http_messages.answer(returned(status))


def test_cookies() -> None:
    cookies = [
        RpcHttpCookie("plain", "a b;c"),
        RpcHttpCookie(
            "full",
            "1",
            domain=protos.NullableString("example.com"),
            path=protos.NullableString("/x"),
            expires=protos.NullableTimestamp(protos.Timestamp(0)),
            secure=protos.NullableBool(True),
            http_only=protos.NullableBool(True),
            same_site=RpcHttpCookie.SameSite.Strict,
            max_age=protos.NullableDouble(60),
        ),
    ]
    assert http_messages.answer(returned(cookies=cookies)).headers == (
        ("set-cookie", "plain=a%20b%3Bc; path=/"),
        (
            "set-cookie",
            "full=1; expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=60; domain=example.com; path=/x; secure; "
            "samesite=strict; httponly",
        ),
    )


KEYS = Keys("master", "host", {"one": "key-one", "two": "key-two"})


@pytest.mark.parametrize(
    ("level", "presented", "allowed"),
    [
        ("anonymous", "", True),
        ("function", "", False),
        ("function", "wrong", False),
        ("function", "key-one", True),
        ("function", "key-two", False),
        ("function", "host", True),
        ("function", "master", True),
        ("function", "mästér", False),
        ("admin", "key-one", False),
        ("admin", "host", False),
        ("admin", "master", True),
    ],
)
def test_who_may_call_function_one(level: str, presented: str, allowed: bool) -> None:
    assert KEYS.allow(level, "one", presented) is allowed


def test_the_admin_routes_take_the_master_key_only() -> None:
    assert [KEYS.admin(key) for key in ("master", "host", "key-one", "")] == [True, False, False, False]


def test_keys_are_made_once_and_kept_from_others_eyes(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    made = keys.load(file, ["one"], None)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len({made.master, made.host, made.functions["one"]}) == 3
    assert made.master not in repr(made)
    later = keys.load(file, ["one", "two"], "given for this run")
    assert (later.host, later.functions["one"]) == (made.host, made.functions["one"])
    assert later.master == "given for this run"
    assert set(later.functions) == {"one", "two"}
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
