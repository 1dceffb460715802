"""What a channel's answer means: taken by that channel's own rules, not now, or not ever. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from shared.domain.text import fit, plain
from shared.domain.values import utc
from shared.notices.messages import Delivered, Kind, Stop, TryAgain, Verdict

LONGEST_WAIT = 24 * 3600.0
_PASSING = frozenset({401, 403, 408, 409, 425, 429})  # a secret may be mended, a limit passes
_GONE_HINT: dict[Kind, str] = {
    "teams": "the workflow is gone or switched off: make a new one and give its URL",
    "slack": "the webhook or its channel is gone: make a new one and give its URL",
    "jira": "no such issue, or not for this user, or in no service project (then set internal = false)",
    "servicenow": "no such record, or the user may not read it",
    "zendesk": "no such ticket, or the user may not see it",
    "github": "no such issue, or the token may not write to this repository",
}


def _ok(status: int, body: bytes) -> bool:
    return 200 <= status < 300


def _with_json(status: int, body: bytes) -> bool:
    """A login page and a hibernating instance answer 200 too, in HTML."""
    return 200 <= status < 300 and isinstance(parsed(body), dict)


def _exactly(due: int) -> Callable[[int, bytes], bool]:
    return lambda status, body: status == due


_TAKEN: dict[Kind, Callable[[int, bytes], bool]] = {
    "teams": _ok,  # normally 202 with nothing in it; whether the card shows, the workflow keeps to itself
    "slack": lambda status, body: status == 200 and body.strip() == b"ok",
    "webhook": _ok,
    "eventgrid": _exactly(200),
    "queue": _exactly(201),
    "servicenow": _with_json,
    "jira": _with_json,
    "zendesk": _with_json,
    "github": _with_json,
    "pagerduty": _exactly(202),
}


def verdict(kind: Kind, status: int, body: bytes, headers: Mapping[str, str]) -> Verdict:
    """What a channel of `kind` meant by its answer."""
    if _TAKEN[kind](status, body):
        return Delivered()
    said = _said(body)
    why = f"answered {status}" + (f": {said}" if said else "")
    if 200 <= status < 300:
        return TryAgain(f"{why} — not how {kind} says that it took a message; is something else behind this URL?")
    if 300 <= status < 400:
        return TryAgain(f"{why} — redirects are not followed: give the final URL")
    if status in (404, 410):
        return Stop(f"{why} — {_GONE_HINT[kind]}" if kind in _GONE_HINT else why)
    if status >= 500 or status in _PASSING:
        return TryAgain(why, wait_of(headers))
    return Stop(why)


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: Retry-After (seconds or a date), or a rate limit's reset, measured by the sender's own clock."""
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    after = lowered.get("retry-after", "")
    sent = _date(lowered.get("date", ""))
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", after):
        return min(float(after), LONGEST_WAIT)
    until, limit = _date(after), lowered.get("x-ratelimit-reset", "")
    if until and sent:
        return _between((until - sent).total_seconds())
    if re.fullmatch(r"[0-9]{9,11}", limit) and sent and lowered.get("x-ratelimit-remaining", "0") == "0":
        return _between(int(limit) - sent.timestamp())
    return None


def _between(seconds: float) -> float:
    return max(0.0, min(seconds, LONGEST_WAIT))


def _date(text: str) -> datetime | None:
    try:
        return utc(parsedate_to_datetime(text))
    except ValueError:
        return None


def parsed(body: bytes) -> Any:
    """The JSON in an answer, or None."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _said(body: bytes) -> str:
    """The answer's own words, short; long words with digits in them may be a token or a URL that is a secret."""
    value = parsed(body)
    text = _words(value) if isinstance(value, dict) else body[:2000].decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        return "a page of HTML or XML"
    kept = ("…" if len(word) > 20 and re.search(r"\d", word) else word for word in plain(text).split())
    return fit(" ".join(kept), 200)


def _words(value: dict[str, Any]) -> str:
    error = value.get("error")
    inside = error if isinstance(error, dict) else {}
    found = [inside.get("message"), inside.get("detail"), error, value.get("errorMessages"), value.get("errors")]
    found += [value.get(name) for name in ("message", "description", "detail", "title")]
    texts = [
        part if isinstance(part, str) else json.dumps(part) for part in found if part and not isinstance(part, dict)
    ]
    return "; ".join(dict.fromkeys(texts)) or json.dumps(value)[:500]
