"""A queue as the desk uses it, over Queue Storage's REST API.

https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api
"""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import escape
from typing import Protocol

from shared.frozen import frozen
from shared.wire.http import Answer
from shared.wire.service import Service, Unanswered

VERSION = "2021-12-02"
_INSERTED = re.compile(rb"<InsertionTime>([^<]+)</InsertionTime>")


class NoQueue(Exception):
    """There is no such queue."""


class QueueDown(Exception):
    """The queue did not do it; the message says why, without an address."""


class Queue(Protocol):
    """NoQueue and QueueDown of each."""

    def put(self, text: str, hidden: int) -> None:
        """A message that is visible after `hidden` seconds and never expires."""
        ...

    def make(self) -> None:
        """Makes it, unless it is there."""
        ...

    def count(self) -> int:
        """Messages in it, hidden ones among them."""
        ...

    def first(self) -> datetime | None:
        """When the first visible message was put in."""
        ...


@frozen
class RestQueue:
    """One queue of a service."""

    service: Service
    name: str

    def put(self, text: str, hidden: int) -> None:
        body = f"<QueueMessage><MessageText>{escape(text, quote=False)}</MessageText></QueueMessage>".encode()
        query = f"visibilitytimeout={hidden}&messagettl=-1"
        self._call("POST", "/messages", query, body, 201)

    def make(self) -> None:
        self._call("PUT", "", "", b"", 201, 204, 409)

    def count(self) -> int:
        answer = self._call("GET", "", "comp=metadata", None, 200)
        return int(answer.headers.get("x-ms-approximate-messages-count") or 0)

    def first(self) -> datetime | None:
        answer = self._call("GET", "/messages", "numofmessages=1&peekonly=true", None, 200)
        found = _INSERTED.search(answer.body)
        return parsedate_to_datetime(found.group(1).decode()) if found else None

    def _call(self, method: str, path: str, query: str, body: bytes | None, *taken: int) -> Answer:
        headers = {"Accept": "application/xml", **({"Content-Type": "application/xml"} if body else {})}
        try:
            answer = self.service.call(method, f"/{self.name}{path}", headers, body, query)
        except Unanswered as error:
            raise QueueDown(str(error)) from error
        if answer.status in taken:
            return answer
        raise NoQueue(self.name) if answer.status == 404 else QueueDown(str(answer.status))
