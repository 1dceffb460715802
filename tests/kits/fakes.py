"""The world around the app under test: a clock, channels that remember what they were sent, seams."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from shared.domain.problems import Trouble
from shared.notices.messages import Message

START = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.DataProtection"
VAULT, OTHER_VAULT = f"{GROUP}/backupVaults/vault-one", f"{GROUP}/backupVaults/vault-two"
POINT = "pt-1"
FLEXIBLE = "Microsoft.DBforPostgreSQL/flexibleServers"


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def elapsed(self) -> float:
        return (self.at - START).total_seconds()

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Posts:
    """What came to the channels; `answers` says what the next posts to a URL are answered."""

    told: list[tuple[str, str]] = field(default_factory=list)  # url and event id
    tried: list[str] = field(default_factory=list)
    answers: dict[str, list[int | Trouble]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, message: Message) -> tuple[int, bytes, Mapping[str, str]]:
        with self._lock:
            self.tried.append(message.url)
            self.messages.append(message)
            planned = self.answers.get(message.url)
            answer = planned.pop(0) if planned else 200
            if isinstance(answer, Trouble):
                raise answer
            if answer == 200:
                self.told.append((message.url, message.headers.get("webhook-id", "")))
        return answer, b"ok", {}

    def events(self, url: str) -> list[str]:
        return [event for at, event in self.told if at == url]


class Seam:
    """A port with something in its way: every call of it goes through `call(name, act, args)`; nothing is named here,
    so a method that is new tomorrow is covered too."""

    def __init__(self, behind: object, name: str, call: Callable[[str, Callable[[], Any], Any], Any]) -> None:
        self._behind, self._name, self._call = behind, name, call

    def __call__(self, *args: Any) -> Any:
        return self._call(self._name, lambda: self._behind(*args), args)  # type: ignore[operator]

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._behind, name)

        def through(*args: Any, **kwargs: Any) -> Any:
            def act() -> Any:
                found = inner(*args, **kwargs)
                return list(found) if isinstance(found, Iterator) else found

            found = self._call(f"{self._name}.{name}", act, args)
            return (
                iter(found)
                if isinstance(found, list) and name in ("scan", "jobs", "instances", "containers")
                else found
            )

        return through
