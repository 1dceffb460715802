"""What a caller may ask for: the request's model, its strict reading from bytes, its canonical hash. Pure."""

import hashlib
import json
import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictBool, StrictInt, StrictStr, Tag, ValidationError

from shared.domain.problems import Problem
from shared.domain.values import Database, Instant, Key, Line, Name, Ref, Strict, Text, Url, deeper
from shared.domain.verification import Level
from shared.domain.wrong_fields import said_of

BODY_LIMIT = 32 * 1024
MOST_WRONG = 50  # fields that an answer names
DEEPEST = 100  # levels of a body: Jira's documents have some twenty


class Ticket(Strict):
    """The ticket of a request. Comments are written to `ref`, relative to the channel's base URL."""

    system: Name
    id: Name
    ref: Ref | None = None
    url: Url | None = None


class PointById(Strict):
    """A recovery point by its id (its `name`, not its friendlyName)."""

    id: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class PointAtOrBefore(Strict):
    """The newest recovery point that is not newer than a moment."""

    at_or_before: Instant


class FilesTarget(Strict):
    """A container by its full URL; allowed only if `allow` covers it."""

    kind: Literal["files"]
    container: Line
    container_id: Line | None = None
    prefix: Annotated[StrictStr, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None


class DatabaseTarget(Strict):
    """A new database on a (retired) Single Server, by the server's full id; allowed only if `allow` covers it."""

    kind: Literal["database"]
    server: Line
    database: Database
    credentials_secret: Line


class Rehydration(Strict):
    """How a point in the archive tier is rehydrated; ignored for points in other tiers."""

    priority: Literal["Standard", "High"] = "Standard"
    retain_days: Annotated[StrictInt, Field(ge=10, le=30)] = 15


def _kind_of_point(value: Any) -> str:
    if isinstance(value, dict):
        return "atOrBefore" if "atOrBefore" in value else "id"
    return "latest"


def _kind_of_target(value: Any) -> str:
    if isinstance(value, dict):
        return "database" if value.get("kind") == "database" else "files"
    return "name"


Wanted = Annotated[
    Annotated[Literal["latest"], Tag("latest")]
    | Annotated[PointById, Tag("id")]
    | Annotated[PointAtOrBefore, Tag("atOrBefore")],
    Discriminator(_kind_of_point),
]
Target = Annotated[
    Annotated[Name, Tag("name")] | Annotated[FilesTarget, Tag("files")] | Annotated[DatabaseTarget, Tag("database")],
    Discriminator(_kind_of_target),
]
GuardRequests = Annotated[list[Line], Field(min_length=1, max_length=10)]


class RestoreRequest(Strict):
    """One restore as a ticket, a service or a person asks for it."""

    instance: Line
    target: Target
    recovery_point: Wanted = "latest"
    max_age_hours: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    database: Database | None = None
    requested_by: Line | None = None
    reason: Text | None = None
    ticket: Ticket | None = None
    dry_run: StrictBool = False
    location: Annotated[StrictStr, Field(pattern=r"^[a-z0-9]{3,40}$")] | None = None
    rehydration: Rehydration | None = None
    cross_region: StrictBool = False
    resource_guard_requests: Literal["auto"] | GuardRequests | None = None
    callback: Name | None = None
    verify: Level | None = None
    idempotency_key: Key | None = None


def parse_json(raw: bytes, limit: int = BODY_LIMIT) -> dict[str, Any]:
    """The JSON object in `raw`, or a Problem (400, 413) that says what is wrong with it."""
    if len(raw) > limit:
        raise Problem(413, "The body is too large", f"{len(raw)} bytes were sent; send {limit} at most", "body")
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_unique)
        if deeper(value, DEEPEST):
            raise RecursionError
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else f"it could not be read: {error}"
        words = f"{found_in(raw)}; send a JSON object" if found_in(raw) else reason
        raise Problem(400, "The body is not JSON", words, "body") from error
    if not isinstance(value, dict):
        kind = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")
        raise Problem(400, "The body is not a JSON object", f"{kind} was sent; send an object: {{…}}", "body")
    return value


def found_in(raw: bytes) -> str | None:
    """Words for a body that is not JSON (empty, HTML, base64, a form …); None if its kind is not recognised."""
    text = raw.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        return "an empty body was sent"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:4]:
        return "UTF-16 was sent, or bytes that are not text; the desk reads UTF-8"
    if text[:1] == b"<":
        return "HTML or XML was sent"
    if re.fullmatch(rb"[A-Za-z0-9+/\s]+=*\s*", text) and text[:3] in (b"eyJ", b"ewo", b"ew0", b"77u"):
        return "base64 of JSON was sent"
    if re.match(rb"[A-Za-z0-9_.%+\[\]-]+=", text):
        return "a form (name=value) was sent"
    return None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen = set[str]()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {twice[:80]!r} stands twice in one object")
    return value


def parse_request(value: dict[str, Any]) -> RestoreRequest:
    """The request in a JSON object, or a Problem (422) naming each field that is wrong."""
    try:
        return RestoreRequest.model_validate(value)
    except ValidationError as error:
        lines: list[dict[str, Any]] = [dict(line) for line in error.errors(include_url=False)[:MOST_WRONG]]
        found = [(where := _field(line["loc"]), said_of(line, where, _known(where))) for line in lines]
        more = {"errors": [{"field": where, "detail": detail} for where, detail in found]}
        raise Problem(422, "The request does not fit its model", found[0][1], found[0][0], more) from error


def _field(path: tuple[int | str, ...]) -> str:
    tags = {"name", "files", "database", "latest", "id", "atOrBefore", "list[constrained-str]"}
    kept = [
        str(part)
        for i, part in enumerate(path)
        if i == 0 or not (i == 1 and path[0] in ("target", "recoveryPoint") and part in tags)
    ]
    return ".".join(part for part in kept if not part.startswith(("list[", "literal[", "function-")))


def _known(where: str) -> set[str]:
    """The names that may stand beside a field."""
    models: dict[str, tuple[type[Strict], ...]] = {
        "target": (FilesTarget, DatabaseTarget),
        "recoveryPoint": (PointById, PointAtOrBefore),
        "ticket": (Ticket,),
        "rehydration": (Rehydration,),
    }
    head, dot, _ = where.partition(".")
    beside = models.get(head, ()) if dot else (RestoreRequest,)
    return {str(field.alias) for model in beside for field in model.model_fields.values()}


def canonical_hash(value: dict[str, Any]) -> str:
    """Hash by which requests with one idempotency key are compared: the request as sent, without key and order of
    names."""
    said = {name: part for name, part in value.items() if name != "idempotencyKey"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
