"""GET /api/restores: the open restores, the closed ones since a moment, one by its key; as JSON pages or JSON lines."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from shared.api.http import (
    Answer,
    Call,
    json_answer,
    known_parameters,
    mark_text,
    page_size,
    read_mark,
    wrong_mark,
)
from shared.api.views import row_view
from shared.config.policy import find_instance
from shared.domain.problems import Ours, invalid, unknown
from shared.domain.resource_ids import INSTANCE, parse_id
from shared.domain.restore import CLOSED, Phase, Restore
from shared.domain.values import iso, utc
from shared.notices.outbox import Outbox
from shared.storage import row_keys
from shared.storage.container_rows import ContainerRow, read_container
from shared.storage.idempotency import KeyRows
from shared.storage.ledger import Unreadable
from shared.storage.store import ReadAhead, Row
from shared.workflow.ports import Parts

PAGE = 100
OWN_SOURCES = ("http", "queue", "page")
MOST_READ = 10_000  # rows of the history that a page looks through
BETWEEN = 40  # rows of a kind that are read for each restore of a page: its notices, and what lies between
LINES = "application/jsonl"
PARAMETERS = (
    "vault", "instance", "phase", "since", "key", "source", "pageSize", "continue", "format", "code", "clientId",
)  # fmt: skip
NOT_LINKED = ("key", "continue", "code", "clientId")
type Mark = tuple[str, int, str]  # vault, open or closed, row key: a restore that closes between pages is not missed
FIRST: Mark = ("", -1, "")


@dataclass(frozen=True)
class Listing:
    """What `GET /api/restores` answers."""

    parts: Parts
    view: Callable[[Restore, Parts], dict[str, Any]]

    def answer(self, call: Call) -> Answer:
        """A page; with `format=jsonl` one whole restore a line, closed ones included, `Link` to the next page."""
        query, lines = call.query, _wants_lines(call.query.get("format"))
        known_parameters(query, PARAMETERS)
        size, phases = page_size(query.get("pageSize"), PAGE), _phases(query.get("phase"))
        all_times = lines or bool(phases & CLOSED)
        since, mark = _since(query.get("since")) or ("0" if all_times else None), _mark(query.get("continue"))
        sources = self._sources(query.get("source"))
        if "key" in query:
            return self._by_key(sources, query["key"])
        wanted, vaults = self._where(query)
        shown, more = page_of(self._rows(vaults, since, mark), size, _fits(wanted, phases, query.get("source")))
        if lines:
            return self._lines(shown, query, more)
        containers = self._containers(shown)
        value = [row_view(row, containers.get(row.text("restore"))) for row in shown]
        page = {"value": value, **self._paused(), **({"continue": more} if more else {})}
        return json_answer(200, page)

    def since(self, query: Mapping[str, str], moment: datetime) -> Iterator[Row]:
        """The rows of the open restores and of those closed since a moment, of every vault or one instance."""
        wanted, vaults = self._where(query)
        rows = (row for _, row in self._rows(vaults, iso(moment), FIRST))
        return filter(_fits(wanted, frozenset(), None), rows)

    def _containers(self, rows: list[Row]) -> dict[str, ContainerRow]:
        """How the containers of a page's restores stand; one range a vault, and none if no restore has one."""
        ids, found = [row.text("restore") for row in rows if row.text("container")], dict[str, ContainerRow]()
        for span in row_keys.spans(ids, row_keys.container):
            for row in self.parts.ledger.store.scan(*span):
                with suppress(Unreadable):
                    found[row.text("restore")] = read_container(row)
        return found

    def _paused(self) -> dict[str, Any]:
        pause = self.parts.board.paused()
        return {"paused": pause.view()} if pause else {}

    def _sources(self, source: str | None) -> list[str]:
        """The ways in that a key may have come by; 422 for one that desk.toml does not have."""
        try:
            desk = self.parts.read_desk()
        except Ours:  # a list is there to be read while desk.toml is being mended
            return [source] if source else [*OWN_SOURCES]
        known = [*OWN_SOURCES, *(f"tickets/{name}" for name in desk.tickets)]
        if source is not None and source not in known:
            raise unknown("source", source[:200], "source", known)
        return [source] if source else known

    def _by_key(self, sources: list[str], key: str) -> Answer:
        """The restores that a key names, in each of the sources that has one, the latest first; after them what was
        refused under the key: a message with the key of another request, say."""
        held, refused = (self._named(sources, name) for name in (key, f"refused\n{key}"))
        return json_answer(200, {"value": [self.view(restore, self.parts) for restore in [*held, *refused]]})

    def _named(self, sources: list[str], key: str) -> list[Restore]:
        keys = KeyRows(self.parts.ledger.store)
        named = {held.restore for source in sources for held in keys.all(source, key)}
        there = [restore for restore in map(self.parts.ledger.load, named) if restore]
        return sorted(there, key=lambda restore: restore.accepted_at, reverse=True)

    def _where(self, query: Mapping[str, str]) -> tuple[str | None, list[str]]:
        """The one instance that is wanted, and the vaults to look in."""
        if not query.get("instance"):
            return None, self._vaults(query.get("vault"))
        self._vaults(query.get("vault"))  # 422 for one that is unknown
        found = find_instance(query["instance"], self.parts.read_desk())[0]
        return found.key, [found.parent().text]

    def _rows(self, vaults: list[str], since: str | None, after: Mark) -> Iterator[tuple[Mark, Row]]:
        for vault in sorted(vaults, key=str.lower):
            if vault.lower() >= after[0]:
                yield from ((mark, row) for mark, row in self._of_vault(vault, since, after) if mark > after)

    def _of_vault(self, vault: str, since: str | None, after: Mark) -> Iterator[tuple[Mark, Row]]:
        place = vault.lower()
        for row in sorted(self.parts.board.live(vault).opens, key=lambda row: row.key):
            yield (place, 0, row.key), row
        if since:
            first = f"done-{since}"
            start = max(first, after[2]) if after[:2] == (place, 1) else first
            for row in self.parts.ledger.store.scan(row_keys.vault_partition(vault), start, row_keys.until("done-")):
                yield (place, 1, row.key), row

    def _vaults(self, vault: str | None) -> list[str]:
        known = self.parts.ledger.vaults()
        if not vault:
            return known
        found = _named(vault, known)
        if not found and not _named(vault, of_file := self._vaults_of_file()):
            raise unknown("vault", vault[:200], "vault", {v.rsplit("/", 1)[-1] for v in (*known, *of_file)})
        return found

    def _vaults_of_file(self) -> list[str]:
        try:
            return [parse_id(entry.id, INSTANCE).parent().text for entry in self.parts.read_desk().instances.values()]
        except Ours:
            return []  # a list is there to be read while desk.toml is being mended

    def _lines(self, rows: list[Row], query: Mapping[str, str], more: str | None) -> Answer:
        parts = self._read_ahead([row.text("restore") for row in rows])
        body = "".join(json.dumps(self._whole(row, parts)) + "\n" for row in rows)
        kept = {
            name: query[name]
            for name in ("vault", "instance", "phase", "source", "since", "pageSize", "format")
            if name in query
        }
        link = f'</api/restores?{urlencode({**kept, "continue": more})}>; rel="next"' if more else None
        return Answer(200, body.encode(), {"Link": link} if link else {}, LINES)

    def _read_ahead(self, ids: list[str]) -> Parts:
        """The same parts over what is kept of these restores, read in ranges: those of a page closed one after the
        other, so that little else lies between them; where much does, they are read one by one."""
        kinds = row_keys.restore, row_keys.notices, row_keys.container, row_keys.verification
        spans = row_keys.spans(filter(row_keys.is_id, ids), *kinds)
        store = ReadAhead(self.parts.ledger.store, spans, BETWEEN * len(ids))
        return replace(self.parts, ledger=self.parts.ledger.over(store), outbox=Outbox(store))

    def _whole(self, row: Row, parts: Parts) -> dict[str, Any]:
        """An audit leaves nothing out: what this release cannot read is a line that says so."""
        try:
            restore = parts.ledger.load(row.text("restore"))
            return self.view(restore, parts) if restore else row_view(row)
        except Unreadable as error:
            return {**row_view(row), "unreadable": str(error)}
        except (ValueError, LookupError) as error:  # a damaged row beside it, such as a notice
            return {**row_view(row), "problem": f"it cannot be shown whole ({type(error).__name__})"}


def _fits(instance: str | None, phases: frozenset[Phase], source: str | None) -> Callable[[Row], bool]:
    return lambda row: (
        instance in (None, row.text("instance").lower())
        and (not phases or row.text("phase") in phases)
        and source in (None, row.text("source"))
    )


def page_of(rows: Iterator[tuple[Mark, Row]], size: int, fits: Callable[[Row], bool]) -> tuple[list[Row], str | None]:
    """The first rows that fit, and where the next page begins. A page reads MOST_READ rows at the most, so it may be
    short, and others follow."""
    shown, last = list[Row](), FIRST
    for count, (mark, row) in enumerate(rows):
        full = fits(row) and len(shown) == size
        if full or count == MOST_READ:
            return shown, mark_text(last)
        shown += [row] if fits(row) else []
        last = mark
    return shown, None


def _named(vault: str, known: list[str]) -> list[str]:
    return [v for v in known if v.lower() == vault.lower() or v.lower().endswith(f"/{vault.lower()}")]


def _phases(text: str | None) -> frozenset[Phase]:
    """One or more phases, with commas between them."""
    found = set()
    for word in (text or "").split(","):
        try:
            found |= {Phase(word.strip())} if text else set()
        except ValueError as error:
            raise unknown("phase", word.strip()[:60], "phase", [phase.value for phase in Phase]) from error
    return frozenset(found)


def _wants_lines(text: str | None) -> bool:
    if text not in (None, "json", "jsonl"):
        raise invalid("format", "json or jsonl is due")
    return text == "jsonl"


def _since(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return iso(utc(text))
    except (ValueError, OverflowError) as error:
        raise invalid("since", "a time such as 2026-10-01T00:00:00Z is due") from error


def _mark(text: str | None) -> Mark:
    if text is None:
        return FIRST
    match read_mark(text):
        case [str(vault), 0 | 1 as part, str(key)] if key.isascii():
            return (vault, int(part), key)
        case _:
            raise wrong_mark()
