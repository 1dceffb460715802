"""operationStatus and operationResults under every scope: signed URLs only; the first poll usually finds it running."""

from local.emulator.api.calls import (
    NOT_FOUND,
    Answer,
    Call,
    RefusedError,
    World,
    gateway_refused,
    known_instance,
)
from local.emulator.api.restores import RETRY_SECONDS, followed, signed
from local.emulator.wire import job_bodies
from local.emulator.world import left_behind
from local.emulator.world.left_behind import Operation


def status(world: World, call: Call) -> Answer:
    operation, running = _polled(world, call)
    body = job_bodies.operation_status(call.path, operation, call.now, running=running)
    headers = {"Retry-After": world.options.retry_after(RETRY_SECONDS[operation.kind])} if running else {}
    return Answer(body=body, headers=headers)


def result(world: World, call: Call) -> Answer:
    operation, running = _polled(world, call)
    held = known_instance(world, operation.instance)
    if running:
        return Answer(status=202, headers=followed(world, call, held, operation))
    if operation.error:
        raise RefusedError(operation.error, operation.detail)
    location = (
        f"/subscriptions/{held.held.subscription}/providers/Microsoft.DataProtection/locations/{operation.location}"
    )
    followable = signed(world, call, f"{location}/operationStatus/{operation.id}")
    return Answer(body=job_bodies.operation_result(operation), headers={"Azure-AsyncOperation": followable})


def _polled(world: World, call: Call) -> tuple[Operation, bool]:
    if not world.signer.holds(call.target):
        raise gateway_refused(
            403,
            "AuthorizationFailed",
            "The signature of this operation URL is missing or does not hold. Follow the URL exactly as it was given.",
        )
    row = left_behind.find_operation(world.store.db, call.params["operation"])
    if row is None or not _in_scope(call, row.operation):
        raise RefusedError(NOT_FOUND)
    if call.struck.expire:
        left_behind.expire_operation(world.store.db, row.operation.id, call.struck.expire.status)
    expired = call.struck.expire.status if call.struck.expire else row.expired
    if expired == 404:
        raise RefusedError(NOT_FOUND)
    if expired == 204:
        raise RefusedError("NoContent", status=expired)
    if expired:
        raise gateway_refused(expired, "AuthorizationFailed", "The operation can no longer be followed.")
    left_behind.mark_polled(world.store.db, row.operation.id)
    first = not row.polled and not world.options.ends_at_first_poll
    return row.operation, first or call.now < row.operation.ends


def _in_scope(call: Call, operation: Operation) -> bool:
    subscription = operation.vault.startswith(f"/subscriptions/{call.params['subscription'].lower()}/")
    if "location" in call.params:
        return subscription and call.params["location"].lower() == operation.location.lower()
    scope = call.vault_id if "vault" in call.params else call.group
    return f"{operation.vault}/".startswith(f"{scope.lower()}/")
