"""What the tests of the whole stack share: asking, waiting, and what the emulator's journal says of it."""

import time
import uuid
from typing import Any

import httpx

from local.stack.stack import Stack

DRILL: dict[str, Any] = {"instance": "pg-prod-01", "target": "drills", "requestedBy": "test@contoso.com"}


def ask(stack: Stack, key: str | None = None, **more: Any) -> str:
    """A restore asked for by HTTP, again and again as long as the host or its storage is away."""
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    end = time.monotonic() + 40
    while True:
        try:
            answer = stack.http.post("/api/restores", json={**DRILL, **more}, headers=headers, timeout=10)
        except httpx.TransportError:
            answer = httpx.Response(503)
        if answer.status_code in (200, 202):
            return str(answer.json()["id"])
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < end, "nobody takes the request"
        time.sleep(0.2)


def by_key(stack: Stack, key: str, seconds: float = 20) -> dict[str, Any]:
    """The restore of a request that came by queue."""
    end = time.monotonic() + seconds
    while True:
        found = stack.http.get("/api/restores", params={"key": key, "source": "queue"}).json()["value"]
        if found:
            return dict(found[0])
        assert time.monotonic() < end, f"no restore of the key {key!r}"
        time.sleep(0.1)


def ended(stack: Stack, restore: str, seconds: float = 60) -> dict[str, Any]:
    """The restore when it is closed or parked, and all of it told."""
    end = time.monotonic() + seconds
    while True:
        view = stack.http.get(f"/api/restores/{restore}").raise_for_status().json()
        owed = [notice for notice in view["notices"] if notice["state"] == "owed"]
        if (view["closed"] or view["phase"] == "lost") and not owed:
            return dict(view)
        assert time.monotonic() < end, view
        time.sleep(0.1)


def submissions(stack: Stack, view: dict[str, Any]) -> list[dict[str, Any]]:
    """Every `restore` POST that the emulator got from this restore, whether it had an effect or not."""
    ids = {attempt["requestId"] for attempt in view["attempts"]}
    calls = [call for call in stack.emulated("calls") if call["verb"].lower() in ("restore", "crossregionrestore")]
    return [call for call in calls if call["x-ms-client-request-id"] in ids]


def told(stack: Stack, view: dict[str, Any]) -> list[str]:
    """The events of this restore that the channel `events` took."""
    good = [one for one in stack.channels.ends.arrived if one.channel == "events" and one.status < 300]
    return [one.webhook_id for one in good if one.webhook_id and one.webhook_id.startswith(view["id"])]
