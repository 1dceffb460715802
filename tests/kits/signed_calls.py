"""A webhook's call as its system signs it, and the moment it arrives."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.config.desk_file import FromEnvironment, TicketSource
from shared.tickets.sender import verify

NOW = datetime(2026, 7, 14, 12, 0, 30, tzinfo=UTC)
OCTO = "It's a Secret to Everybody"


def source(kind: str, auth: str = "signature") -> TicketSource:
    """A source of that kind, which asks for everything."""
    ref = FromEnvironment(env="S")
    return TicketSource.model_validate(
        {"kind": kind, "auth": auth, "secret": ref, "when": "`true`", "request": "body", "instances": ("*",)}
    )


@dataclass(frozen=True)
class Signed:
    """A call that its system signed, and the moment it arrives."""

    source: TicketSource
    secret: str
    headers: dict[str, str]
    raw: bytes
    now: datetime = NOW

    def verify(self, *secrets: str) -> None:
        verify(self.source, secrets or (self.secret,), self.headers, self.raw, self.now)
