"""Calls to ARM: paths and links on its own host only, pages, and each answer sorted: gone, passing, final."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from shared.azure.bounded_http import bounded
from shared.azure.lenient_json import Loose, number
from shared.azure.one_host import link_on
from shared.azure.port import Doubt, NotSent, Rejected
from shared.azure.responses import Stage, read_error
from shared.azure.retryable import PASSING_STATUS, THROTTLED
from shared.domain.problems import Trouble
from shared.domain.resource_ids import subscription

NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
MOST_PAGES = 1000
CALL_TOTAL = 60.0  # seconds for a call that may be repeated, all in all
MAX_ANSWER = 16 * 2**20  # bytes, unpacked; a page of 1,000 jobs takes 2 MiB
REMAINING = "x-ms-ratelimit-remaining-"
LOW = 3  # calls left of a budget: from there on we rest before a 429 says so


class ArmCalls:
    """Calls to ARM. `http` carries base URL, token and time-outs. `once` is a separate client for the POST that must
    not happen twice; that POST takes at most `total` seconds."""

    def __init__(
        self,
        http: httpx.Client,
        once: httpx.Client,
        api_version: str,
        total: float,
        on_low: Callable[[str], None] = lambda subscription: None,
    ) -> None:
        self._http, self._once, self._api_version, self._total = http, once, api_version, total
        self._on_low = on_low
        self._azure = threading.local()

    def azure_time(self) -> datetime | None:
        """Azure's own time, by the `Date` header of the answer that this thread read last."""
        found: datetime | None = getattr(self._azure, "date", None)
        return found

    def post_once(
        self, path: str, body: dict[str, Any], headers: dict[str, str], check: Callable[[], None]
    ) -> httpx.Response:
        """POSTs with no retry. Raises NotSent if the POST certainly had no effect, and Doubt if that is unknown.
        `check` may raise NotSent right before the first byte."""
        check()

        def trace(name: str, info: dict[str, Any]) -> None:
            if name.endswith("send_request_headers.started"):
                check()

        more = {"json": body, "headers": headers, "params": self._version(), "extensions": {"trace": trace}}
        try:
            return bounded(self._once, "POST", self._followed(path), self._total, MAX_ANSWER, **more)[0]
        except NEVER_CONNECTED as error:
            raise NotSent(f"Azure was not reached ({type(error).__name__})") from error
        except Trouble as error:
            raise NotSent(f"{error}") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise Doubt(f"the answer to the POST was lost ({type(error).__name__})") from error

    def pages(
        self, method: str, path: str, body: dict[str, str] | None = None, params: dict[str, str] | None = None
    ) -> Iterator[Any]:
        """Every item of a paged list; `nextLink` is followed verbatim, on our host only."""
        for _, items, _ in self.sheets(method, path, body, params):
            yield from items

    def sheets(
        self,
        method: str,
        path: str | httpx.URL,
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
            page = self.get(method, self._followed(link), body)
        raise Trouble(f"Azure's list has more than {MOST_PAGES} pages")

    def get(
        self,
        method: str,
        path: str | httpx.URL,
        body: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        answer = self.call(method, path, body, {}, params)
        raise_for(answer, "request")
        if answer.status_code != 200:
            raise Trouble(f"Azure answered {answer.status_code} where 200 is due")
        return read_dict(answer)

    def call(
        self,
        method: str,
        path: str | httpx.URL,
        body: dict[str, Any] | None,
        headers: dict[str, str],
        params: dict[str, str] | None = None,
    ) -> httpx.Response:
        """`path` is one of ours, or a link of Azure's that `link` gave: that is called verbatim."""
        url = self._followed(path)
        more = {**self._version(), **(params or {})} if isinstance(path, str) else None
        try:
            answer, complete = bounded(
                self._http, method, url, CALL_TOTAL, MAX_ANSWER, json=body, headers=headers, params=more
            )
        except httpx.HTTPError as error:
            raise Trouble(f"Azure was not reached, or did not answer ({type(error).__name__})") from error
        if not complete:
            raise Trouble(f"Azure's answer is longer than {MAX_ANSWER // 2**20} MiB; it was not read")
        self._azure.date = _date(answer)
        if answer.status_code not in THROTTLED and left_of_budget(answer) <= LOW:
            self._on_low(subscription(answer.request.url.path))
        return answer

    def _version(self) -> dict[str, str]:
        return {"api-version": self._api_version}

    def link(self, said: str) -> httpx.URL | None:
        """A link of Azure's as the URL to call; None if it leads to another host than ARM's own."""
        return link_on(self._http.base_url, said)

    def own_link(self, said: str) -> httpx.URL:
        """The same, where it must be one of ours; Trouble else."""
        return self._followed(said)

    def _followed(self, path: str | httpx.URL) -> httpx.URL:
        """The token goes to no host but ARM's own; anything else in a link is a fault, not a place to go."""
        url = self.link(str(path))
        if url is None:
            raise Trouble("Azure's answer points to another host than ARM_ENDPOINT's; it is not followed")
        return url


def _date(answer: httpx.Response) -> datetime | None:
    """The `Date` header (RFC 9110); None if it is absent or nonsense."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def left_of_budget(answer: httpx.Response) -> float:
    """The least that any of Azure's `x-ms-ratelimit-remaining-*` headers says is left; infinite if none does.

    https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling#remaining-requests
    """
    told = (number(value) for name, value in answer.headers.items() if name.startswith(REMAINING))
    return min((value for value in told if value is not None), default=math.inf)


def read_dict(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; anything else (HTML of a proxy, a cut body) is trouble that passes."""
    if not answer.content:
        return {}
    try:
        value = json.loads(answer.content)
    except ValueError as error:
        raise Trouble(f"Azure's answer ({answer.status_code}) is not JSON") from error
    if not isinstance(value, dict):
        raise Trouble(f"Azure's answer ({answer.status_code}) is no JSON object")
    return value


def has_code(answer: httpx.Response) -> bool:
    """Whether an error's body is Azure's own: a proxy's has no `error.code`, at most a `code` at the top."""
    try:
        return bool(Loose(read_dict(answer)).part("error").text("code"))
    except Trouble:
        return False


def rejected(answer: httpx.Response, stage: Stage) -> Rejected:
    try:
        body = read_dict(answer)
    except Trouble:
        body = {}
    fallback = f"Azure answered {answer.status_code} without an error body"
    return Rejected(read_error(body, stage, fallback, answer.status_code), answer.status_code)


def raise_for(answer: httpx.Response, stage: Stage) -> None:
    """Raises Trouble if a retry may succeed (401 with a stale token, 408, 425, 429, 5xx), and Rejected for every
    other 4xx."""
    status = answer.status_code
    if status in PASSING_STATUS or status == 401 or status >= 500:
        what = f"Azure answered {status} ({rejected(answer, stage).error.code})"
        raise Trouble(what, retry_after(answer), status, status in THROTTLED)
    if status >= 400:
        raise rejected(answer, stage)
    if status >= 300:
        raise Trouble(f"Azure answered with a redirect ({status}), which is not followed")


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds of Retry-After, at most an hour; None if the header is absent, a date or unreadable."""
    seconds = number(answer.headers.get("retry-after"))
    return min(seconds, 3600.0) if seconds is not None and seconds >= 0 else None
