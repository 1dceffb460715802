"""Calls to ARM: paths and links on its own host only, pages, and each answer sorted: gone, passing, final."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from shared.azure.arm_client import ArmClient
from shared.azure.lenient_json import Loose, number
from shared.azure.one_host import Link, link_on
from shared.azure.port import Doubt, NotSent, Rejected
from shared.azure.responses import Stage, every_code, read_error
from shared.azure.retryable import PASSING_STATUS, THROTTLED
from shared.domain.problems import Trouble
from shared.domain.resource_ids import subscription
from shared.wire import http as wire
from shared.wire.http import Answer

MOST_PAGES = 1000
CALL_TOTAL = 60.0  # seconds for a call that may be repeated, all in all
MAX_ANSWER = 16 * 2**20  # bytes, unpacked; a page of 1,000 jobs takes 2 MiB
REMAINING = "x-ms-ratelimit-remaining-"
LOW = 3  # calls left of a budget: from there on we rest before a 429 says so


class ArmCalls:
    """Calls to ARM. The POST that must not happen twice takes at most `total` seconds."""

    def __init__(
        self,
        arm: ArmClient,
        api_version: str,
        total: float,
        on_low: Callable[[str], None] = lambda subscription: None,
    ) -> None:
        self._arm, self._api_version, self._total = arm, api_version, total
        self._on_low = on_low
        self._azure = threading.local()

    def azure_time(self) -> datetime | None:
        """Azure's own time, by the `Date` header of the answer that this thread read last."""
        found: datetime | None = getattr(self._azure, "date", None)
        return found

    def post_once(self, path: str, body: dict[str, Any], headers: dict[str, str], check: Callable[[], None]) -> Answer:
        """POSTs with no retry. Raises NotSent if the POST certainly had no effect, and Doubt if that is unknown.
        `check` may raise NotSent right before the first byte. Of an answer whose body did not come, a 202 that names
        its operation is enough, and a 401 or 429."""
        check()
        try:
            return self._arm.call("POST", self._url(path, {}), body, headers, self._total, MAX_ANSWER, check)
        except wire.NotSent as error:
            raise NotSent(f"Azure was not reached ({error})") from error
        except Trouble as error:
            raise NotSent(f"{error}") from error
        except wire.NoAnswer as error:
            head = error.head
            if head and ((head.status == 202 and tracking(head)) or head.status == 401 or head.status in THROTTLED):
                return head
            raise Doubt(f"the answer to the POST was lost ({error})") from error

    def pages(
        self, method: str, path: str, body: dict[str, str] | None = None, params: dict[str, str] | None = None
    ) -> Iterator[Any]:
        """Every item of a paged list; `nextLink` is followed verbatim, on our host only."""
        for _, items, _ in self.sheets(method, path, body, params):
            yield from items

    def sheets(
        self,
        method: str,
        path: str | Link,
        body: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> Iterator[tuple[str, list[Any], bool]]:
        """A paged list page by page: the link that led to it (empty for `path`), its items, whether it is the last."""
        page, followed, link = self.get(method, path, body, params), set[str](), ""
        for _ in range(MOST_PAGES):
            items, led = page.get("value"), link
            if not isinstance(items, list):  # an empty answer is no empty list: "no such job" is believed by it
                raise Trouble("Azure's answer is no list")
            found = page.get("nextLink")
            link = found if isinstance(found, str) else ""
            yield led, items, not link
            if not link:
                return
            if link in followed:
                raise Trouble("Azure's list leads back to a page of its own")
            followed.add(link)
            page = self.get(method, self.own_link(link), body)
        raise Trouble(f"Azure's list has more than {MOST_PAGES} pages")

    def get(
        self,
        method: str,
        path: str | Link,
        body: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        answer = self.call(method, path, body, {}, params)
        raise_for(answer, "request")
        if answer.status != 200:
            raise Trouble(f"Azure answered {answer.status} where 200 is due")
        return read_dict(answer)

    def call(
        self,
        method: str,
        path: str | Link,
        body: dict[str, Any] | None,
        headers: dict[str, str],
        params: dict[str, str] | None = None,
    ) -> Answer:
        """`path` is one of ours, or a link of Azure's that `link` gave: that is called verbatim."""
        link = self._url(path, params or {}) if isinstance(path, str) else path
        try:
            answer = self._arm.call(method, link, body, headers, CALL_TOTAL, MAX_ANSWER)
        except (wire.NotSent, wire.NoAnswer) as error:
            answer = _enough(error)
        self._azure.date = _date(answer)
        if answer.status not in THROTTLED and left_of_budget(answer) <= LOW:
            self._on_low(subscription(link.path))
        return answer

    def _url(self, path: str, params: dict[str, str]) -> Link:
        """A path of ours with the version of the API, which `params` may replace."""
        asked = urlencode({"api-version": self._api_version, **params}, quote_via=quote)
        return self.own_link(f"{path}?{asked}")

    def link(self, said: str) -> Link | None:
        """A link of Azure's as the URL to call; None if it leads to another host than ARM's own."""
        return link_on(self._arm.endpoint, said)

    def own_link(self, said: str) -> Link:
        """The same, where it must be one of ours; Trouble else. The token goes to no host but ARM's own: anything else
        in a link is a fault, not a place to go."""
        found = self.link(said)
        if found is None:
            raise Trouble("Azure's answer points to another host than ARM_ENDPOINT's; it is not followed")
        return found


def _enough(error: wire.NotSent | wire.NoAnswer) -> Answer:
    """The head of an answer whose body did not come, where its status alone says that it passes; else Trouble."""
    head = error.head if isinstance(error, wire.NoAnswer) else None
    if head and (head.status == 401 or head.status in PASSING_STATUS):
        return head
    if str(error) == wire.TOO_LARGE:
        raise Trouble(f"Azure's answer is longer than {MAX_ANSWER // 2**20} MiB; it was not read") from error
    raise Trouble(f"Azure was not reached, or did not answer ({error})") from error


def _date(answer: Answer) -> datetime | None:
    """The `Date` header (RFC 9110); None if it is absent or nonsense."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (OverflowError, TypeError, ValueError):
        return None


def tracking(answer: Answer) -> str | None:
    """Where the operation that Azure began can be asked after; None if the answer does not say."""
    return answer.headers.get("azure-asyncoperation") or answer.headers.get("location")


def left_of_budget(answer: Answer) -> float:
    """The least that any of Azure's `x-ms-ratelimit-remaining-*` headers says is left; infinite if none does.

    https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling#remaining-requests
    """
    told = (number(value) for name, value in answer.headers.items() if name.startswith(REMAINING))
    return min((value for value in told if value is not None), default=math.inf)


def read_dict(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; anything else (HTML of a proxy, a cut body) is trouble that passes."""
    if not answer.body:
        return {}
    try:
        value = json.loads(answer.body)
    except ValueError as error:
        raise Trouble(f"Azure's answer ({answer.status}) is not JSON") from error
    if not isinstance(value, dict):
        raise Trouble(f"Azure's answer ({answer.status}) is no JSON object")
    return value


def has_code(answer: Answer) -> bool:
    """Whether an error's body is Azure's own: a proxy's has no `error.code`, at most a `code` at the top."""
    try:
        return bool(Loose(read_dict(answer)).part("error").text("code"))
    except Trouble:
        return False


def codes(answer: Answer) -> frozenset[str]:
    """Every code in an error's body, in lower case."""
    try:
        return every_code(read_dict(answer))
    except Trouble:
        return frozenset()


def rejected(answer: Answer, stage: Stage) -> Rejected:
    try:
        body = read_dict(answer)
    except Trouble:
        body = {}
    fallback = f"Azure answered {answer.status} without an error body"
    return Rejected(read_error(body, stage, fallback, answer.status), answer.status)


def raise_for(answer: Answer, stage: Stage) -> None:
    """Raises Trouble if a retry may succeed (401 with a stale token, 408, 425, 429, 5xx), and Rejected for every
    other 4xx."""
    status = answer.status
    if status in PASSING_STATUS or status == 401 or status >= 500:
        what = f"Azure answered {status} ({rejected(answer, stage).error.code})"
        raise Trouble(what, retry_after(answer), status, status in THROTTLED)
    if status >= 400:
        raise rejected(answer, stage)
    if status >= 300:
        raise Trouble(f"Azure answered with a redirect ({status}), which is not followed")


def retry_after(answer: Answer) -> float | None:
    """The seconds of Retry-After, at most an hour; None if the header is absent, a date or unreadable."""
    seconds = number(answer.headers.get("retry-after"))
    return min(seconds, 3600.0) if seconds is not None and seconds >= 0 else None
