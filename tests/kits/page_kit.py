"""The page over a world of fakes: persons who are signed in, their forms and tokens."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from local.host.triggers.sign_in import principal
from shared.aftercare.rows import Rows
from shared.api.aftercare import AftercareApi
from shared.api.dead_letters import DeadLetters
from shared.api.desk import DeskApi
from shared.api.health import Health
from shared.api.http import Answer, Call, answered
from shared.api.instances import InstancesApi
from shared.api.verification import VerificationApi
from shared.config.desk_file import Desk, Page, PageRole
from shared.config.settings import from_environment
from shared.pages.history import History
from shared.pages.site import Site
from shared.pages.tokens import Tokens
from shared.pages.visit import Ports
from tests.kits.desk_kit import ENVIRON, Process, desk_with
from tests.kits.world import World

TENANT = "99999999-8888-4777-8666-555555555555"
OID = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER_OID = "aaaaaaaa-0000-4000-8000-000000000002"
HOST = "desk.contoso.com"
READER, REQUESTER, OPERATOR = "RestoreDesk.Reader", "RestoreDesk.Requester", "RestoreDesk.Operator"
ALL = (READER, REQUESTER, OPERATOR)
CHOICE = {"instance": "pg-a", "target": "drills", "point": "latest", "reason": "the page's own"}
PAGE = Page(
    tenant=TENANT,
    roles={
        READER: PageRole(),
        REQUESTER: PageRole(instances=("*",), targets=("drills",)),
        OPERATOR: PageRole(acts=("*",)),
    },
)


def person(name: str = "ada@contoso.com", roles: tuple[str, ...] = ALL, tenant: str = TENANT, oid: str = OID) -> str:
    """The principal's header."""
    return principal(name, roles, tenant, oid)


class Browser:
    """Calls the page as the platform would, for one person; without `header` nobody is signed in."""

    def __init__(self, world: World, header: str | None = None, sign_in: bool = True, **settings: str) -> None:
        self.world = world
        self.process: Process = world.process()
        self.header = person() if header is None else header
        environ = {"AzureWebJobsStorage": "AccountName=deskstore", "ARM_ENDPOINT": "http://127.0.0.1:1"}
        environ |= ENVIRON
        environ |= {"WEBSITE_AUTH_ENABLED": "true"} if sign_in else {}
        self.site = site(self.process, from_environment({**environ, **settings}, Path()))

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        known = {"host": HOST, "x-ms-client-principal": self.header}
        return {name: value for name, value in {**known, **headers}.items() if value}

    def get(self, path: str = "", query: Mapping[str, str] | None = None, **headers: str) -> Answer:
        call = Call({"path": path} if path else {}, query or {}, self._headers(headers))
        return answered(self.site.show, call)

    def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        said = self._headers({"origin": f"https://{HOST}", **(headers or {})})
        return answered(self.site.act, Call({"path": path}, {}, said, urlencode(form).encode()))

    def fields(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, str]:
        """The hidden fields of the form on a page."""
        found = self.get(path, query)
        assert found.status == 200, text(found)
        return hidden(text(found))

    def act(self, path: str, **form: str) -> Answer:
        """Opens the act's page and sends its form."""
        return self.post(path, {**self.fields(path), **form})


def site(process: Process, settings: Any) -> Site:
    parts = process.parts
    tokens, api = Tokens(parts.ledger.store), replace(process.api, principals=settings.principals)
    rows = Rows(parts.ledger)
    ports = Ports(
        parts, api, AftercareApi(api, rows), VerificationApi(api, rows, process.verify),
        DeskApi(api, process.notifier), InstancesApi(parts), DeadLetters(parts), Health(parts, settings),
        History(parts.ledger, parts.now), lambda who, path: tokens.make(who, path, parts.now()),
    )  # fmt: skip
    return Site(ports, settings, tokens)


def page_world(**tables: Any) -> World:
    desk: Desk = desk_with(page=PAGE, **tables)
    return World(desk=desk)


def text(answer: Answer) -> str:
    return answer.body.decode()


def words(answer: Answer) -> str:
    """What a person reads, tags and spaces aside."""
    found = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", text(answer), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found)).split())


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}
