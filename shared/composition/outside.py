"""The connections to what is outside: identity, storage, ARM; opened once, with the first call that needs them."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.composition.desk_rules import desk_text, fixed_pause
from shared.composition.once import locked_property
from shared.config.settings import CLOUD, QUEUE, STORAGE, TABLE, Settings
from shared.domain.pace import Pace
from shared.domain.problems import Ours, Trouble
from shared.redaction import Redactor, secrets_of

if TYPE_CHECKING:
    from shared.azure.data_protection import DataProtection
    from shared.azure.port import Azure
    from shared.storage.shared_state import Board
    from shared.storage.store import Store
    from shared.storage.wake_queue import QueueState
    from shared.wire.http import Http
    from shared.wire.identity import Credential, Token
    from shared.wire.queues import Queue


@dataclass
class Outside:
    """What is outside of this process: identity, table, queues, ARM; each is opened when it is first asked for."""

    settings: Settings

    @locked_property
    def trusted(self) -> ssl.SSLContext:
        """Whom TLS trusts, but for an ARM_CA_BUNDLE; one for all."""
        from shared.wire.trust import trusted

        return trusted(self.settings.environ.get("REQUESTS_CA_BUNDLE"))

    @locked_property
    def http(self) -> Http:
        """Storage and the identity's endpoint."""
        from shared.wire.http import Http

        return Http(lambda: self.trusted)

    @locked_property
    def credential(self) -> Credential:
        """The identity: user-assigned where a client id is set. azure-identity also serves `az login`."""
        from shared.wire.identity import Credential, ManagedIdentity, served

        settings = self.settings
        if served(settings.environ):
            return Credential(ManagedIdentity(self.http, settings.environ, settings.client_id).ask)
        from shared.wire.sdk_identity import SdkIdentity

        return Credential(SdkIdentity(settings.client_id, settings.cloud.sign_in).ask)

    def token(self, scope: str) -> str:
        """A bearer token for a channel's service, or for storage."""
        return self.credential.get_token(scope).token

    @locked_property
    def store(self) -> Store:
        """The ledger's table."""
        from shared.storage.table_store import TableStore
        from shared.wire.connection_string import table_service
        from shared.wire.service import Service, bearer
        from shared.wire.tables import VERSION

        settings = self._with_storage()
        if settings.connection_string:
            return TableStore(table_service(self.http, settings.connection_string), TABLE)
        return TableStore(Service(self.http, str(settings.table_url), VERSION, bearer(self.token)), TABLE)

    def _with_storage(self) -> Settings:
        if STORAGE in self.settings.faults:
            raise Ours(self.settings.faults[STORAGE])
        return self.settings

    @locked_property
    def board(self) -> Board:
        """What the instances of the app share."""
        from shared.storage.shared_state import Board

        return Board(self.store, fixed_pause(self.settings))

    @locked_property
    def send(self) -> Callable[[str, float], None]:
        """The wake queue."""
        from shared.storage.wake_queue import WakeQueue

        return WakeQueue(self._queue(QUEUE)).send

    def _queue(self, name: str) -> Queue:
        settings = self._with_storage()
        if settings.connection_string:
            from shared.wire.sdk_queue import queue_of

            return queue_of(settings.connection_string, name)
        from shared.wire.queues import VERSION, RestQueue
        from shared.wire.service import Service, bearer

        waits = (0.5,)  # a caller, or the whole sweep, stands for it
        return RestQueue(
            Service(self.http, str(settings.queue_url), VERSION, bearer(self.token), waits=waits, seconds=10), name
        )

    @locked_property
    def queues(self) -> Callable[[], QueueState]:
        """How the queues stand now."""
        from shared.storage.wake_queue import look

        requests, poison = self._queue(QUEUE), self._queue(f"{QUEUE}-poison")
        return lambda: look(requests, poison, datetime.now(UTC))

    @locked_property
    def pace(self) -> Pace:
        """Production's, unless ARM is an emulator on this machine."""
        return Pace().faster(self.settings.pace_factor)

    @locked_property
    def azure(self) -> Azure:
        """The Data Protection API. If a setting makes it unusable, each call is Trouble that names the setting."""
        from shared.azure.unusable import unusable

        if CLOUD in self.settings.faults:
            return unusable(self.settings.faults[CLOUD])
        try:
            return self._data_protection()
        except (OSError, ValueError) as error:
            return unusable(f"Azure cannot be called: ARM_CA_BUNDLE or ARM_ENDPOINT is wrong ({type(error).__name__})")

    def _data_protection(self) -> DataProtection:
        from shared.azure.arm_calls import ArmCalls
        from shared.azure.arm_client import LOCAL_TOKEN, ArmClient, Tokens
        from shared.azure.data_protection import DataProtection
        from shared.wire.http import Http
        from shared.wire.trust import trusted

        settings, scope = self.settings, self.settings.arm_scope
        bundle = trusted(settings.ca_bundle) if settings.ca_bundle else None
        if bundle is None and settings.arm_endpoint.startswith("https:"):
            _ = self.trusted  # an unreadable file of authorities is said here, with its words
        http = Http(lambda: bundle) if bundle else self.http
        if settings.local:
            arm = ArmClient(http, settings.arm_endpoint, lambda: LOCAL_TOKEN)
        else:
            tokens = Tokens(lambda: self._arm_token(scope))
            arm = ArmClient(http, settings.arm_endpoint, tokens, tokens.forget)
        calls = ArmCalls(arm, settings.api_version, self.pace.submit_total, self._rest)
        return DataProtection(calls, arm.token)

    def _rest(self, subscription: str) -> None:
        """Near the end of a budget every caller leaves the subscription alone for a moment, before a 429 is met."""
        self.board.set_quiet(subscription, datetime.now(UTC) + timedelta(seconds=self.pace.budget_window / 6))

    def _arm_token(self, scope: str) -> Token:
        """Trouble that passes, and an alert of its own: without a token nothing moves."""
        from shared.telemetry import tell
        from shared.wire.identity import NoToken

        try:
            return self.credential.get_token(scope)
        except NoToken as error:
            tell("token", logging.ERROR, scope=scope, why=str(error))
            raise Trouble(f"no token for Azure ({error})") from error

    @locked_property
    def redact(self) -> Redactor:
        """Takes out the secrets that desk.toml and the settings name."""
        return Redactor(secrets_of(desk_text(self.settings), self.settings.environ))
