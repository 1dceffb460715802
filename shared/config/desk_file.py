"""What desk.toml may say: its model, read by tomllib and closed by default. Pure."""

import tomllib
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator

from shared.config.outbound_urls import RETIRED, retired
from shared.config.target_entries import DatabaseEntry, FilesEntry
from shared.config.verify import CheckEntry, DatabaseName, too_large
from shared.domain import resource_ids
from shared.domain.problems import Ours
from shared.domain.resource_ids import check_pattern
from shared.domain.text import unsigned
from shared.domain.values import Strict

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Pattern = Annotated[str, AfterValidator(check_pattern)]
Event = Literal[
    "accepted", "refused", "submitted", "overdue", "succeeded", "failed", "lost", "withdrawn", "checked",
    "standing", "duplicateJob", "cleanupFailed", "pointStale", "pointFresh",
    "verified", "verificationFailed", "verificationInconclusive",
]  # fmt: skip
EVENTS: tuple[Event, ...] = get_args(Event)


class FromEnvironment(Strict):
    """The value of an environment variable (in Azure a Key Vault reference); it is never in the file."""

    env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


Secret = FromEnvironment | Annotated[list[FromEnvironment], Field(min_length=1, max_length=2)]


class Allow(Strict):
    """Patterns for ids and URLs that are said in full; absent means none."""

    instances: tuple[Pattern, ...] = ()
    containers: tuple[Pattern, ...] = ()
    servers: tuple[Pattern, ...] = ()
    secrets: tuple[Pattern, ...] = ()


class InstanceEntry(Strict):
    """One backup instance under a name of ours."""

    id: str
    targets: tuple[Name, ...] = ()
    channels: tuple[Name, ...] = ()
    cooldown_hours: Annotated[float, Field(ge=0, le=24 * 31, strict=True)] = 0
    stale_after_days: Annotated[float, Field(gt=0, le=3660, strict=True)] | None = (
        None  # of the newest point that can be restored
    )
    explicit_targets: bool = False
    identity: str | None = None
    databases: Annotated[tuple[DatabaseName, ...], Field(max_length=200)] = ()  # a delivery must hold each
    checks: Annotated[dict[Name, CheckEntry], Field(max_length=50)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ids(self) -> "InstanceEntry":
        resource_ids.parse_id(self.id, resource_ids.INSTANCE)
        if self.identity:
            resource_ids.parse_id(self.identity, resource_ids.IDENTITY)
        if too_large(self.databases, self.checks):
            raise ValueError("databases and checks are too large: a verification carries 32 KiB of them")
        return self


class Rights(Strict):
    """What a source may ask for; absent means nothing."""

    instances: tuple[str, ...] = ()  # "*": all that the file names
    targets: tuple[Name, ...] = ()
    explicit: bool = False  # ids and targets in full, within `allow`
    callbacks: tuple[Name, ...] = ()  # channels that a request may name as its `callback`


class Channel(Strict):
    """Where notices go; what a kind needs is known to its module in shared/notices/channels."""

    kind: str
    url: FromEnvironment | str | None = None
    secret: Secret | None = None
    user: FromEnvironment | str | None = None
    internal: bool = True  # jira: a note that customers of the service project do not see; false: a plain comment
    # tickets that anybody's restore may be written to: a project, repository or table, or a whole ref, with *; absent:
    # only those of the ticket sources that reply through this channel
    refs: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._*#/-]{1,200}$")], ...] = ()
    encoding: Literal["none", "base64"] = "none"  # queue: what its readers expect (a Functions host: base64)
    on: tuple[Event, ...] = EVENTS
    default: bool = False

    @model_validator(mode="after")
    def _complete(self) -> "Channel":
        if isinstance(self.url, str) and unsigned(self.url) != self.url:
            raise ValueError('the url holds a signature, a key or a password: give it as { env = "NAME" }')
        if isinstance(self.url, str) and retired(self.url):
            raise ValueError(RETIRED)
        return self


class TicketSource(Rights):
    """A ticket system whose webhook asks for restores, and how its events become requests; a kind is a module of
    shared/tickets/kinds."""

    kind: str
    auth: Literal["signature", "header", "entra"] = "signature"
    secret: Secret | None = None
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-Desk-Secret"
    tenant: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")] | None = None
    audience: str | None = None
    clients: tuple[str, ...] = ()  # who may call, by application id: a tenant gives a token to any app that asks
    scopes: tuple[str, ...] = ()  # of tokens for signed-in people, beside the application's own tokens
    bots: tuple[str, ...] = ()  # our own users there (login, account id, e-mail): their acts start no restore
    reply: Name | None = None
    when: str
    request: str
    key: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "TicketSource":
        if self.auth in ("signature", "header") and self.secret is None:
            raise ValueError(f'auth = "{self.auth}" needs a secret')
        if self.auth == "entra" and not (self.tenant and self.audience and self.clients):
            raise ValueError('auth = "entra" needs tenant, audience and clients')
        return self


PageAct = Literal["*", "withdraw", "again", "resolve", "resend", "keep", "cleanup", "verify", "pause", "resume", "test"]


class PageRole(Rights):
    """What an app role of Entra lets a person do on the page: ask for restores, and act."""

    acts: tuple[PageAct, ...] = ()


class Page(Strict):
    """Who may see the page: people of one tenant who have one of these app roles."""

    tenant: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
    roles: Annotated[dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")], PageRole], Field(min_length=1)]


class Desk(Strict):
    """The whole file."""

    allow: Allow = Allow()
    instances: dict[Name, InstanceEntry] = Field(default_factory=dict)
    targets: dict[Name, Annotated[FilesEntry | DatabaseEntry, Field(discriminator="kind")]] = Field(
        default_factory=dict
    )
    http: Rights = Rights()
    queue: Rights = Rights()
    channels: dict[Name, Channel] = Field(default_factory=dict)
    tickets: dict[Name, TicketSource] = Field(default_factory=dict)
    page: Page | None = None

    @model_validator(mode="after")
    def _names(self) -> "Desk":
        for name, entry in self.instances.items():
            _known(f"instances.{name}.targets", entry.targets, self.targets)
            _known(f"instances.{name}.channels", entry.channels, self.channels)
        roles = self.page.roles if self.page else {}
        rights: dict[str, Rights] = {
            "http": self.http,
            "queue": self.queue,
            **{f"tickets.{name}": source for name, source in self.tickets.items()},
            **{f"page.roles.{name}": role for name, role in roles.items()},
        }
        for where, right in rights.items():
            _known(f"{where}.instances", [n for n in right.instances if n != "*"], self.instances)
            _known(f"{where}.targets", right.targets, self.targets)
            _known(f"{where}.callbacks", right.callbacks, self.channels)
        for name, source in self.tickets.items():
            _known(f"tickets.{name}.reply", [source.reply] if source.reply else [], self.channels)
        return self


def _known(where: str, names: Any, known: dict[str, Any]) -> None:
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"{where} names {', '.join(missing)}, which the file does not define")


class Faults(Ours):
    """Everything that is wrong with the file, a line for each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("desk.toml: " + "; ".join(lines))
        self.lines = lines


def parse_desk(text: str) -> Desk:
    """desk.toml's text → the model, or Faults naming each line that is wrong."""
    try:
        return Desk.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Ours(f"desk.toml is not TOML: {error}") from error
    except ValidationError as error:
        raise Faults([_line(dict(one)) for one in error.errors()]) from error


def _line(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"] if part not in ("files", "database", "FromEnvironment"))
    words = "there is no such key" if error["type"] == "extra_forbidden" else str(error["msg"])
    return f"{where}: {words.removeprefix('Value error, ')}".removeprefix(": ")
