"""Follows restores through the API of a running desk: what was asked, how each stands, whether it ended as due."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.demo.cases import Case
from local.demo.ticket_calls import EVENTS, call
from local.stack.stack import Stack


@dataclass
class Followed:
    """One case under way."""

    case: Case
    key: str
    id: str = ""
    view: dict[str, Any] = field(default_factory=dict)
    asked: float = field(default_factory=time.monotonic)
    ended: float | None = None
    seen: bool = False  # its files, just after they were delivered

    @property
    def phase(self) -> str:
        return str(self.view.get("phase", "asked"))

    def over(self, down: str | None = None) -> bool:
        """Whether the restore is closed and every notice sent; `down` names a channel that accepts none."""
        still = [n for n in self.view.get("notices", []) if n["state"] == "owed" and n["channel"] != down]
        return bool(self.view.get("closed")) and not still and (not self.case.verified or bool(self.verified()))

    def verified(self) -> str:
        """How the verification of its delivery ended; empty while it has not."""
        state = str(self.view.get("verification", {}).get("state", ""))
        return "" if state in ("queued", "running") else state

    def seconds(self) -> float:
        """From acceptance to closing, by the desk's books; till then since it was asked for."""
        if self.view.get("closedAt"):
            closed, accepted = (datetime.fromisoformat(self.view[name]) for name in ("closedAt", "acceptedAt"))
            return (closed - accepted).total_seconds()
        return time.monotonic() - self.asked

    def fault(self) -> str | None:
        """How its end differs from what it ought to be."""
        case, error = self.case, self.view.get("error", {}).get("code")
        due = (case.phase, case.outcome, case.code, case.verified)
        found = (self.phase, self.view.get("outcome"), error, self.verified())
        return None if found == due else f"{found} where {due} is due"


def filled(body: Any) -> Any:
    """`-10d` in a case becomes the moment ten days ago."""
    wanted = body.get("recoveryPoint") if isinstance(body, dict) else None
    if not isinstance(wanted, dict) or "atOrBefore" not in wanted:
        return body
    ago = timedelta(days=int(wanted["atOrBefore"].strip("-d")))
    return {**body, "recoveryPoint": {"atOrBefore": (datetime.now(UTC) - ago).isoformat()}}


class Following:
    """Asks for cases and follows them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.down: str | None = None
        self.faults: list[str] = []
        self.at_end: Callable[[Followed], list[str]] = lambda _: []  # a look at files that were just delivered
        self.all: list[Followed] = []

    def ask(self, case: Case) -> Followed:
        """By HTTP or by queue, under a key of its own."""
        one = Followed(case, f"demo-{len(self.all)}")
        self.all.append(one)
        body = filled(case.body)
        if case.via == "http":
            answer = self.stack.http.post("/api/restores", json=body, headers={"Idempotency-Key": one.key})
            answer.raise_for_status()
            one.id = answer.json()["id"]
        elif case.via in EVENTS:
            raw, headers = call(case.via, self.stack.ticket_secrets[case.via], EVENTS[case.via](body))
            answer = self.stack.http.post(f"/api/tickets/{case.via}", content=raw, headers=headers)
            answer.raise_for_status()
            one.id = answer.json()["restore"]
        elif isinstance(body, str):
            self.stack.send(body)
        else:
            self.stack.send(json.dumps({**body, "idempotencyKey": one.key}))
        return one

    def look(self) -> None:
        """Reads every restore that is not over."""
        for one in self.all:
            if one.ended is None:
                self._look(one)

    def refresh(self) -> None:
        """Reads every restore once more."""
        for one in self.all:
            self._look(one)

    def _look(self, one: Followed) -> None:
        try:
            one.id = one.id or self._find(one)
            if one.id:
                one.view = self.stack.http.get(f"/api/restores/{one.id}").raise_for_status().json()
        except httpx.HTTPError:
            return  # the host may be down for a moment: that is no end
        if one.view.get("phase") == "succeeded" and one.view.get("container", {}).get("state") and not one.seen:
            one.seen = True
            self._delivered(one)
        if one.over(self.down):
            one.ended = time.monotonic()

    def _delivered(self, one: Followed) -> None:
        """The files are there; somebody keeps them where the case says so."""
        self.faults += self.at_end(one)
        if one.case.kept:
            act = {"by": "auditor@contoso.com", "reason": "an audit needs the dumps", "hours": 48}
            self.stack.http.post(f"/api/restores/{one.id}/keep", json=act).raise_for_status()

    def _find(self, one: Followed) -> str:
        """A restore asked for by queue, by its key; one that nobody could read, among the refused."""
        if isinstance(one.case.body, str):
            known = {other.id for other in self.all}
            listed = self.stack.http.get("/api/restores", params={"since": "2020-01-01T00:00:00Z"}).json()["value"]
            refused = [row["id"] for row in listed if row["phase"] == "refused" and row["id"] not in known]
            return next((found for found in refused if not self._has_instance(found)), "")
        value = self.stack.http.get("/api/restores", params={"key": one.key, "source": "queue"}).json()["value"]
        return str(value[0]["id"]) if value else ""

    def _has_instance(self, restore_id: str) -> bool:
        return bool(self.stack.http.get(f"/api/restores/{restore_id}").json().get("instanceId"))

    def over(self) -> bool:
        return all(one.ended is not None for one in self.all)
