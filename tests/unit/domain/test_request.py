"""The request's model: what is taken, and that whatever is not names the field that is wrong."""

import json
from typing import Any

import pytest

from shared.domain.problems import Problem
from shared.domain.request import BODY_LIMIT, canonical_hash, parse_json, parse_request

SMALLEST = {"instance": "pg-prod-01", "target": "drills"}
FILES = {"kind": "files", "container": "https://acct.blob.core.windows.net/c"}
DATABASE = {"kind": "database", "server": "/s", "database": "emp21", "credentialsSecret": "https://kv/secrets/a"}
TICKET = {"system": "servicenow", "id": "RITM0012345", "ref": "sc_req_item/0123abcd", "url": "https://contoso.com/x"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"recoveryPoint": "latest", "maxAgeHours": 24},
        {"recoveryPoint": {"id": "72f990c41eb8498bbf13b915b1521f77"}},
        {"recoveryPoint": {"atOrBefore": "2026-10-01T00:00:00Z"}},
        {"recoveryPoint": {"atOrBefore": "2026-10-01T00:00:00.1234567+02:00"}},
        {"target": FILES},
        {"target": {**FILES, "prefix": "q3"}},
        {"target": DATABASE},
        {"database": "emp21"},
        {"requestedBy": "user@contoso.com", "reason": "quarterly\ndrill — Übung", "ticket": TICKET},
        {"dryRun": True, "location": "westus", "crossRegion": True},
        {"rehydration": {"priority": "High", "retainDays": 10}},
        {"rehydration": {"retainDays": 30}},
        {"resourceGuardRequests": "auto"},
        {"resourceGuardRequests": ["/subscriptions/x"]},
        {"callback": "dba", "idempotencyKey": "k-1"},
    ],
)
def test_what_is_taken(more: dict[str, Any]) -> None:
    assert parse_request({**SMALLEST, **more}).instance == "pg-prod-01"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"instance": None}, "instance"),
        ({"instance": ""}, "instance"),
        ({"instance": "a\nb"}, "instance"),
        ({"instance": "x" * 501}, "instance"),
        ({"target": None}, "target"),
        ({"target": 5}, "target"),
        ({"target": {"kind": "files"}}, "target.container"),
        ({"target": {"kind": "azure"}}, "target.kind"),
        ({"target": {**FILES, "prefix": "../up"}}, "target.prefix"),
        ({"target": {**FILES, "secret": "x"}}, "target.secret"),
        ({"target": {**DATABASE, "database": 'a"; drop'}}, "target.database"),
        ({"target": {**DATABASE, "database": "x" * 64}}, "target.database"),
        ({"recoveryPoint": "newest"}, "recoveryPoint"),
        ({"recoveryPoint": {"id": "a/b"}}, "recoveryPoint.id"),
        ({"recoveryPoint": {"id": "a", "atOrBefore": "2026-10-01T00:00:00Z"}}, "recoveryPoint.id"),
        ({"recoveryPoint": {"atOrBefore": "2026-10-01T00:00:00"}}, "recoveryPoint.atOrBefore"),
        ({"recoveryPoint": {"atOrBefore": "yesterday"}}, "recoveryPoint.atOrBefore"),
        ({"maxAgeHours": 0}, "maxAgeHours"),
        ({"maxAgeHours": "24"}, "maxAgeHours"),
        ({"dryRun": "false"}, "dryRun"),
        ({"crossRegion": 1}, "crossRegion"),
        ({"location": "West US"}, "location"),
        ({"rehydration": {"retainDays": 9}}, "rehydration.retainDays"),
        ({"rehydration": {"retainDays": 31}}, "rehydration.retainDays"),
        ({"rehydration": {"retainDays": 15.0}}, "rehydration.retainDays"),
        ({"rehydration": {"priority": "Invalid"}}, "rehydration.priority"),
        ({"resourceGuardRequests": []}, "resourceGuardRequests"),
        ({"resourceGuardRequests": "all"}, "resourceGuardRequests"),
        ({"ticket": {"system": "jira"}}, "ticket.id"),
        ({"ticket": {**TICKET, "ref": "https://evil.com/x"}}, "ticket.ref"),
        ({"ticket": {**TICKET, "ref": "a/../b"}}, "ticket.ref"),
        ({"ticket": {**TICKET, "url": "javascript:alert(1)"}}, "ticket.url"),
        ({"reason": "x" * 2001}, "reason"),
        ({"reason": "a\u202eb"}, "reason"),
        ({"requestedBy": "a\x1b[31m"}, "requestedBy"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
        ({"requestor": "me"}, "requestor"),
        ({"recovery_point": "latest"}, "recovery_point"),
    ],
)
def test_what_is_not_names_its_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_request({**SMALLEST, **more})
    assert caught.value.status == 422
    assert caught.value.where == field
    assert caught.value.body()["errors"][0]["field"] == field


def test_a_recovery_point_in_prose_is_told_its_three_forms() -> None:
    with pytest.raises(Problem) as caught:
        parse_request({**SMALLEST, "recoveryPoint": "yesterday"})
    assert all(form in caught.value.detail for form in ("latest", "id", "atOrBefore"))


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(Problem) as caught:
        parse_request({"instance": "", "colour": "red"})
    assert {error["field"] for error in caught.value.more["errors"]} == {"instance", "target", "colour"}


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"[]", 400, "not a JSON object"),
        (b'"x"', 400, "not a JSON object"),
        (b'{"a": NaN}', 400, "not JSON"),
        (b'{"a": 1, "a": 2}', 400, "not JSON"),
        (b'{"a": "\\ud800"}', 400, "not JSON"),
        (b"\xff\xfe{}", 400, "not JSON"),
        (b'{"a":' + b"[" * 15_000, 400, "not JSON"),
        (b" " * (BODY_LIMIT + 1), 413, "too large"),
    ],
)
def test_what_is_no_body(raw: bytes, status: int, words: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_json(raw)
    assert caught.value.status == status
    assert words in caught.value.title


def test_the_largest_body_is_still_taken() -> None:
    raw = json.dumps({"reason": "x" * (BODY_LIMIT - 14)}).encode()
    assert len(raw) == BODY_LIMIT
    assert parse_json(raw)


def test_one_request_has_one_hash_in_any_order_and_under_any_key() -> None:
    one = {"instance": "a", "target": FILES, "idempotencyKey": "1"}
    other = {"idempotencyKey": "2", "target": dict(reversed(FILES.items())), "instance": "a"}
    assert canonical_hash(one) == canonical_hash(other)
    assert canonical_hash(one) != canonical_hash({**one, "dryRun": False})
    assert canonical_hash(one) != canonical_hash({**one, "instance": "A"})


@pytest.mark.parametrize(
    ("more", "near"),
    [
        ({"callbak": "dba"}, "callback"),
        ({"target": {**FILES, "prefx": "q3"}}, "prefix"),
        ({"target": {**DATABASE, "credentialSecret": "x"}}, "credentialsSecret"),
        ({"recoveryPoint": {"atOrBefor": "x"}}, "atOrBefore"),
        ({"ticket": {**TICKET, "reff": "x"}}, "ref"),
        ({"rehydration": {"priorty": "High"}}, "priority"),
    ],
)
def test_a_misspelt_name_is_told_the_nearest_of_those_that_stand_beside_it(more: dict[str, Any], near: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_request({**SMALLEST, **more})
    words = [error["detail"] for error in caught.value.more["errors"]]
    assert any(word.endswith(f"; did you mean {near}?") for word in words), words
