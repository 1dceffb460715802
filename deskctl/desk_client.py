"""Calls a deployed desk over HTTP for commands, again after a transient error, and reads the answers."""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import httpx

from shared.config.cloud_settings import is_loopback
from shared.domain.problems import Ours
from shared.domain.version import AGENT

type Json = dict[str, Any]
LONGEST = 30.0


def desk_arguments(parser: argparse.ArgumentParser) -> None:
    """Which desk is asked."""
    parser.add_argument("--url", default=os.environ.get("DESK_URL"), help="the desk's URL (default: $DESK_URL)")
    parser.add_argument("--key", default=os.environ.get("DESK_KEY", ""), help="a function key (default: $DESK_KEY)")


def client(args: argparse.Namespace) -> httpx.Client:
    """An HTTP client of the desk. It sends the key only over https, or to this machine. Ours without an address."""
    if not args.url:
        raise Ours("which desk? Give --url, or set DESK_URL to https://<app>.azurewebsites.net")
    url = args.url.rstrip("/").removesuffix("/api")
    if not url.startswith("https://") and not is_loopback(url):
        raise Ours(f"--url must be https: the key goes there, not to {url}")
    headers = {"user-agent": f"{AGENT} (deskctl)"} | ({"x-functions-key": args.key} if args.key else {})
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=not is_loopback(url))


def tried(call: Callable[[], httpx.Response], tries: int = 4) -> httpx.Response:
    """Calls again after a transient error: no answer, 429, 503. Ours if the desk does not answer."""
    for left in reversed(range(tries)):
        try:
            answer = call()
        except httpx.HTTPError as error:
            if not left:
                raise Ours(f"the desk does not answer ({type(error).__name__}): is --url right?") from error
            time.sleep(1)
            continue
        if answer.status_code not in (429, 503) or not left:
            return answer
        time.sleep(wait_of(answer))
    raise AssertionError("unreachable")


def read(answer: httpx.Response) -> Json:
    """The answer's JSON object; a problem becomes Ours in the desk's words, each wrong field on a line."""
    if answer.status_code == 401:
        raise Ours("the desk wants a key, or another one: --key, or DESK_KEY (az functionapp keys list)")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Ours(f"the desk answered {answer.status_code} without JSON: is --url a desk's?")
    if answer.status_code >= 400:
        place = f"{found['field']}: " if found.get("field") else ""
        more = [f"  {one['field']}: {one['detail']}" for one in found.get("errors", [])[1:]]
        raise Ours("\n".join([f"{found.get('title', answer.status_code)}: {place}{found.get('detail', '')}", *more]))
    return found


def get(http: httpx.Client, path: str, **query: str) -> Json:
    """GET, read."""
    return read(tried(lambda: http.get(path, params=query)))


def get_all(http: httpx.Client, path: str, **query: str) -> list[Json]:
    """The rows of a list, from its first page to its last."""
    page = get(http, path, **query)
    rows: list[Json] = page["value"]
    while "continue" in page:
        page = get(http, path, **query, **{"continue": page["continue"]})
        rows += page["value"]
    return rows


def wait_of(answer: httpx.Response) -> float:
    """Seconds until the desk wants to be asked again."""
    try:
        said = float(answer.headers.get("retry-after", ""))
    except ValueError:
        said = 5.0
    return min(max(said, 0.2), LONGEST)
