"""Whether a webhook is from who it says: its system's signature over the raw bytes, a secret in a header, or a token.

While a secret is rotated, either of the two will do.
"""

from collections.abc import Mapping
from datetime import datetime

from shared.config.desk_file import TicketSource
from shared.domain.clouds import PUBLIC, Cloud
from shared.tickets.entra_tokens import Keys, verify_bearer
from shared.tickets.registry import kind_of
from shared.tickets.signatures import Call, Unverified, match


def verify(
    source: TicketSource,
    secrets: tuple[str, ...],
    headers: Mapping[str, str],
    raw: bytes,
    now: datetime,
    keys: Keys | None = None,
    cloud: Cloud = PUBLIC,
) -> str | None:
    """Unverified, unless the call is from who it says; who that is, where Entra says so (its application id)."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if source.auth != "entra":
        _verify_secret(source, secrets, Call(lowered, raw, now))
        return None
    if keys is None:
        raise Unverified("the tenant's keys are not at hand")
    return verify_bearer(source, lowered, now, keys, cloud)


def _verify_secret(source: TicketSource, secrets: tuple[str, ...], call: Call) -> None:
    if not secrets or any(not s.strip() or s.startswith("@Microsoft.KeyVault(") for s in secrets):
        raise Unverified("the source has no secret: nothing can be verified")
    if source.auth == "header":
        match(f"the header {source.header}", call.headers.get(source.header.lower()), secrets)
        return
    signature = kind_of(source.kind).signature
    if signature is None:
        raise Unverified(f"{source.kind} does not sign its calls")
    signature.check(secrets, call)
