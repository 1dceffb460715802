"""The app of a process: the engine, and what answers HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from shared.composition.engine import Engine
from shared.composition.once import Later, Once, locked_property
from shared.config.settings import of_process
from shared.domain.version import AGENT
from shared.redaction import install

if TYPE_CHECKING:
    from shared.api.aftercare import AftercareApi
    from shared.api.dead_letters import DeadLetters
    from shared.api.desk import DeskApi
    from shared.api.health import Health
    from shared.api.http import Answer, Call
    from shared.api.instances import InstancesApi
    from shared.api.restores import Api
    from shared.api.tickets import TicketIn
    from shared.api.verification import VerificationApi
    from shared.pages.site import Site
    from shared.workflow.operator_acts import Acts

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class App(Engine):
    """All parts of the app by name. `Engine` has those that run restores; this class adds those that answer HTTP."""

    @locked_property
    def ticket_in(self) -> TicketIn:
        """Ticket systems' webhooks; the tenant's keys are fetched when an Entra source is first called."""
        import httpx

        from shared.api.tickets import TicketIn, fetch_with
        from shared.tickets.entra_tokens import TenantKeys
        from shared.wire.bounded_http import bounded_transport

        about = {"trust_env": False, "follow_redirects": False, "headers": {"User-Agent": AGENT}}
        http = httpx.Client(timeout=10, transport=bounded_transport(verify=self.trusted), **about)  # type: ignore[arg-type]
        return TicketIn(
            self.parts, self.intake, self.settings, TenantKeys(self.settings.cloud, fetch_with(http), self.parts.now)
        )

    @locked_property
    def api(self) -> Api:
        from shared.api.restores import Api

        return Api(self.parts, self.intake, cast("Acts", Later(lambda: self.acts)), self.settings.principals)

    @locked_property
    def acts(self) -> Acts:
        """What people do to a restore."""
        from shared.workflow.operator_acts import Acts

        return Acts(self.parts, self.workflow, self.intake)

    @locked_property
    def aftercare_api(self) -> AftercareApi:
        from shared.aftercare.rows import Rows
        from shared.api.aftercare import AftercareApi

        return AftercareApi(self.api, Rows(self.parts.ledger))

    @locked_property
    def verification_api(self) -> VerificationApi:
        from shared.aftercare.rows import Rows
        from shared.api.verification import VerificationApi

        return VerificationApi(self.api, Rows(self.parts.ledger), self.verify)

    @locked_property
    def desk_api(self) -> DeskApi:
        from shared.api.desk import DeskApi

        return DeskApi(self.api, self.notifier)

    @locked_property
    def instances_api(self) -> InstancesApi:
        from shared.api.instances import InstancesApi

        return InstancesApi(self.parts)

    @locked_property
    def dead_letters(self) -> DeadLetters:
        from shared.api.dead_letters import DeadLetters

        return DeadLetters(self.parts)

    @locked_property
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

    @locked_property
    def contract(self) -> Callable[[Call], Answer]:
        from shared.api.openapi import served  # generated when it is asked for: no part of a cold start

        return served

    @locked_property
    def health(self) -> Health:
        from shared.api.health import Health

        return Health(self.parts, self.settings)


@Once
def app() -> App:
    """The app of this process; its log is clean before anything can be said."""
    settings = of_process(ROOT)
    made = App(settings)
    install(made.redact)
    return made
