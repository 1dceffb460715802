"""The HTTP routes about what can be restored: the instances of desk.toml, and an instance's recovery points."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.api.http import (
    MOST,
    Answer,
    Call,
    json_answer,
    known_parameters,
    mark_text,
    page_size,
    read_mark,
    wrong_mark,
)
from shared.azure.recovery_points import PointRead, unfit
from shared.config.desk_file import InstanceEntry
from shared.config.policy import find_instance
from shared.domain.problems import Problem, Trouble, invalid
from shared.domain.values import iso
from shared.frozen import frozen
from shared.notices.facts import span
from shared.storage import row_keys
from shared.storage.ledger import Ledger
from shared.storage.shared_state import Board
from shared.storage.store import ReadAhead, under
from shared.workflow.azure_facts import datasource, remembered_source
from shared.workflow.points import (
    PointsRead,
    is_stale,
    newest_usable,
    points_now,
    remembered_points,
    vault_of,
)
from shared.workflow.ports import Parts

log = logging.getLogger("desk")
PAGE = MOST
PARAMETERS = ("pageSize", "continue")
MARK = "instances"  # begins the value of `continue`, so that another list's is known as foreign
NOT_READ = "its points have not been read yet: the sweep reads them soon; GET {path} reads them now"

type Rows = list[dict[str, Any]]


@frozen
class InstancesApi:
    """The routes under /api/instances."""

    parts: Parts

    def list(self, call: Call) -> Answer:
        """GET /api/instances: a page of rows in the order of desk.toml, one an instance."""
        known_parameters(call.query, PARAMETERS)
        entries, size = self.parts.read_desk().instances, page_size(call.query.get("pageSize"), PAGE)
        names = _after(list(entries), call.query.get("continue"))
        shown = self._rows({name: entries[name] for name in names[:size]})
        more = {"continue": mark_text((MARK, names[size - 1]))} if len(names) > size else {}
        return json_answer(200, {"value": shown, **more})

    def rows(self) -> Rows:
        """A row of each instance of desk.toml."""
        return self._rows(self.parts.read_desk().instances)

    def _rows(self, entries: Mapping[str, InstanceEntry]) -> Rows:
        """A row that could not be read in full says why in `problem`. The ledger is read, Azure is not asked."""
        parts = self._read_ahead(entries.values())
        shown: Rows = []
        for name, entry in entries.items():
            row: dict[str, Any] = {"name": name, "id": entry.id, "targets": [*entry.targets]}
            try:
                row |= _turn(parts, entry) | _newest(parts, name, entry, remembered_points(parts, entry.id))
            except Exception as error:
                log.warning("instance %s cannot be shown: %s", name, error, exc_info=not isinstance(error, Trouble))
                row |= {"lastPoint": None, "problem": f"it cannot be shown now: {error}"}
            shown.append(row)
        return shown

    def _read_ahead(self, entries: Iterable[InstanceEntry]) -> Parts:
        """The same parts over what the ledger knows of these instances' vaults, read once: two ranges a vault, none an
        instance."""
        places = {row_keys.vault_partition(vault_of(entry.id)) for entry in entries}
        try:
            store = ReadAhead(self.parts.ledger.store, under(places, ("facts-", "live-turn-")))
        except Trouble as trouble:  # then each instance says so by itself
            log.warning("the instances are read one by one: %s", trouble)
            return self.parts
        return replace(self.parts, ledger=Ledger(store), board=Board(store, self.parts.board.fixed))

    def recovery_points(self, call: Call) -> Answer:
        """GET /api/instances/{instance}/recovery-points"""
        said = re.sub(
            "%2F", "/", call.path.get("instance", ""), flags=re.IGNORECASE
        )  # the host leaves an encoded slash as it is
        instance, name = find_instance(said, self.parts.read_desk())
        read = points_now(self.parts, instance.text)
        if read.problem:
            raise Problem(502, "Azure said no", read.problem.removeprefix("Azure said no: "), "instance")
        now = self.parts.now()
        flexible = datasource(self.parts, vault_of(instance.text), instance.text).flexible
        shown = [point_view(p, now, flexible) for p in sorted(read.points, key=lambda p: p.time, reverse=True)]
        return json_answer(200, {"instance": name or instance.text, "value": shown})


def _after(names: list[str], mark: str | None) -> list[str]:
    """The names that follow those of the pages before."""
    if mark is None:
        return names
    match read_mark(mark):
        case [word, str(last)] if word == MARK:
            if last in names:
                return names[names.index(last) + 1 :]
            raise invalid("continue", "desk.toml has changed since that page: begin with the first page again")
        case _:
            raise wrong_mark()


def _turn(parts: Parts, entry: InstanceEntry) -> dict[str, str]:
    place = row_keys.vault_partition(vault_of(entry.id)), row_keys.turn(entry.id)
    holder = parts.ledger.store.get(*place)
    return {"turn": holder.text("restore")} if holder else {}


def _newest(parts: Parts, name: str, entry: InstanceEntry, read: PointsRead | None) -> dict[str, Any]:
    source, now = remembered_source(parts, entry.id), parts.now()
    row: dict[str, Any] = {"server": source.id, "kind": source.type} if source else {}
    if read is None:
        return row | {"lastPoint": None, "lastPointReason": NOT_READ.format(path=_path(name))}
    row |= {"pointsReadAt": iso(read.at)} | ({"problem": read.problem} if read.problem else {})
    flexible = source is not None and source.flexible
    newest = newest_usable(parts, entry.id, read)
    if entry.stale_after_days is not None and not (read.problem and not read.points):
        stale = is_stale(newest, entry.stale_after_days, now)
        row |= {"staleAfterDays": entry.stale_after_days, "stale": stale}
    if newest:
        return row | {"lastPoint": point_view(newest, now, flexible)}
    return row | {"lastPoint": None, "lastPointReason": no_usable(read, now, flexible)}


def no_usable(read: PointsRead, now: datetime, flexible: bool) -> str:
    """Why none of the points can be restored."""
    if not read.points:
        return "Azure lists no recovery point of it" if not read.problem else "no list of points is known"
    faults = [str(unfit(point, now, flexible)) for point in read.points]
    counted = ", ".join(f"{faults.count(fault)} {fault}" for fault in dict.fromkeys(faults))
    return f"none of its {len(faults)} recovery points can be restored ({counted})"


def _path(name: str) -> str:
    return f"/api/instances/{name}/recovery-points"


def point_view(point: PointRead, now: datetime, flexible: bool) -> dict[str, Any]:
    """A recovery point with its age, whether it can be restored, and what that takes."""
    chosen = point.chosen(now)
    age = (now - point.time).total_seconds()
    why_not = unfit(point, now, flexible)
    more = {"ageSeconds": round(age), "age": span(age), "restorable": why_not is None, "whyNot": why_not}
    if why_not is None and chosen.tier == "ArchiveStore":
        more["note"] = "in archive: it is rehydrated first, which may take 15 h"
    shown = chosen.json_value() | more
    return {name: part for name, part in shown.items() if part is not None}
