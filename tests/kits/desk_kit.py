"""The desk.toml of the tests, and one process of the app over given seams."""

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.aftercare.cleanup import Cleanup
from shared.aftercare.rows import Rows
from shared.aftercare.strangers import Strangers
from shared.aftercare.verdicts import Verdicts
from shared.aftercare.verifications import Verifications
from shared.aftercare.verify import Verify
from shared.api.aftercare import AftercareApi
from shared.api.http import Answer, Call, answered
from shared.api.restores import Api
from shared.api.verification import VerificationApi
from shared.config.desk_file import Desk, parse_desk
from shared.notices.notifier import Notifier
from shared.sweep.sweep import Sweep
from shared.workflow.intake import Intake
from shared.workflow.operator_acts import Acts
from shared.workflow.ports import Parts
from shared.workflow.queue_in import Flood, QueueDoor, QueueIn
from shared.workflow.workflow import Workflow
from tests.kits.fakes import OTHER_VAULT, VAULT

EVENTS_URL, DBA_URL = "https://hooks.example.net/events", "https://hooks.example.net/dba"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRON = {"EVENTS_SECRET": SECRET, "DBA_SECRET": SECRET, "JIRA_TOKEN": SECRET}
DESK = f"""
[instances.pg-a]
id = "{VAULT}/backupInstances/pg-a"
targets = ["drills"]
[instances.pg-b]
id = "{VAULT}/backupInstances/pg-b"
targets = ["drills"]
[instances.pg-far]
id = "{OTHER_VAULT}/backupInstances/pg-far"
targets = ["drills"]
[targets.drills]
kind = "files"
container = "https://dumps.blob.core.windows.net/drills-{{instance}}"
[http]
instances = ["*"]
targets = ["drills"]
callbacks = ["events", "dba"]
[queue]
instances = ["*"]
targets = ["drills"]
callbacks = ["events"]
[channels.events]
kind = "webhook"
url = "{EVENTS_URL}"
secret = {{ env = "EVENTS_SECRET" }}
default = true
[channels.dba]
kind = "webhook"
url = "{DBA_URL}"
secret = {{ env = "DBA_SECRET" }}
on = ["succeeded", "failed", "refused", "lost"]
default = true
"""
DESK_MODEL = parse_desk(DESK)


class AtOnce(Executor):
    """Runs what it is given before it goes on, so that a story's calls come in one order."""

    def submit[T](self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass
class Process:
    """One instance of the app: its own objects, nothing shared but what lies behind the seams."""

    parts: Parts
    posts: Callable[..., Any]
    workers: int = 1
    loads: Any = None  # the queue of loads
    put_back: Callable[[str, float], None] = lambda text, delay: None  # onto the queue of verdicts

    @cached_property
    def workflow(self) -> Workflow:
        return Workflow(self.parts)

    @cached_property
    def intake(self) -> Intake:
        return Intake(self.parts)

    @cached_property
    def notifier(self) -> Notifier:
        p = self.parts
        return Notifier(p.outbox, p.read_desk, ENVIRON, self.posts, p.now, p.jitter, p.pace)

    @cached_property
    def sweep(self) -> Sweep:
        return Sweep(self.parts, self.workflow, self.notifier, self.workers, AtOnce())

    @cached_property
    def cleanup(self) -> Cleanup:
        p = self.parts
        return Cleanup(Rows(p.ledger), p.board, p.azure, p.read_desk, p.now, p.pace)

    @cached_property
    def strangers(self) -> Strangers:
        p = self.parts
        return Strangers(Rows(p.ledger), p.board, p.azure, p.read_desk, p.now, p.pace)

    @cached_property
    def aftercare(self) -> AftercareApi:
        return AftercareApi(self.api, Rows(self.parts.ledger))

    @cached_property
    def verification(self) -> VerificationApi:
        return VerificationApi(self.api, Rows(self.parts.ledger), self.verify)

    @cached_property
    def verify(self) -> Verify:
        p = self.parts
        return Verify(Verifications(p.ledger), self.loads, p.read_desk, p.now, p.pace, p.fresh_id)

    @cached_property
    def verdicts(self) -> Verdicts:
        return Verdicts(self.verify, self.put_back)

    @cached_property
    def queue_in(self) -> QueueIn:
        return QueueIn(self.parts, self.intake, self.workflow, Flood(self.parts.now))

    @cached_property
    def queue_door(self) -> QueueDoor:
        p = self.parts
        return QueueDoor(lambda: self.queue_in, p.send, p.send, p.pace.hold_message)

    def tick(self) -> None:
        """What the timer does."""
        self.sweep.run()

    @cached_property
    def acts(self) -> Acts:
        return Acts(self.parts, self.workflow, self.intake)

    @cached_property
    def api(self) -> Api:
        return Api(self.parts, self.intake, self.acts, False)

    def post(self, body: dict[str, Any], key: str | None = None) -> Answer:
        headers = {"idempotency-key": key} if key else {}
        return answered(self.api.post_restore, Call(body=json.dumps(body).encode(), headers=headers))


def body(instance: str = "pg-a", **more: Any) -> dict[str, Any]:
    return {"instance": instance, "target": "drills", "requestedBy": "user@contoso.com", **more}


def desk_with(**changes: Any) -> Desk:
    """The desk with some of its tables replaced."""
    return DESK_MODEL.model_copy(update=changes)
