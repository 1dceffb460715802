"""Callers as they are in the world: they send until they hear a 2xx, and sometimes once more."""

import json
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import httpx
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

from local.chaos.plan import Request

PATIENCE = 240.0


@dataclass
class Heard:
    """The answers that callers got: restore ids by the request's number, and answers that no caller should get."""

    ids: dict[int, set[str]] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    statuses: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    poisoned: int = 0  # messages put into the poison queue
    lock: Lock = field(default_factory=Lock)

    def took(self, number: int, restore: str) -> None:
        with self.lock:
            self.ids.setdefault(number, set()).add(restore)

    def count(self, status: str) -> None:
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1


class Callers:
    """Ticket systems by HTTP, services by queue."""

    def __init__(self, http: httpx.Client, queue: QueueClient, poison: QueueClient) -> None:
        self.http, self.queue, self.poison, self.heard = http, queue, poison, Heard()

    def ask(self, request: Request) -> None:
        """Sends one request until it is taken."""
        for _ in range(1 + request.again):
            if request.via == "http":
                self._post(request)
            else:
                self._send(request)

    def _post(self, request: Request) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = self._tried(request)
            if answer is not None and answer.status_code in (200, 202):
                return self.heard.took(request.number, str(answer.json()["id"]))
            if answer is not None and answer.status_code < 500:
                return self._wrong(f"{request.key}: {answer.status_code} {answer.text[:200]}")
            time.sleep(0.4)
        return self._wrong(f"{request.key}: no 2xx within {PATIENCE:g} s")

    def _tried(self, request: Request) -> httpx.Response | None:
        """None if the host was not there, or its answer was lost."""
        try:
            answer = self.http.post(
                "/api/restores", json=request.body, headers={"Idempotency-Key": request.key}, timeout=8
            )
        except httpx.HTTPError as error:
            self.heard.count(type(error).__name__)
            return None
        self.heard.count(str(answer.status_code))
        return answer

    def _send(self, request: Request) -> None:
        text = json.dumps({**request.body, "idempotencyKey": request.key})
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                self.queue.send_message(text, time_to_live=-1)
            except AzureError:
                time.sleep(0.4)
            else:
                with self.heard.lock:
                    self.heard.sent.add(request.number)
                return None
        return self._wrong(f"{request.key}: the queue took no message")

    def _wrong(self, words: str) -> None:
        with self.heard.lock:
            self.heard.wrong.append(words)

    def copy_messages(self) -> None:
        """Messages that are delivered twice: what lies in the queue is put there once more."""
        try:
            for message in self.queue.peek_messages(max_messages=8):
                self.queue.send_message(message.content, time_to_live=-1)
        except AzureError as error:
            self.heard.count(f"copies: {type(error).__name__}")

    def poison_messages(self) -> None:
        """Two poison copies of a message, as where the host lost its receipt; the message itself may still run."""
        try:
            for message in self.queue.peek_messages(max_messages=4):
                for _ in range(2):
                    self.poison.send_message(message.content)
                    with self.heard.lock:
                        self.heard.poisoned += 1
        except AzureError as error:
            self.heard.count(f"poison: {type(error).__name__}")

    def withdraw_one(self, number: int) -> None:
        """An operator takes a restore back, if it is not too late."""
        act = {"by": "operator", "reason": "chaos"}
        try:
            open_ones: list[dict[str, Any]] = self.http.get("/api/restores", timeout=8).json()["value"]
            waiting = [one["id"] for one in open_ones if one["phase"] in ("accepted", "validating")]
            if waiting:
                self.http.post(f"/api/restores/{waiting[number % len(waiting)]}/withdraw", json=act, timeout=8)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            self.heard.count(f"withdraw: {type(error).__name__}")
