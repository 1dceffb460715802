"""The one place where the real parts are built: lazily, once, on the first call that needs them."""

from __future__ import annotations

import logging
import secrets
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from shared.config.settings import CLOUD, QUEUE, STORAGE, TABLE, Settings, of_process
from shared.domain.pace import Pace
from shared.domain.problems import Ours, Trouble
from shared.domain.version import AGENT
from shared.redaction import Redactor, install, secrets_of

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.storage.queue import QueueClient

    from shared.aftercare.verdicts import Verdicts
    from shared.aftercare.verify import Verify
    from shared.api.aftercare import AftercareApi
    from shared.api.dead_letters import DeadLetters
    from shared.api.desk import DeskApi
    from shared.api.health import Health
    from shared.api.http import Answer, Call
    from shared.api.instances import InstancesApi
    from shared.api.restores import Api
    from shared.api.tickets import TicketIn
    from shared.api.verification import VerificationApi
    from shared.azure.data_protection import DataProtection
    from shared.azure.port import Azure
    from shared.config.desk_file import Desk
    from shared.notices.notifier import Notifier
    from shared.pages.site import Site
    from shared.storage.shared_state import Pause
    from shared.storage.store import Store
    from shared.storage.wake_queue import QueueState
    from shared.sweep.sweep import Sweep
    from shared.sweep.timer import Upkeep
    from shared.workflow.intake import Intake
    from shared.workflow.ports import Parts
    from shared.workflow.queue_in import QueueDoor, QueueIn
    from shared.workflow.workflow import Workflow


UNREAD = "="  # no TOML: whatever may be a secret is taken for one
ROOT = Path(__file__).resolve().parent.parent


class _Later:
    """A part that is built with its first call: most requests over HTTP need nothing of Azure."""

    def __init__(self, build: Callable[[], object]) -> None:
        self._build, self._lock = build, Lock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            built = self._build()
        return getattr(built, name)


@dataclass
class App:
    """Everything, by name; each part is built when it is first asked for."""

    settings: Settings

    @cached_property
    def credential(self) -> TokenCredential:
        """The identity: user-assigned where a client id is set (DefaultAzureCredential also serves `az login`)."""
        from azure.identity import DefaultAzureCredential

        from shared.azure.arm_client import sign_in_options

        settings = self.settings
        return DefaultAzureCredential(managed_identity_client_id=settings.client_id, **sign_in_options(settings.cloud))

    def token(self, scope: str) -> str:
        """A bearer token for a channel's service."""
        return self.credential.get_token(scope).token

    @cached_property
    def store(self) -> Store:
        """The ledger's table."""
        from azure.data.tables import TableClient

        from shared.storage.table_store import TableStore, pooled

        settings = self._with_storage()
        short: dict[str, Any] = {"retry_total": 3, "connection_timeout": 5, "read_timeout": 20}
        short["transport"] = pooled()
        if settings.connection_string:
            client = TableClient.from_connection_string(settings.connection_string, TABLE, **short)
        else:
            client = TableClient(str(settings.table_url), TABLE, credential=self.credential, **short)
        return TableStore(client)

    def _with_storage(self) -> Settings:
        if STORAGE in self.settings.faults:
            raise Ours(self.settings.faults[STORAGE])
        return self.settings

    @cached_property
    def send(self) -> Callable[[str, float], None]:
        """The wake queue."""
        from shared.storage.wake_queue import WakeQueue

        return WakeQueue(self._queue(QUEUE)).send

    def _queue(self, name: str) -> QueueClient:
        from azure.storage.queue import QueueClient

        settings = self._with_storage()
        short: dict[str, Any] = {"retry_total": 1, "connection_timeout": 5, "read_timeout": 10}
        if settings.connection_string:
            return QueueClient.from_connection_string(settings.connection_string, name, **short)
        return QueueClient(str(settings.queue_url), name, credential=self.credential, **short)

    @cached_property
    def queues(self) -> Callable[[], QueueState]:
        """How the queues stand now."""
        from shared.storage.wake_queue import look

        requests, poison = self._queue(QUEUE), self._queue(f"{QUEUE}-poison")
        return lambda: look(requests, poison, self.parts.now())

    @cached_property
    def pace(self) -> Pace:
        """Production's, unless ARM is an emulator on this machine."""
        return Pace().faster(self.settings.pace_factor)

    @cached_property
    def azure(self) -> Azure:
        """The Data Protection API. Where a setting makes it unusable, each call is Trouble that names the setting."""
        from shared.azure.unusable import unusable

        if CLOUD in self.settings.faults:
            return unusable(self.settings.faults[CLOUD])
        try:
            return self._data_protection()
        except (OSError, ValueError) as error:
            return unusable(f"Azure cannot be called: ARM_CA_BUNDLE or ARM_ENDPOINT is wrong ({type(error).__name__})")

    def _data_protection(self) -> DataProtection:
        from shared.azure.arm_calls import ArmCalls
        from shared.azure.arm_client import LOCAL_TOKEN, TokenAuth, Tokens, arm_client
        from shared.azure.data_protection import DataProtection

        settings, scope = self.settings, self.settings.arm_scope
        if settings.local:
            auth, token = TokenAuth(settings.arm_endpoint, lambda: LOCAL_TOKEN, lambda: None), lambda: LOCAL_TOKEN
        else:
            tokens = Tokens(lambda: self._arm_token(scope))
            auth, token = TokenAuth(settings.arm_endpoint, tokens, tokens.forget), tokens
        verify = ssl.create_default_context(cafile=settings.ca_bundle) if settings.ca_bundle else True
        total = self.pace.submit_total
        usual = arm_client(settings.arm_endpoint, auth, 60, keep_alive=True, verify=verify)
        once = arm_client(settings.arm_endpoint, auth, total, keep_alive=False, verify=verify)
        return DataProtection(ArmCalls(usual, once, settings.api_version, total, self._rest), token)

    def _rest(self, subscription: str) -> None:
        """Near the end of a budget every caller leaves the subscription alone for a moment, before a 429 is met."""
        parts = self.parts
        parts.board.set_quiet(subscription, parts.now() + timedelta(seconds=self.pace.budget_window / 6))

    def _arm_token(self, scope: str) -> AccessToken:
        """Trouble that passes, and an alert of its own: without a token nothing moves."""
        from azure.core.exceptions import AzureError

        from shared.telemetry import tell

        try:
            return self.credential.get_token(scope)
        except AzureError as error:
            tell("token", logging.ERROR, scope=scope, why=type(error).__name__)
            raise Trouble(f"no token for Azure ({type(error).__name__})") from error

    @cached_property
    def parts(self) -> Parts:
        """The ports, filled."""
        from shared.config.desk_reader import DeskReader
        from shared.config.plans import Ground
        from shared.notices.outbox import Outbox
        from shared.storage.ledger import Ledger
        from shared.storage.shared_state import Board
        from shared.workflow.ports import Parts

        ground = Ground(self.settings.cloud, self.settings.own_account)
        return Parts(
            ledger=Ledger(self.store, self.pace.hour),
            board=Board(self.store, _fixed_pause(self.settings)),
            outbox=Outbox(self.store),
            azure=cast("Azure", _Later(lambda: self.azure)),
            read_desk=_unjudged(self.settings) or DeskReader(self.settings.desk_config, ground, _faults),
            send=lambda text, delay: self.send(text, delay),
            ground=ground,
            pace=self.pace,
            elapsed=lambda: (
                time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
            ),
        )

    @cached_property
    def workflow(self) -> Workflow:
        from shared.workflow.workflow import Workflow

        return Workflow(self.parts)

    @cached_property
    def intake(self) -> Intake:
        from shared.workflow.intake import Intake

        return Intake(self.parts)

    @cached_property
    def redact(self) -> Redactor:
        """Takes out the secrets that desk.toml and the settings name."""
        return Redactor(secrets_of(desk_text(self.settings), self.settings.environ))

    @cached_property
    def notifier(self) -> Notifier:
        import httpx

        from shared.azure.bounded_http import bounded, bounded_transport
        from shared.notices.notifier import HttpPost, Notifier

        http = httpx.Client(
            timeout=15,
            trust_env=False,
            follow_redirects=False,
            transport=bounded_transport(),
            headers={"Accept-Encoding": "gzip"},
        )
        parts, settings = self.parts, self.settings
        return Notifier(
            parts.outbox, parts.read_desk, settings.environ, HttpPost(http, self.token, bounded), parts.now,
            parts.jitter, parts.pace, settings.local, settings.cloud, settings.public_url, redact=self.redact,
        )  # fmt: skip

    @cached_property
    def sweep(self) -> Sweep:
        from shared.sweep.sweep import Sweep

        return Sweep(self.parts, self.workflow, self.notifier)

    @cached_property
    def upkeep(self) -> Upkeep:
        from shared.aftercare.cleanup import Cleanup
        from shared.aftercare.rows import Rows
        from shared.aftercare.strangers import Strangers
        from shared.sweep.points_look import PointsLook
        from shared.sweep.retention import Retention
        from shared.sweep.timer import Upkeep

        retention = Retention(self.parts.ledger, self.parts.outbox, self.settings.retention_days)
        parts, rows = self.parts, Rows(self.parts.ledger)
        cleanup = Cleanup(rows, parts.board, parts.azure, parts.read_desk, parts.now, parts.pace)
        strangers = Strangers(rows, parts.board, parts.azure, parts.read_desk, parts.now, parts.pace)
        return Upkeep(
            self.sweep, parts.board, retention, PointsLook(parts), self.queues, parts.now, cleanup, strangers,
            self.verify,
        )  # fmt: skip

    @cached_property
    def verify(self) -> Verify:
        from shared.aftercare.verifications import Verifications
        from shared.aftercare.verify import Verify
        from shared.storage.wake_queue import LOADS, LoadQueue

        parts, loads = self.parts, LoadQueue(self._queue(LOADS))
        return Verify(Verifications(parts.ledger), loads, parts.read_desk, parts.now, parts.pace, secrets.token_urlsafe)

    @cached_property
    def verdicts(self) -> Verdicts:
        from shared.aftercare.verdicts import Verdicts
        from shared.storage.wake_queue import VERDICTS, WakeQueue

        return Verdicts(self.verify, WakeQueue(self._queue(VERDICTS)).send)

    @cached_property
    def queue_door(self) -> QueueDoor:
        from shared.storage.wake_queue import WakeQueue
        from shared.workflow.queue_in import QueueDoor

        poison = WakeQueue(self._queue(f"{QUEUE}-poison"))
        return QueueDoor(
            lambda: self.queue_in, lambda text, delay: self.send(text, delay), poison.send, self.pace.hold_message
        )

    @cached_property
    def queue_in(self) -> QueueIn:
        from shared.workflow.queue_in import Flood, QueueIn

        return QueueIn(self.parts, self.intake, self.workflow, Flood(self.parts.now))

    @cached_property
    def ticket_in(self) -> TicketIn:
        """Ticket systems' webhooks; the tenant's keys are fetched when an Entra source is first called."""
        import httpx

        from shared.api.tickets import TicketIn, fetch_with
        from shared.azure.bounded_http import bounded_transport
        from shared.tickets.entra_tokens import TenantKeys

        about = {"trust_env": False, "follow_redirects": False, "headers": {"User-Agent": AGENT}}
        http = httpx.Client(timeout=10, transport=bounded_transport(), **about)  # type: ignore[arg-type]
        return TicketIn(
            self.parts, self.intake, self.settings, TenantKeys(self.settings.cloud, fetch_with(http), self.parts.now)
        )

    @cached_property
    def api(self) -> Api:
        from shared.api.restores import Api
        from shared.workflow.operator_acts import Acts

        acts = Acts(self.parts, self.workflow, self.intake)
        return Api(self.parts, self.intake, acts, self.settings.principals)

    @cached_property
    def aftercare_api(self) -> AftercareApi:
        from shared.aftercare.rows import Rows
        from shared.api.aftercare import AftercareApi

        return AftercareApi(self.api, Rows(self.parts.ledger))

    @cached_property
    def verification_api(self) -> VerificationApi:
        from shared.aftercare.rows import Rows
        from shared.api.verification import VerificationApi

        return VerificationApi(self.api, Rows(self.parts.ledger), self.verify)

    @cached_property
    def desk_api(self) -> DeskApi:
        from shared.api.desk import DeskApi

        return DeskApi(self.parts, self.notifier)

    @cached_property
    def instances_api(self) -> InstancesApi:
        from shared.api.instances import InstancesApi

        return InstancesApi(self.parts)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        from shared.api.dead_letters import DeadLetters

        return DeadLetters(self.parts)

    @cached_property
    def page(self) -> Site:
        """The page for people; jinja2 is imported when it is first asked for."""

        from shared.pages.history import History
        from shared.pages.site import Site
        from shared.pages.tokens import Tokens
        from shared.pages.visit import Ports

        parts, tokens = self.parts, Tokens(self.parts.ledger.store)
        ports = Ports(
            parts, self.api, self.aftercare_api, self.verification_api,
            self.desk_api, self.instances_api, self.dead_letters, self.health,
            History(parts.ledger, parts.now), lambda person, path: tokens.make(person, path, parts.now()),
        )  # fmt: skip
        return Site(ports, self.settings, tokens)

    @cached_property
    def contract(self) -> Callable[[Call], Answer]:
        from shared.api.openapi import served  # generated when it is asked for: no part of a cold start

        return served

    @cached_property
    def health(self) -> Health:
        from shared.api.health import Health

        return Health(self.parts, self.settings)


def _fixed_pause(settings: Settings) -> Pause | None:
    """For a desk that takes over the ledger of another: nothing is submitted while the setting is true."""
    from shared.storage.shared_state import Pause

    unread = settings.faults.get("DESK_START_PAUSED")
    reason = unread or "the setting is true; set it to false to submit"
    return Pause("DESK_START_PAUSED", reason, datetime.now(UTC)) if settings.start_paused else None


def _unjudged(settings: Settings) -> Callable[[], Desk] | None:
    """Where the cloud is not known no address of desk.toml can be judged: it is as good as broken."""

    def refuse() -> Desk:
        raise Ours(settings.faults[CLOUD])

    return refuse if CLOUD in settings.faults else None


def _faults(desk: Desk) -> list[str]:
    """Channels and mappings, looked at when the file is read; without mappings jmespath is not even imported."""
    from shared.notices.channels.registry import check_channels

    found = check_channels(desk)
    if desk.tickets:
        from shared.tickets.mapping import check_mappings

        found += check_mappings(desk)
    return found


@cache
def app() -> App:
    """The app of this process; its log is clean before anything can be said."""
    settings = of_process(ROOT)
    made = App(settings)
    install(made.redact)
    return made


def desk_text(settings: Settings) -> str:
    """desk.toml as it stands, to look for the secrets that it names."""
    try:
        return settings.desk_config.read_text(errors="replace") if settings.desk_config.is_file() else ""
    except OSError:
        return UNREAD
