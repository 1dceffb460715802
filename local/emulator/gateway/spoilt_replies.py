"""Replies as bytes, whole or spoilt. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.emulator.api.calls import Answer, Call
from local.emulator.hindrance.faults import Answering, ErrorFault, StatusFault
from local.emulator.wire import errors
from local.emulator.wire.codes import CODES

_JSON = "application/json; charset=utf-8"
_PAGE = (
    b"<!DOCTYPE html><html><head><title>Service Unavailable</title></head>"
    b"<body><h1>Our services aren't available right now</h1></body></html>"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """`broken`: the connection is reset after what is sent; status 0 sends nothing."""

    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int = 0
    broken: bool = False


def plain(answer: Answer, headers: Mapping[str, str]) -> Reply:
    if answer.body is None:
        return Reply(answer.status, b"", {**headers, **answer.headers})
    body = json.dumps(answer.body, separators=(",", ":"), ensure_ascii=False).encode()
    return Reply(answer.status, body, {**headers, "Content-Type": _JSON, **answer.headers}, len(body))


def shown(fault: Answering) -> int:
    """The status that the client will see; 0 when it sees none."""
    if isinstance(fault, ErrorFault):
        return fault.status or CODES[fault.code].status
    return fault.status if isinstance(fault, StatusFault) else 0


def faulted(fault: Answering, call: Call, headers: Mapping[str, str]) -> Reply:
    if isinstance(fault, ErrorFault):
        body = errors.synchronous(fault.code, call.request_id)
        return plain(Answer(status=shown(fault), body=body, headers=errors.headers(CODES[fault.code])), headers)
    assert isinstance(fault, StatusFault)
    retry = {} if fault.retry_after is None else {"Retry-After": _number(fault.retry_after)}
    return _spoilt(fault, call, {**headers, **retry})


def _spoilt(fault: StatusFault, call: Call, headers: Mapping[str, str]) -> Reply:
    body, kind = _body(fault, call)
    headers = {**headers, "Content-Type": kind} if kind else headers
    if fault.body == "truncated":
        return Reply(fault.status, body[: len(body) // 2], headers, len(body), broken=True)
    return Reply(fault.status, body, headers, len(body))


def _body(fault: StatusFault, call: Call) -> tuple[bytes, str]:
    if fault.body == "empty":
        return b"", ""
    if fault.body == "html":
        return _PAGE, "text/html; charset=utf-8"
    if fault.body == "mislabelled":
        return b"The service is unavailable.", _JSON
    return json.dumps(_error(fault.status, call)).encode(), _JSON


def _error(status: int, call: Call) -> errors.Json:
    if status == 429:
        return errors.gateway("TooManyRequests", "The request is being throttled. Please try again later.")
    if status >= 500:
        return errors.synchronous("CloudInternalError", call.request_id)
    if status == 404:
        return errors.synchronous("UserErrorGenericResourceNotFound", call.request_id)
    if status in (401, 403):
        return errors.synchronous("AuthorizationFailed", call.request_id)
    return errors.synchronous("BMSUserErrorInvalidInput", call.request_id) if status >= 400 else {}


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3f}".rstrip("0").rstrip(".")
