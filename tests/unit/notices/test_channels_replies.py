"""What a channel's answer means: taken, not now, or not ever."""

from datetime import timedelta

import pytest

from shared.notices.channels.answers import LONGEST_WAIT, parsed, wait_of, words_of
from shared.notices.channels.registry import verdict
from shared.notices.messages import Delivered, Kind, Stop, TryAgain
from tests.unit.notices.kit import AT


@pytest.mark.parametrize(
    ("kind", "status", "body", "meaning"),
    [
        ("teams", 202, b"", Delivered),
        ("teams", 200, b"1", Delivered),
        ("slack", 200, b"ok", Delivered),
        ("slack", 200, b"<html>proxy</html>", TryAgain),
        ("slack", 400, b"invalid_blocks", Stop),
        ("slack", 404, b"no_service", Stop),
        ("slack", 410, b"channel_is_archived", Stop),
        ("webhook", 204, b"", Delivered),
        ("webhook", 301, b"", TryAgain),
        ("webhook", 410, b"", Stop),
        ("webhook", 404, b"", Stop),
        ("webhook", 401, b"", TryAgain),
        ("webhook", 413, b"", Stop),
        ("eventgrid", 200, b"", Delivered),
        ("eventgrid", 202, b"", TryAgain),
        ("queue", 201, b"<QueueMessagesList/>", Delivered),
        ("servicenow", 200, b'{"result":{}}', Delivered),
        ("servicenow", 200, b"<html>Instance hibernating</html>", TryAgain),
        ("jira", 201, b'{"id":"1"}', Delivered),
        ("jira", 404, b'{"errorMessages":["Issue does not exist"]}', Stop),
        ("zendesk", 422, b'{"error":"RecordInvalid"}', Stop),
        ("github", 403, b'{"message":"rate limit"}', TryAgain),
        ("pagerduty", 202, b'{"status":"success"}', Delivered),
        ("pagerduty", 200, b"", TryAgain),
        ("pagerduty", 400, b'{"message":"invalid"}', Stop),
        ("teams", 500, b"", TryAgain),
        ("teams", 429, b"", TryAgain),
    ],
)
def test_success_is_what_the_channel_means_by_it(kind: Kind, status: int, body: bytes, meaning: type) -> None:
    assert isinstance(verdict(kind, status, body, {}), meaning)


NOW = "Mon, 23 Nov 2026 02:54:02 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"retry-after": "999999999"}, 86_400),
        ({"Retry-After": "Mon, 23 Nov 2026 02:55:02 GMT", "Date": NOW}, 60),
        ({"Retry-After": "Mon, 23 Nov 2026 02:00:00 GMT", "Date": NOW}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 02:55:02 GMT"}, None),
        ({"X-RateLimit-Reset": "1795402542", "Date": NOW}, 100),
        ({"X-RateLimit-Reset": "1795402542", "X-RateLimit-Remaining": "7", "Date": NOW}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({}, None),
    ],
)
def test_a_channel_may_say_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    answer = verdict("teams", 429, b"", headers)
    assert isinstance(answer, TryAgain)
    assert answer.after_seconds == seconds


def test_an_answer_is_quoted_short_and_without_what_may_be_a_secret() -> None:
    answer = verdict(
        "slack", 403, b"invalid_token /services/T01ABCDEF/B02ABCDEF/s3cr3ts3cr3ts3cr3t " + b"x " * 5000, {}
    )
    assert isinstance(answer, TryAgain)
    assert "invalid_token" in answer.why
    assert "s3cr3t" not in answer.why
    assert len(answer.why) < 250


SENT = "Mon, 23 Nov 2026 03:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"Retry-After": "86401"}, 86400),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 03:01:00 GMT", "Date": SENT}, 60),
        ({"Retry-After": "Mon, 23 Nov 2026 02:00:00 GMT", "Date": SENT}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 03:01:00 GMT"}, None),
        ({"X-RateLimit-Reset": str(int((AT + timedelta(seconds=90)).timestamp())), "Date": SENT}, 90),
        ({"X-RateLimit-Reset": str(int(AT.timestamp()) + 90), "Date": SENT, "X-RateLimit-Remaining": "0"}, 90),
        ({"X-RateLimit-Reset": str(int(AT.timestamp()) + 90), "Date": SENT, "X-RateLimit-Remaining": "1"}, None),
        ({"X-RateLimit-Reset": str(int(AT.timestamp()) + 90)}, None),
    ],
)
def test_a_wait_is_read_by_the_senders_own_clock(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_of(headers) == seconds


@pytest.mark.parametrize("status", [401, 403, 408, 409, 425, 429, 500, 503, 599])
def test_what_may_be_mended_or_passes_is_tried_again(status: int) -> None:
    rest = status == 429
    assert verdict("webhook", status, b"", {"Retry-After": "3"}) == TryAgain(f"answered {status}", 3, rest)


@pytest.mark.parametrize("status", [400, 402, 404, 410, 422, 499])
def test_a_final_no_stops(status: int) -> None:
    assert isinstance(verdict("webhook", status, b"", {}), Stop)
    assert isinstance(verdict("teams", status, b"", {}), Stop)


@pytest.mark.parametrize(
    ("kind", "status", "body", "taken"),
    [
        ("webhook", 299, b"", True), ("webhook", 300, b"", False), ("teams", 202, b"", True),
        ("slack", 200, b"ok\n", True), ("slack", 201, b"ok", False), ("slack", 200, b"<html>", False),
        ("eventgrid", 200, b"", True), ("eventgrid", 202, b"", False),
        ("queue", 201, b"", True), ("queue", 200, b"", False),
        ("pagerduty", 202, b"", True), ("pagerduty", 200, b"", False),
        ("jira", 201, b"{}", True), ("jira", 200, b"[]", False), ("jira", 200, b"<html>", False),
        ("jira", 300, b"{}", False),
    ],
)  # fmt: skip
def test_each_channel_takes_a_message_by_its_own_answer(kind: Kind, status: int, body: bytes, taken: bool) -> None:
    found = verdict(kind, status, body, {})
    assert (found == Delivered()) is taken
    assert taken or isinstance(found, TryAgain)


DATE = {"date": "Thu, 01 Oct 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"Retry-After": " 7.5 "}, 7.5),
        ({"retry-after": "86400"}, LONGEST_WAIT),
        ({"retry-after": "86401"}, LONGEST_WAIT),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1234567890"}, None),
        ({"retry-after": "Thu, 01 Oct 2026 12:01:00 GMT", **DATE}, 60.0),
        ({"retry-after": "Thu, 01 Oct 2026 11:59:00 GMT", **DATE}, 0.0),
        ({"retry-after": "Thu, 01 Oct 2026 12:01:00 GMT"}, None),
        ({"retry-after": "Sat, 03 Oct 2026 12:01:00 GMT", **DATE}, LONGEST_WAIT),
        ({"x-ratelimit-reset": "1790856030", **DATE}, 30.0),
        ({"x-ratelimit-reset": "1790856030", "x-ratelimit-remaining": "0", **DATE}, 30.0),
        ({"x-ratelimit-reset": "1790856030", "x-ratelimit-remaining": "1", **DATE}, None),
        ({"x-ratelimit-reset": "1790856030"}, None),
        ({"x-ratelimit-reset": "30", **DATE}, None),
    ],
)
def test_how_long_a_channel_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_of(headers) == seconds


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ""),
        (b"no", "no"),
        (b" <html>", "a page of HTML or XML"),
        (b'{"error": {"message": "a", "detail": "b"}}', "a; b"),
        (b'{"error": "a", "message": "b", "description": "c", "detail": "d", "title": "e"}', "a; b; c; d; e"),
        (b'{"error": "a", "message": "a"}', "a"),
        (b'{"errorMessages": ["x"], "errors": {"y": "z"}}', '["x"]'),
        (b'{"other": 1}', '{"other": 1}'),
        (b"token abcdefghijklmnopqrst1 of", "token … of"),
        (b"token abcdefghijklmnopqrs1 of", "token abcdefghijklmnopqrs1 of"),
        (b"token abcdefghijklmnopqrstuvwxyz of", "token abcdefghijklmnopqrstuvwxyz of"),
    ],
)
def test_the_words_of_an_answer(body: bytes, words: str) -> None:
    assert words_of(body) == words


def test_an_answer_is_read_so_far_and_its_words_are_short() -> None:
    assert words_of(b"<" * 3000) == "a page of HTML or XML"
    assert len(words_of(b"a b " * 2000)) == 200
    assert (parsed(b"{}"), parsed(b"no"), parsed(b"[" * 100_000)) == ({}, None, None)


@pytest.mark.parametrize("status", [404, 410])
def test_an_issue_that_github_does_not_show_is_said_with_its_two_causes(status: int) -> None:
    words = "no such issue, or the token may not write to this repository"
    assert verdict("github", status, b"", {}) == Stop(f"answered {status} — {words}")
