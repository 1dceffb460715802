"""The parts that move restores, built once over the connections."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from shared.composition.desk_rules import faults, unjudged
from shared.composition.once import Later, locked_property
from shared.composition.outside import Outside
from shared.config.settings import QUEUE

if TYPE_CHECKING:
    from shared.aftercare.cleanup import Cleanup
    from shared.aftercare.strangers import Strangers
    from shared.aftercare.verdicts import Verdicts
    from shared.aftercare.verify import Verify
    from shared.azure.port import Azure
    from shared.notices.notifier import Notifier
    from shared.sweep.lanes import Deliverer
    from shared.sweep.points_look import PointsLook
    from shared.sweep.retention import Retention
    from shared.sweep.sweep import Sweep
    from shared.sweep.timer import Upkeep
    from shared.workflow.intake import Intake
    from shared.workflow.ports import Parts
    from shared.workflow.queue_in import QueueDoor, QueueIn
    from shared.workflow.workflow import Workflow


@dataclass
class Engine(Outside):
    """What moves restores: the ports, the workflow, the sweep, the queues' doors."""

    @locked_property
    def parts(self) -> Parts:
        """The ports, filled."""
        from shared.config.desk_reader import DeskReader
        from shared.config.plans import Ground
        from shared.notices.outbox import Outbox
        from shared.storage.ledger import Ledger
        from shared.workflow.ports import Parts

        ground = Ground(self.settings.cloud, self.settings.own_account)
        return Parts(
            ledger=Ledger(self.store, self.pace.hour),
            board=self.board,
            outbox=Outbox(self.store),
            azure=cast("Azure", Later(lambda: self.azure)),
            read_desk=unjudged(self.settings) or DeskReader(self.settings.desk_config, ground, faults),
            send=lambda text, delay: self.send(text, delay),
            ground=ground,
            pace=self.pace,
            elapsed=lambda: (
                time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
            ),
        )

    @locked_property
    def workflow(self) -> Workflow:
        from shared.workflow.workflow import Workflow

        return Workflow(self.parts)

    @locked_property
    def intake(self) -> Intake:
        from shared.workflow.intake import Intake

        return Intake(self.parts)

    @locked_property
    def notifier(self) -> Notifier:
        import httpx

        from shared.notices.notifier import HttpPost, Notifier
        from shared.wire.bounded_http import bounded, bounded_transport

        http = httpx.Client(
            timeout=15,
            trust_env=False,
            follow_redirects=False,
            transport=bounded_transport(verify=self.trusted),
            headers={"Accept-Encoding": "gzip"},
        )
        parts, settings = self.parts, self.settings
        return Notifier(
            parts.outbox, parts.read_desk, settings.environ, HttpPost(http, self.token, bounded), parts.now,
            parts.jitter, parts.pace, settings.local, settings.cloud, settings.public_url, redact=self.redact,
        )  # fmt: skip

    @locked_property
    def sweep(self) -> Sweep:
        from shared.sweep.sweep import Sweep

        return Sweep(self.parts, self.workflow, cast("Deliverer", Later(lambda: self.notifier)))

    @locked_property
    def upkeep(self) -> Upkeep:
        from shared.sweep.timer import Upkeep

        def later(name: str) -> Any:
            return Later(lambda: getattr(self, name))

        return Upkeep(
            self.sweep, self.board, later("retention"), later("points"), self.queues, self.parts.now,
            later("cleanup"), later("strangers"), later("verify"), cold=True,
        )  # fmt: skip

    @locked_property
    def retention(self) -> Retention:
        from shared.sweep.retention import Retention

        return Retention(self.parts.ledger, self.parts.outbox, self.settings.retention_days)

    @locked_property
    def points(self) -> PointsLook:
        from shared.sweep.points_look import PointsLook

        return PointsLook(self.parts)

    @locked_property
    def cleanup(self) -> Cleanup:
        from shared.aftercare.cleanup import Cleanup
        from shared.aftercare.rows import Rows

        parts = self.parts
        return Cleanup(Rows(parts.ledger), parts.board, parts.azure, parts.read_desk, parts.now, parts.pace)

    @locked_property
    def strangers(self) -> Strangers:
        from shared.aftercare.rows import Rows
        from shared.aftercare.strangers import Strangers

        parts = self.parts
        return Strangers(Rows(parts.ledger), parts.board, parts.azure, parts.read_desk, parts.now, parts.pace)

    @locked_property
    def verify(self) -> Verify:
        from shared.aftercare.verifications import Verifications
        from shared.aftercare.verify import Verify
        from shared.storage.wake_queue import LOADS, LoadQueue

        parts, loads = self.parts, LoadQueue(self._queue(LOADS))
        return Verify(Verifications(parts.ledger), loads, parts.read_desk, parts.now, parts.pace, secrets.token_urlsafe)

    @locked_property
    def verdicts(self) -> Verdicts:
        from shared.aftercare.verdicts import Verdicts
        from shared.storage.wake_queue import VERDICTS, WakeQueue

        return Verdicts(self.verify, WakeQueue(self._queue(VERDICTS)).send)

    @locked_property
    def queue_door(self) -> QueueDoor:
        from shared.storage.wake_queue import WakeQueue
        from shared.workflow.queue_in import QueueDoor

        poison = WakeQueue(self._queue(f"{QUEUE}-poison"))
        return QueueDoor(
            lambda: self.queue_in, lambda text, delay: self.send(text, delay), poison.send, self.pace.hold_message
        )

    @locked_property
    def queue_in(self) -> QueueIn:
        from shared.workflow.queue_in import Flood, QueueIn

        return QueueIn(self.parts, self.intake, self.workflow, Flood(self.parts.now))
