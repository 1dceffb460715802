"""What a channel's answer means: taken, not now, or not ever."""

import pytest

from shared.notices.channels.registry import verdict
from shared.notices.messages import Delivered, Kind, Stop, TryAgain


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
