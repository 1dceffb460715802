"""The HTTP routes about the desk itself: what can be restored, the stop switch, a channel's test."""

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.api.http import Answer, Call, json_answer, read_model
from shared.azure.port import Rejected
from shared.azure.recovery_points import PointRead, read_point, unfit
from shared.config.policy import find_instance
from shared.domain.problems import Problem, Trouble, unknown
from shared.domain.restore import Datasource
from shared.domain.values import iso
from shared.notices.facts import span
from shared.notices.messages import Delivered, Stop
from shared.notices.notifier import Notifier, sample_notice
from shared.notices.sample import sample_facts
from shared.storage import row_keys
from shared.storage.shared_state import Pause
from shared.telemetry import tell
from shared.workflow.azure_facts import datasource
from shared.workflow.operator_acts import Act
from shared.workflow.ports import Parts

COLD = 5  # instances whose points one call of the list may fetch; the rest shows what is remembered


@dataclass(frozen=True)
class DeskApi:
    """The routes beside /api/restores."""

    parts: Parts
    notifier: Notifier

    def instances(self, call: Call) -> Answer:
        """GET /api/instances"""
        desk, left = self.parts.read_desk(), COLD
        shown = []
        for name, entry in desk.instances.items():
            item: dict[str, Any] = {"name": name, "id": entry.id, "targets": list(entry.targets)}
            points, fetched = self._points(entry.id, fetch=left > 0)
            left -= fetched
            holder = self.parts.ledger.store.get(*_turn_place(entry.id))
            item |= {"turn": holder.text("restore") if holder else None, **self._newest(entry.id, points)}
            shown.append({key: value for key, value in item.items() if value is not None})
        return json_answer(200, {"value": shown})

    def _newest(self, instance: str, points: list[PointRead] | None) -> dict[str, Any]:
        known = self.parts.board.recall(_vault(instance), "instance-" + instance.rsplit("/", 1)[-1].lower())
        server = {"server": known[1].get("id"), "kind": known[1].get("type")} if known else {}
        now = self.parts.now()
        flexible = known is not None and Datasource.model_validate(known[1]).flexible
        usable = [p for p in points or [] if unfit(p, now, flexible) is None]
        if not usable:
            return {**server, "lastPoint": None}
        newest = max(usable, key=lambda p: p.time)
        return {**server, "lastPoint": _point(newest, now, flexible)}

    def recovery_points(self, call: Call) -> Answer:
        """GET /api/instances/{instance}/recovery-points"""
        said = re.sub(
            "%2F", "/", call.path.get("instance", ""), flags=re.IGNORECASE
        )  # the host leaves an encoded slash as it is
        instance, name = find_instance(said, self.parts.read_desk())
        try:
            points, _ = self._points(instance.text, fetch=True)
        except Rejected as no:
            raise Problem(502, "Azure said no", str(no), "instance") from no
        now = self.parts.now()
        flexible = datasource(self.parts, _vault(instance.text), instance.text).flexible
        shown = [_point(p, now, flexible) for p in sorted(points or [], key=lambda p: p.time, reverse=True)]
        return json_answer(200, {"instance": name or instance.text, "value": shown})

    def _points(self, instance: str, fetch: bool) -> tuple[list[PointRead] | None, int]:
        """The remembered list while it is fresh; else, where it may, Azure's (a scarce call)."""
        vault, now = _vault(instance), self.parts.now()
        name = "points-" + instance.rsplit("/", 1)[-1].lower()
        known = self.parts.board.recall(vault, name)
        fresh = known and (now - known[0]).total_seconds() < self.parts.pace.points_fresh
        if known and (fresh or not fetch):
            return [p for p in map(read_point, known[1]["value"]) if p], 0
        if not fetch:
            return None, 0
        try:
            items = self.parts.azure.points(instance, "")
            datasource(self.parts, vault, instance)
        except Trouble:
            if known:
                return [p for p in map(read_point, known[1]["value"]) if p], 1
            raise
        self.parts.board.remember(vault, name, {"value": items}, now)
        return [p for p in map(read_point, items) if p], 1

    def pause(self, call: Call) -> Answer:
        """POST /api/desk/pause: nothing is submitted until resume; what runs is watched on."""
        act = read_model(Act, call.body)
        pause = Pause(act.by, act.reason, self.parts.now())
        self.parts.board.set_paused(pause)
        tell("act", logging.WARNING, act="pause", by=act.by, reason=act.reason)
        return json_answer(200, {"paused": True, "by": pause.by, "reason": pause.reason, "at": iso(pause.at)})

    def resume(self, call: Call) -> Answer:
        """POST /api/desk/resume"""
        act = read_model(Act, call.body)
        self.parts.board.set_paused(None)
        tell("act", act="resume", by=act.by, reason=act.reason)
        return json_answer(200, {"paused": False})

    def channel_test(self, call: Call) -> Answer:
        """POST /api/channels/{name}/test: a sample notice, and what the channel answered."""
        name, desk = call.path.get("name", ""), self.parts.read_desk()
        channel = desk.channels.get(name)
        if channel is None:
            raise unknown("name", name, "channel", desk.channels)
        facts = sample_facts("test", self.parts.now())
        answer = self.notifier.tell(name, channel, sample_notice(facts.model_dump_json(by_alias=True), name, facts.at))
        delivered = isinstance(answer, Delivered)
        shown = {"channel": name, "kind": channel.kind, "delivered": delivered}
        if not isinstance(answer, Delivered):
            shown |= {"answer": answer.why, "final": isinstance(answer, Stop)}
        return json_answer(200 if delivered else 502, shown)


def _vault(instance: str) -> str:
    return instance.rsplit("/", 2)[0]


def _turn_place(instance: str) -> tuple[str, str]:
    return row_keys.vault_partition(_vault(instance)), row_keys.turn(instance)


def _point(point: PointRead, now: datetime, flexible: bool) -> dict[str, Any]:
    chosen = point.chosen(now)
    age = (now - point.time).total_seconds()
    why_not = unfit(point, now, flexible)
    more = {"ageSeconds": round(age), "age": span(age), "restorable": why_not is None, "whyNot": why_not}
    shown = chosen.json_value() | more
    return {name: part for name, part in shown.items() if part is not None}
