"""App Service Authentication on this machine: its headers are taken from each request and set for one person. Pure."""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

SETTING = "WEBSITE_AUTH_ENABLED"  # what an app sees where the platform signs people in
_PREFIX = "x-ms-client-principal"
_HOSTS = ("127.0.0.1", "localhost")
_CLAIMS = "http://schemas.microsoft.com/identity/claims"


def principal(name: str, roles: Sequence[str], tenant: str, oid: str) -> str:
    """The header X-MS-CLIENT-PRINCIPAL of somebody who signed in with Entra ID."""
    claims = [(f"{_CLAIMS}/tenantid", tenant), (f"{_CLAIMS}/objectidentifier", oid), ("preferred_username", name)]
    claims += [("roles", role) for role in roles]
    said = {
        "auth_typ": "aad",
        "name_typ": "preferred_username",
        "role_typ": "roles",
        "claims": [{"typ": kind, "val": value} for kind, value in claims],
    }
    return base64.b64encode(json.dumps(said).encode()).decode()


def signed_in(headers: Iterable[tuple[str, str]], person: str) -> Iterator[tuple[str, str]]:
    """The headers as the app gets them: what a caller says of itself is gone. `person` is the principal's header."""
    yield from ((name, value) for name, value in headers if not name.lower().startswith(_PREFIX))
    yield _PREFIX, person
    yield f"{_PREFIX}-idp", "aad"


def own_host(host: str) -> bool:
    """Whether a call is for this machine by name: another name may be a web page that was pointed here."""
    return urlsplit(f"//{host}").hostname in _HOSTS
