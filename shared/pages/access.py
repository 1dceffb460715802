"""Who a visitor is by the platform's sign-in, and what desk.toml lets that person see and do. Pure."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from shared.config.desk_file import Desk, Page, PageRole
from shared.domain.text import plain
from shared.frozen import frozen

HEADER = "x-ms-client-principal"
MOST = 64 * 1024  # characters of that header
_TENANT = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
_OBJECT = ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")
_NAME = (
    "preferred_username",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    "name",
)
_ROLE = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Why = Literal["no page", "no sign-in", "signed out", "other tenant", "no role", "desk.toml"]
STATUS: dict[Why, int] = {
    "no page": 404, "no sign-in": 403, "signed out": 401, "other tenant": 403, "no role": 403, "desk.toml": 503,
}  # fmt: skip


class Closed(Exception):
    """The page shows nothing to this visitor; `why` says what is missing."""

    def __init__(self, why: Why, name: str = "") -> None:
        super().__init__(why)
        self.why: Why = why
        self.name = name  # of the person who is signed in, if it is known


@frozen
class Person:
    """Somebody of the tenant; `id` is tenant and object id, `roles` those that desk.toml knows."""

    id: str
    name: str
    roles: tuple[str, ...]


def person_of(headers: Mapping[str, str], sign_in: bool, desk: Desk) -> Person:
    """The visitor, or Closed. The principal's header is believed only where the platform sets it."""
    if desk.page is None:
        raise Closed("no page")
    if not sign_in:
        raise Closed("no sign-in")
    principal = _principal(headers.get(HEADER, ""))
    tenant, oid = _claim(principal, _TENANT).lower(), _claim(principal, _OBJECT).lower()
    if principal.get("auth_typ") != "aad" or not _GUID.fullmatch(oid):
        raise Closed("signed out")
    name = plain(_claim(principal, _NAME))[:200] or oid
    if tenant != desk.page.tenant.lower():
        raise Closed("other tenant", name)
    roles = tuple(role for role in desk.page.roles if role in _roles(principal))
    if not roles:
        raise Closed("no role", name)
    return Person(f"{tenant}/{oid}", name, roles)


def _principal(text: str) -> dict[str, Any]:
    """The header's JSON, or nothing if it is none."""
    try:
        value = json.loads(base64.b64decode(text[:MOST], validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _claims(principal: Mapping[str, Any]) -> list[tuple[str, str]]:
    claims = principal.get("claims")
    found = [claim for claim in claims if isinstance(claim, dict)] if isinstance(claims, list) else []
    return [(str(claim.get("typ", "")), str(claim.get("val", ""))) for claim in found]


def _claim(principal: Mapping[str, Any], kinds: tuple[str, ...]) -> str:
    """The first kind that is there. A claim that stands twice with two values is believed as little as none."""
    for kind in kinds:
        values = {value for name, value in _claims(principal) if name == kind}
        if len(values) == 1:
            return values.pop()
    return ""


def _roles(principal: Mapping[str, Any]) -> set[str]:
    return {value for name, value in _claims(principal) if name in _ROLE}


def rights(person: Person, page: Page | None) -> tuple[PageRole, ...]:
    """The person's roles, as desk.toml has them now."""
    known = page.roles if page else {}
    return tuple(known[role] for role in person.roles if role in known)


def may(person: Person, page: Page | None, act: str) -> bool:
    """Whether one of the roles allows an act."""
    return any("*" in right.acts or act in right.acts for right in rights(person, page))


def choices(person: Person, desk: Desk) -> dict[str, tuple[str, ...]]:
    """The instances that the person may ask for, each with the targets it may go to."""
    found: dict[str, tuple[str, ...]] = {}
    for name, entry in desk.instances.items():
        own = [right for right in rights(person, desk.page) if {"*", name} & {*right.instances}]
        open_to = tuple(t for t in entry.targets if any(t in right.targets for right in own))
        if open_to:
            found[name] = open_to
    return found


def same_site(headers: Mapping[str, str], public_url: str) -> bool:
    """Whether a POST came from a page of ours. Browsers send `Origin: null` from pages whose referrer policy is
    no-referrer, as ours is; in that case Sec-Fetch-Site is checked, which browsers set and pages cannot."""
    origin = headers.get("origin", "")
    if origin in ("", "null"):
        return headers.get("sec-fetch-site") == "same-origin"
    said = urlsplit(origin)
    own = {headers.get("host", "").lower(), urlsplit(public_url).netloc.lower()} - {""}
    loopback = said.hostname in ("127.0.0.1", "localhost")
    return said.netloc.lower() in own and (said.scheme == "https" or (said.scheme == "http" and loopback))
