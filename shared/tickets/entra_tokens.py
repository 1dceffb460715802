"""Bearer tokens of Entra applications: signed by the tenant's keys, for us, of a client that may call.

https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from shared.config.desk_file import TicketSource
from shared.domain.clouds import Cloud
from shared.domain.problems import Trouble
from shared.tickets.signatures import Unverified

SKEW_SECONDS = 300
MOST_JWKS, MOST_KEYS = 256 * 1024, 100  # Entra sends 15 KB and some ten keys
type Keys = Callable[[str, str], Any]  # tenant and key id → the public key, or Unverified


def verify_bearer(source: TicketSource, headers: Mapping[str, str], now: datetime, keys: Keys, cloud: Cloud) -> str:
    """The application id of the caller. Raises Unverified."""
    import jwt  # comes with azure-identity; costs a cold start nothing until such a source is called

    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or len(token) > 20_000:
        raise Unverified("a bearer token of Entra is due in the Authorization header")
    # its times are ours to check, against the clock that was handed in
    ours = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
            raise Unverified("the token is not one of Entra: RS256 and a key id are due")
        key = keys(str(source.tenant).lower(), header["kid"])
        claims = jwt.decode(token, key, algorithms=["RS256"], options=ours)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError) as error:
        raise Unverified("the token cannot be read, or its signature is not of the tenant's keys") from error
    return check_claims(claims, source, now, cloud)


def check_claims(claims: Mapping[str, Any], source: TicketSource, now: datetime, cloud: Cloud) -> str:
    """The application id in a token whose signature holds; Unverified unless tenant, audience, time and client fit."""
    tenant = str(source.tenant).lower()
    if claims.get("iss") not in cloud.issuers(tenant) or claims.get("tid") != tenant:
        raise Unverified("the token is of another tenant")
    if claims.get("aud") not in (source.audience, f"api://{source.audience}"):
        raise Unverified("the token is for another audience")
    at = now.timestamp()
    start, end = _number(claims.get("nbf", 0)), _number(claims.get("exp"))
    if start is None or end is None or not start - SKEW_SECONDS <= at < end:
        raise Unverified("the token has expired or is not valid yet")
    client = claims.get("azp") or claims.get("appid")
    if not isinstance(client, str) or client.lower() not in {one.lower() for one in source.clients}:
        raise Unverified("the token's application is not among this source's clients")
    _may_act(claims, source)
    return client


def _may_act(claims: Mapping[str, Any], source: TicketSource) -> None:
    """An application's own token; or one for a signed-in person, with a scope that the source lists."""
    said = claims.get("scp")
    scopes = said.split() if isinstance(said, str) else []
    roles = claims.get("roles")
    own = claims.get("idtyp") == "app" or (claims.get("idtyp") is None and not said and bool(roles))
    if not own and not set(scopes) & set(source.scopes):
        raise Unverified("the token is neither an application's own (idtyp or roles) nor of a scope of this source")


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass
class TenantKeys:
    """The signing keys of a cloud's tenants, kept a day; an unknown key id fetches again, at most every 5 minutes. One
    call fetches, and what it could not fetch nobody tries again for 10 seconds: tokens of nobody cause no crowd of
    calls."""

    cloud: Cloud
    fetch: Callable[[str], bytes]  # GET of a URL; raises Trouble
    now: Callable[[], datetime]
    _kept: dict[str, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    _failed: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __call__(self, tenant: str, key_id: str) -> Any:
        """The public key of that id, or Unverified."""
        found = self._fit(tenant, key_id)
        if found is None:
            with self._lock:
                found = self._fit(tenant, key_id)
                found = self._fetched(tenant) if found is None else found
        if key_id not in found:
            raise Unverified("the token is signed by a key that is not the tenant's")
        return found[key_id]

    def _fit(self, tenant: str, key_id: str) -> dict[str, Any] | None:
        """The keys that are kept, unless they are old, or might lack this one."""
        at, found = self._kept.get(tenant, (None, {}))
        age = self.now() - at if at else timedelta.max
        return None if age > timedelta(days=1) or (key_id not in found and age > timedelta(minutes=5)) else found

    def _fetched(self, tenant: str) -> dict[str, Any]:
        at, why = self._failed.get(tenant, (None, ""))
        if at and self.now() - at < timedelta(seconds=10):
            raise Trouble(why)
        try:
            found = read_keys(self.fetch(self.cloud.keys(tenant)))
        except Trouble as error:
            self._failed[tenant] = (self.now(), str(error))
            raise
        self._kept[tenant] = (self.now(), found)
        return found


def read_keys(body: bytes) -> dict[str, Any]:
    """The RSA keys of a JWKS document, by id; Trouble if it is not one."""
    import jwt

    if len(body) > MOST_JWKS:
        raise Trouble(f"Entra's signing keys have more than {MOST_JWKS} bytes: the answer is not Entra's")
    try:
        listed = [one for one in json.loads(body)["keys"] if one.get("kty") == "RSA"][:MOST_KEYS]
        return {one["kid"]: jwt.PyJWK.from_dict(one, algorithm="RS256").key for one in listed}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, jwt.PyJWTError) as error:
        raise Trouble("Entra's signing keys could not be read") from error
