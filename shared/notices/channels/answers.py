"""How a channel's answer is read: its JSON, its words, how long it asks us to wait, and what a 429 means. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from shared.domain.text import fit, plain
from shared.domain.values import utc
from shared.notices.messages import TryAgain

LONGEST_WAIT = 24 * 3600.0


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


def not_now(status: int, headers: Mapping[str, str], why: str) -> TryAgain | None:
    """What a limit (429) or a fault of the channel's own (5xx) means: the message is tried again after the wait that is
    named, and after a 429 the channel rests. None for every other answer."""
    if status != 429 and status < 500:
        return None
    return TryAgain(why, wait_of(headers), rest=status == 429)


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


def words_of(body: bytes) -> str:
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
