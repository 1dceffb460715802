"""The request's limits: exactly the limit is taken, one more is refused, and what a caller leaves out is safe."""

from typing import Any

import pytest

from shared.domain.problems import Problem
from shared.domain.request import DEEPEST, RestoreRequest, Ticket, found_in, parse_json, parse_request
from shared.domain.restore import AzureError, Job, OwnContainer, Point

SMALLEST = {"instance": "pg-prod-01", "target": "drills"}
FILES = {"kind": "files", "container": "https://acct.blob.core.windows.net/c"}
DATABASE = {"kind": "database", "server": "/s", "database": "emp21", "credentialsSecret": "https://kv/secrets/a"}
URL = "https://x.example/"
LIMITS: list[tuple[str, Any, Any]] = [
    ("instance", "x" * 500, "x" * 501),
    ("target", "x" * 100, "x" * 101),
    ("target.container", FILES | {"container": "x" * 500}, FILES | {"container": "x" * 501}),
    ("target.containerId", FILES | {"containerId": "x" * 500}, FILES | {"containerId": "x" * 501}),
    ("target.prefix", FILES | {"prefix": "x" * 100}, FILES | {"prefix": "x" * 101}),
    ("target.server", DATABASE | {"server": "x" * 500}, DATABASE | {"server": "x" * 501}),
    ("target.database", DATABASE | {"database": "x" * 63}, DATABASE | {"database": "x" * 64}),
    ("target.credentialsSecret", DATABASE | {"credentialsSecret": "x"}, DATABASE | {"credentialsSecret": ""}),
    ("recoveryPoint.id", {"id": "x" * 64}, {"id": "x" * 65}),
    ("recoveryPoint.atOrBefore", {"atOrBefore": "2026-10-01T00:00:00+00:00"}, {"atOrBefore": "2026-10-01" + " " * 31}),
    ("maxAgeHours", 1, 0),
    ("maxAgeHours", 100_000, 100_001),
    ("database", "x" * 63, "x" * 64),
    ("database", "x", ""),
    ("requestedBy", "x" * 500, "x" * 501),
    ("requestedBy", "x", ""),
    ("reason", "x" * 2000, "x" * 2001),
    ("ticket.system", {"system": "x" * 100, "id": "1"}, {"system": "x" * 101, "id": "1"}),
    ("ticket.id", {"system": "x", "id": "1" * 100}, {"system": "x", "id": "1" * 101}),
    ("ticket.id", {"system": "x", "id": "1"}, {"system": "x", "id": ""}),
    ("ticket.ref", {"system": "x", "id": "1", "ref": "x" * 300}, {"system": "x", "id": "1", "ref": "x" * 301}),
    (
        "ticket.url",
        {"system": "x", "id": "1", "url": URL + "x" * (1000 - len(URL))},
        {"system": "x", "id": "1", "url": URL + "x" * (1001 - len(URL))},
    ),
    ("location", "x" * 3, "x" * 2),
    ("location", "x" * 40, "x" * 41),
    ("rehydration.retainDays", {"retainDays": 10}, {"retainDays": 9}),
    ("rehydration.retainDays", {"retainDays": 30}, {"retainDays": 31}),
    ("resourceGuardRequests", ["x"] * 10, ["x"] * 11),
    ("resourceGuardRequests", ["x"], []),
    ("callback", "x" * 100, "x" * 101),
    ("callback", "x", ""),
    ("idempotencyKey", "x" * 255, "x" * 256),
    ("idempotencyKey", "x", ""),
]


@pytest.mark.parametrize(("field", "most", "more"), LIMITS)
def test_the_limit_itself_is_taken_and_one_more_is_not(field: str, most: Any, more: Any) -> None:
    head = field.partition(".")[0]
    parse_request({**SMALLEST, head: most})
    with pytest.raises(Problem) as caught:
        parse_request({**SMALLEST, head: more})
    assert caught.value.where == field


@pytest.mark.parametrize(
    "text", ["a\x08b", "a\x0bb", "a\x1fb", "a\x7fb", "a\u061cb", "a\u200fb", "a\u2028b", "a\u2069b", "a\ue000b"]
)
def test_what_hides_or_reorders_is_in_no_text(text: str) -> None:
    for name in ("reason", "requestedBy"):
        with pytest.raises(Problem) as caught:
            parse_request({**SMALLEST, name: text})
        assert caught.value.where == name


@pytest.mark.parametrize("sign", ["\n", "\r", "\t"])
def test_a_reason_may_have_lines_and_a_name_may_not(sign: str) -> None:
    assert parse_request({**SMALLEST, "reason": f"a{sign}b"}).reason == f"a{sign}b" if sign != "\r" else True
    with pytest.raises(Problem, match="must be one line"):
        parse_request({**SMALLEST, "requestedBy": f"a{sign}b"})


def test_what_a_caller_leaves_out_is_safe() -> None:
    said = RestoreRequest(instance="pg", target="drills")
    assert (said.recovery_point, said.dry_run, said.cross_region) == ("latest", False, False)
    assert said.model_dump(
        exclude={"instance", "target", "recovery_point", "dry_run", "cross_region"}
    ) == dict.fromkeys(
        set(RestoreRequest.model_fields) - {"instance", "target", "recovery_point", "dry_run", "cross_region"}
    )
    rehydration = parse_request({**SMALLEST, "rehydration": {}}).rehydration
    assert rehydration
    assert (rehydration.priority, rehydration.retain_days) == ("Standard", 15)
    assert Ticket(system="x", id="1").ref is None


def test_what_is_not_known_of_a_restore_is_absent() -> None:
    container = OwnContainer(name="rd-x-1", attempt=1)
    assert (container.tries, container.made, container.taken) == (1, False, False)
    job = Job(id="j", status="InProgress")
    assert (job.started, job.seconds, job.bytes, job.tasks, job.warnings) == (None, None, None, (), ())
    point = Point.model_validate({"id": "p", "time": "2026-10-01T00:00:00Z", "tier": "VaultStore"})
    assert (point.rehydrated, point.tag, point.expiry) == (False, None, None)
    assert AzureError(stage="job", code="X", message="x").recommended_action == ()


def nested(levels: int) -> bytes:
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def test_a_body_is_nested_so_deep_and_no_deeper() -> None:
    assert parse_json(nested(DEEPEST))
    with pytest.raises(Problem, match="nested too deeply"):
        parse_json(nested(DEEPEST + 1))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "an empty body"),
        (b"  \n", "an empty body"),
        (b"\xef\xbb\xbf", "an empty body"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"\xff\xfex", "UTF-16"),
        (b"{\x00}\x00", "UTF-16"),
        (b"\x00{", "UTF-16"),
        (b"<a/>", "HTML or XML"),
        (b"eyJhIjoxfQ==", "base64"),
        (b"ewogfQ==", "base64"),
        (b"77u/e30=", "base64"),
        (b"instance=pg&target=x", "a form"),
        (b"a[b]=1", "a form"),
    ],
)
def test_what_was_sent_instead_of_json_is_said(raw: bytes, words: str) -> None:
    assert (found_in(raw) or "").startswith(words) or words in (found_in(raw) or "")


@pytest.mark.parametrize("raw", [b"{", b"pg-prod-01", b"AAAA", b"a = 1", b"{}    \x00"])
def test_of_anything_else_nothing_is_guessed(raw: bytes) -> None:
    assert found_in(raw) is None


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"[]", "a list"), (b'"x"', "a text"), (b"true", "true or false"), (b"null", "null"), (b"1.5", "a number")],
)
def test_json_that_is_no_object_is_named(raw: bytes, words: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_json(raw)
    assert (caught.value.status, caught.value.where) == (400, "body")
    assert caught.value.detail.startswith(f"{words} was sent")


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    assert parse_json(b'{"a":1}', 7) == {"a": 1}
    with pytest.raises(Problem) as caught:
        parse_json(b'{"a":1}', 6)
    assert (caught.value.status, caught.value.where) == (413, "body")
