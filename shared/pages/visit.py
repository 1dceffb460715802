"""What every page is given, and what it gives: the visit, the ports, a template with its values."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from shared.api.aftercare import AftercareApi
from shared.api.dead_letters import DeadLetters
from shared.api.desk import DeskApi
from shared.api.health import Health
from shared.api.http import Call
from shared.api.instances import InstancesApi
from shared.api.restores import Api
from shared.api.verification import VerificationApi
from shared.config.desk_file import Desk
from shared.domain.problems import Problem
from shared.domain.request import BODY_LIMIT
from shared.frozen import frozen
from shared.pages.access import Person, may
from shared.pages.history import History
from shared.workflow.ports import Parts


@frozen
class Ports:
    """The parts of the app that pages read from and act through."""

    parts: Parts
    api: Api
    aftercare_api: AftercareApi
    verification_api: VerificationApi
    desk_api: DeskApi
    instances_api: InstancesApi
    dead_letters: DeadLetters
    health: Health
    history: History
    token: Callable[[Person, str], str]


@frozen
class Visit:
    """One call of a signed-in person; `path` is the part of the URL after /desk/."""

    person: Person
    desk: Desk
    path: str
    call: Call
    now: datetime

    def may(self, act: str) -> bool:
        """Whether the person may act so."""
        return may(self.person, self.desk.page, act)

    def said(self, name: str) -> str:
        """A parameter of the query, without spaces around it."""
        return self.call.query.get(name, "").strip()

    def form(self) -> dict[str, str]:
        """The fields of a form that came back."""
        if len(self.call.body) > BODY_LIMIT:
            raise Problem(413, "The form is too large", f"{BODY_LIMIT} bytes are taken")
        try:
            text = self.call.body.decode()
            return dict(parse_qsl(text, max_num_fields=50))
        except ValueError as error:
            raise Problem(400, "The form cannot be read", "it is no form of this page", "body") from error


@frozen
class Shown:
    """A template and its values. With `refresh` the browser asks again by itself after so many seconds."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    refresh: int | None = None
    status: int = 200


REFRESH = 5  # seconds, while something on the page moves
