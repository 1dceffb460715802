"""What Azure said, remembered in a vault's partition for all; short answers a process holds beside the rows, too."""

import json
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from shared.domain.values import iso, utc
from shared.storage import row_keys
from shared.storage.store import Change, Field, Store, chunked, joined

MOST = 100  # changes in a transaction
HELD, SHORT = 500, 2_000  # answers that a process holds, and the characters of the longest


class Answers:
    """Each answer has a name within its vault."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._answers: dict[tuple[str, str], tuple[datetime, dict[str, Any]]] = {}
        self._lock = Lock()

    def recall(self, vault: str, name: str) -> tuple[datetime, dict[str, Any]] | None:
        """A remembered answer of Azure (a vault's facts, an instance's, a list of points), and when it was read."""
        row = self.store.get(row_keys.vault_partition(vault), f"facts-{name}")
        return self._held(vault, name, joined(row), utc(row.text("at"))) if row else None

    def recall_since(self, vault: str, name: str, since: datetime) -> dict[str, Any] | None:
        """One that was read after that moment; a short one that this process knows takes no call of the table."""
        held = self._answers.get((vault, name))
        found = held if held and held[0] > since else self.recall(vault, name)
        return found[1] if found and found[0] > since else None

    def _held(self, vault: str, name: str, text: str, at: datetime) -> tuple[datetime, dict[str, Any]]:
        answer: tuple[datetime, dict[str, Any]] = (at, json.loads(text))
        with self._lock:
            self._answers.pop((vault, name), None)
            if len(text) <= SHORT:
                self._answers[vault, name] = answer
            if len(self._answers) > HELD:
                self._answers.pop(next(iter(self._answers)))  # the oldest
        return answer

    def known(self, vault: str, prefix: str, since: datetime) -> set[str]:
        """The names of remembered answers that begin so and were read since then."""
        head = f"facts-{prefix}"
        rows = self.store.scan(row_keys.vault_partition(vault), head, row_keys.until(head))
        return {row.key.removeprefix("facts-") for row in rows if utc(row.text("at")) >= since}

    def remember_all(self, vault: str, values: Mapping[str, dict[str, Any]], now: datetime) -> None:
        """Keeps many short answers at once."""
        rows = [(f"facts-{name}", json.dumps(value, separators=(",", ":"))) for name, value in values.items()]
        changes = [Change("put", key, {"at": iso(now), "chunks": 1, "json0": text}) for key, text in rows]
        for start in range(0, len(changes), MOST):
            self.store.commit(row_keys.vault_partition(vault), changes[start : start + MOST])
        with self._lock:
            for name in values:
                self._answers.pop((vault, name), None)

    def remember(self, vault: str, name: str, value: dict[str, Any], now: datetime) -> None:
        """Keeps an answer; one too long for a row (1 MiB) is not kept."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if len(text) > 400_000:
            return
        fields: dict[str, Field] = {"at": iso(now), **chunked(text)}
        self.store.commit(row_keys.vault_partition(vault), [Change("put", f"facts-{name}", fields)])
        self._held(vault, name, text, now)
