"""The HTTP routes about the desk itself: the stop switch, a channel's test."""

import logging

from shared.api.http import Answer, Call, json_answer
from shared.api.restores import Api
from shared.domain.problems import unknown
from shared.frozen import frozen
from shared.notices.messages import Delivered, Stop
from shared.notices.notifier import Notifier, sample_notice
from shared.notices.sample import sample_facts
from shared.storage.shared_state import Pause
from shared.telemetry import tell
from shared.workflow.operator_acts import Act
from shared.workflow.ports import Parts


@frozen
class DeskApi:
    """The routes beside /api/restores."""

    api: Api
    notifier: Notifier

    @property
    def parts(self) -> Parts:
        return self.api.parts

    def pause(self, call: Call) -> Answer:
        """POST /api/desk/pause: nothing is submitted until resume; running restores are still followed."""
        act = self.api.by(Act, call)
        now = self.parts.now()
        pause = self.parts.board.set_paused(Pause(act.by, act.reason, now), now)
        tell("act", logging.WARNING, act="pause", by=act.by, reason=act.reason)
        return json_answer(200, {"paused": True, **(pause.view() if pause else {})})

    def resume(self, call: Call) -> Answer:
        """POST /api/desk/resume"""
        act = self.api.by(Act, call)
        self.parts.board.set_paused(None, self.parts.now())
        tell("act", act="resume", by=act.by, reason=act.reason)
        left = self.parts.board.paused()  # DESK_START_PAUSED is no operator's to end
        return json_answer(200, {"paused": bool(left), **(left.view() if left else {})})

    def channel_test(self, call: Call) -> Answer:
        """POST /api/channels/{name}/test: sends a sample notice and returns the channel's answer."""
        act = self.api.by(Act, call)
        name, desk = call.path.get("name", ""), self.parts.read_desk()
        channel = desk.channels.get(name)
        if channel is None:
            raise unknown("name", name, "channel", desk.channels)
        facts = sample_facts("test", self.parts.now(), self.parts.ground.cloud)
        answer = self.notifier.tell(name, channel, sample_notice(facts.model_dump_json(by_alias=True), name, facts.at))
        delivered = isinstance(answer, Delivered)
        tell("act", act="test", by=act.by, reason=act.reason, channel=name, delivered=delivered)
        shown = {"channel": name, "kind": channel.kind, "delivered": delivered}
        if not isinstance(answer, Delivered):
            shown |= {"answer": answer.why, "final": isinstance(answer, Stop)}
        return json_answer(200 if delivered else 502, shown)
