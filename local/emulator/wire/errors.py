"""Error bodies in the four forms that were seen: asynchronous, synchronous, bare and the gateway's own. Pure."""

from typing import Any

from local.emulator.wire.codes import CODES, Code

type Json = dict[str, Any]


def user_facing(code: Code, activity: str, detail: str = "") -> Json:
    """Both flags are false whatever the error: that is what the service sends."""
    properties = {"ActivityId": activity} | ({} if code.quoted else {"Synthetic": "true"})
    return {
        "message": code.message,
        "recommendedAction": [code.action] if code.action else [],
        "details": None,
        "code": code.name,
        "target": "",
        "innerError": _inner(code, detail),
        "isRetryable": False,
        "isUserError": False,
        "properties": properties,
    }


def _inner(code: Code, detail: str) -> Json | None:
    if not (code.inner or detail):
        return None
    words = {"additionalInfo": {"DetailedNonLocalisedMessage": detail}} if detail else {"additionalInfo": None}
    return {"code": code.inner or "InnerErrorCodeUnavailable", **words}


def asynchronous(name: str, activity: str, detail: str = "") -> Json:
    """The `error` of a failed operationStatus."""
    code = CODES[name]
    info = {key: value for key, value in user_facing(code, activity, detail).items() if value is not None}
    return {
        "additionalInfo": [{"type": "UserFacingError", "info": info}],
        "code": code.name,
        "message": code.message,
    }


def synchronous(name: str, activity: str, detail: str = "") -> Json:
    """The body of a 4xx or 5xx."""
    code = CODES[name]
    if code.origin == "gateway":
        return gateway(code.name, code.message)
    tail = {"code": code.name, "message": code.message, "target": None, "details": None}
    if code.origin == "bare":
        return {"error": tail}
    return {
        "error": {"additionalInfo": [{"type": "UserFacingError", "info": user_facing(code, activity, detail)}]} | tail
    }


def headers(code: Code) -> dict[str, str]:
    """Who failed: the gateway says so, the service only for a 5xx."""
    if code.origin == "gateway":
        return {"x-ms-failure-cause": "gateway"}
    if code.origin == "bare":
        return {"x-ms-error-code": code.name}
    return {"x-ms-failure-cause": "service"} if code.status >= 500 else {}


def gateway(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message}}
