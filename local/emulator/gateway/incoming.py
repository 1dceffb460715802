"""Makes a call of an HTTP request, finds its subscription and vault, and adds Azure's usual headers to the answer."""

import uuid
from urllib.parse import parse_qsl

from starlette.requests import Request

from local.emulator.api.calls import Call, World
from local.emulator.api.request_bodies import MalformedError, lowered
from local.emulator.api.routes import Found
from local.emulator.hindrance.faults import Target
from local.emulator.world import ticks
from local.emulator.world.left_behind import find_job, find_operation

_STANDING = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Server": "Microsoft-IIS/10.0",
    "X-Powered-By": "ASP.NET",
}


def call_of(world: World, request: Request, body: bytes, found: Found, number: int) -> Call:
    raw, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    return Call(
        verb=found.route.verb if found.route else "unknown",
        method=request.method,
        base=f"{request.url.scheme}://{request.url.netloc}",
        target=f"{raw}?{query}",
        path=request.scope["path"],
        params=found.params,
        query={name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)},
        body=body,
        request_id=request.headers.get("x-ms-client-request-id") or str(uuid.uuid4()),
        headers=request.headers,
        now=world.clock(),
        number=number,
    )


def subject_of(world: World, call: Call) -> Target:
    """Vault and instance of a call as ARM ids, found in its path, its operation, its job or its body."""
    db, verb = world.store.db, call.verb.lower()
    if "operation" in call.params:
        row = find_operation(db, call.params["operation"])
        return Target(verb, row.operation.vault, row.operation.instance) if row else Target(verb)
    if "job" in call.params:
        job = find_job(db, call.params["job"])
        return Target(verb, call.vault_id, job.instance if job else "")
    if "vault" in call.params:
        instance = call.params.get("instance")
        return Target(verb, call.vault_id, f"{call.vault_id}/backupInstances/{instance}" if instance else "")
    return _subject_of_body(world, call, verb) if call.method == "POST" else Target(verb)


def _subject_of_body(world: World, call: Call, verb: str) -> Target:
    try:
        body = lowered(call.body)
    except MalformedError:
        return Target(verb)
    details = body.get("crossregionrestoredetails")
    instance = str((details if isinstance(details, dict) else body).get("sourcebackupinstanceid", ""))
    if job := find_job(world.store.db, str(body.get("jobid", ""))):
        instance = job.instance
    vault = str(body.get("sourcebackupvaultid") or instance.lower().partition("/backupinstances/")[0])
    return Target(verb, vault, instance)


def dressed(call: Call) -> dict[str, str]:
    identity = str(uuid.uuid4())
    headers = {
        **_STANDING,
        "x-ms-request-id": identity,
        "x-ms-correlation-request-id": call.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4()),
        "x-ms-routing-request-id": f"LOCAL:{ticks.whole(call.now).replace('-', '').replace(':', '')}:{identity}",
    }
    if call.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = call.request_id
    return headers
