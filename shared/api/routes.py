"""The HTTP routes as the contract describes them: operation, parameters, body, answers."""

from dataclasses import field
from typing import Any

from pydantic import BaseModel

from shared.api import schemas as c
from shared.api.aftercare import Keep
from shared.api.dead_letters import DeadLetterList
from shared.api.http import MOST
from shared.api.instances import PAGE as INSTANCES
from shared.api.listing import PAGE
from shared.api.verification import Ask, VerificationView
from shared.domain.request import RestoreRequest
from shared.frozen import frozen
from shared.workflow.operator_acts import Act, Again, Resolution

type Json = dict[str, Any]
WAIT = {"Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 1}}}
PLACE = {"Location": {"description": "where the restore is", "schema": {"type": "string"}}}
BODY = (400, 413, 422)


@frozen
class Answers:
    """An answer that is no problem: its model and the headers that come with it."""

    model: type[BaseModel]
    headers: Json = field(default_factory=dict)
    words: str = ""


@frozen
class Route:
    """One operation; `name` is the function's, which keys are handed out by."""

    name: str
    method: str
    path: str
    summary: str
    answers: dict[int, Answers]
    problems: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    parameters: tuple[Json, ...] = ()
    keyed: bool = True


def _query(name: str, words: str, **schema: Any) -> Json:
    return {"name": name, "in": "query", "description": words, "schema": {"type": "string", **schema}}


def _path(name: str, words: str, example: str = "", **schema: Any) -> Json:
    made = {"name": name, "in": "path", "required": True, "description": words, "schema": {"type": "string", **schema}}
    return {**made, "example": example} if example else made


ID = _path("id", "the restore's id", pattern=r"^[a-z0-9]{8}-[0-9a-z]{26}$")
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the same key and request: the same restore; the same key with another request: 422",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"},
}
LIST = (
    _query("vault", "a vault by its id or name"),
    _query("instance", "an instance by its name or id"),
    _query(
        "since", "the closed ones too, from this moment on: 2026-10-01T00:00:00Z", pattern=r"^(\d{4}-\d\d-\d\d.*)?$"
    ),
    _query("phase", "one or more phases, with commas between them; closed ones need no since", example="failed,lost"),
    _query("key", "the restores of this idempotency key, whole; in every source unless `source` names one"),
    _query("source", "http, queue, page or tickets/<source>: only what came by it"),
    _query("pageSize", "lines on a page", type="integer", minimum=1, maximum=MOST, default=PAGE),
    _query("continue", "the page before gave it"),
    _query("format", "jsonl: one whole restore a line, for audits", enum=["json", "jsonl"], default="json"),
)
INSTANCE_PAGES = (
    _query("pageSize", "instances on a page", type="integer", minimum=1, maximum=MOST, default=INSTANCES),
    _query("continue", "the page before gave it"),
)

SAMPLES = {
    "drill": {
        "instance": "pg-prod-01",
        "target": "drills",
        "recoveryPoint": "latest",
        "requestedBy": "user@contoso.com",
        "reason": "quarterly drill",
        "ticket": {"system": "servicenow", "id": "RITM0012345"},
    },
    "dryRun": {
        "instance": "pg-prod-02",
        "target": "drills",
        "recoveryPoint": {"atOrBefore": "2026-10-01T00:00:00Z"},
        "dryRun": True,
    },
}

_RESTORE = Answers(c.RestoreView)
_TAKEN = Answers(c.RestoreView, {**PLACE, **WAIT}, "saved")
_KNOWN = Answers(c.RestoreView, {**PLACE, **WAIT}, "this key was taken before: the restore as it stands")
_ACCEPTED = {202: _TAKEN, 200: _KNOWN}

ROUTES = (
    Route("request_restore", "POST", "/restores", "Ask for a restore", _ACCEPTED, (*BODY, 403, 409), RestoreRequest,
          (KEY_HEADER,)),
    Route("list_restores", "GET", "/restores", "List restores", {200: Answers(c.RestorePage)}, (403, 409, 422), None,
          LIST),
    Route("get_restore", "GET", "/restores/{id}", "See one restore", {200: Answers(c.RestoreView, WAIT)}, (404, 409),
          None, (ID,)),
    Route("withdraw_restore", "POST", "/restores/{id}/withdraw", "Take a restore back before it is submitted",
          {200: _RESTORE}, (*BODY, 404, 409), Act, (ID,)),
    Route("restore_again", "POST", "/restores/{id}/again", "Ask once more, from the same point", _ACCEPTED,
          (*BODY, 403, 404, 409), Again, (ID,)),
    Route("resolve_restore", "POST", "/restores/{id}/resolve", "Say what became of a lost restore", {200: _RESTORE},
          (*BODY, 404, 409), Resolution, (ID,)),
    Route("resend_notice", "POST", "/restores/{id}/notices/{n}/resend", "Send a notice once more", {202: _RESTORE},
          (*BODY, 404, 409), Act, (ID, _path("n", "the notice's number", type="integer", minimum=1))),
    Route("keep_container", "POST", "/restores/{id}/keep", "Keep the container longer", {200: _RESTORE},
          (*BODY, 404, 409), Keep, (ID,)),
    Route("clean_container", "POST", "/restores/{id}/cleanup", "Delete the container now", {202: _RESTORE},
          (*BODY, 404, 409), Act, (ID,)),
    Route("verify_restore", "POST", "/restores/{id}/verify", "Verify what was delivered",
          {202: Answers(VerificationView)}, (*BODY, 404, 409), Ask, (ID,)),
    Route("get_verification", "GET", "/restores/{id}/verification", "See a verification and its manifest",
          {200: Answers(VerificationView, WAIT)}, (404, 409), None, (ID,)),
    Route("list_instances", "GET", "/instances", "What can be restored", {200: Answers(c.InstanceList)}, (409, 422),
          None, INSTANCE_PAGES),
    Route("list_recovery_points", "GET", "/instances/{instance}/recovery-points", "The points of an instance",
          {200: Answers(c.PointList)}, (403, 404, 422, 502), None,
          (_path("instance", "a name of desk.toml, or an ARM id with its slashes as %2F", "pg-prod-01",
                pattern=r"^(/subscriptions/[A-Za-z0-9._()/-]{1,1000}|[A-Za-z0-9][A-Za-z0-9._-]{0,62})$"),)),
    Route("take_ticket", "POST", "/tickets/{source}", "A ticket system's webhook",
          {202: Answers(c.TicketAnswer, PLACE), 200: Answers(c.TicketAnswer)}, (404,), c.TicketEvent,
          (_path("source", "a ticket source of desk.toml", "jira", pattern=NAME),)),
    Route("list_dead_letters", "GET", "/dead-letters", "What was refused unread, and what could not be told",
          {200: Answers(DeadLetterList)}, (422,), None,
          (_query("pageSize", "lines", type="integer", minimum=1, maximum=MOST, default=PAGE),)),
    Route("pause_desk", "POST", "/desk/pause", "Submit nothing until resume", {200: Answers(c.Paused)}, BODY, Act),
    Route("resume_desk", "POST", "/desk/resume", "Submit again", {200: Answers(c.Paused)}, BODY, Act),
    Route("check_channel", "POST", "/channels/{name}/test", "Send a sample notice",
          {200: Answers(c.ChannelAnswer), 502: Answers(c.ChannelAnswer, {}, "the channel did not take it")},
          (404, *BODY), Act, (_path("name", "a channel of desk.toml", "events", pattern=NAME),)),
    Route("openapi", "GET", "/openapi.json", "This document", {200: Answers(c.Shown)}),
    Route("health", "GET", "/health", "Whether the desk works",
          {200: Answers(c.HealthView), 503: Answers(c.HealthView, {}, "something is down")}, keyed=False),
)  # fmt: skip
