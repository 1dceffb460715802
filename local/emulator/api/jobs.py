"""backupJobs by id and as a list, in the vault and across regions."""

from local.emulator.api.calls import (
    NOT_FOUND,
    Answer,
    Call,
    RefusedError,
    World,
    known_instance,
    listed,
    the_vault,
)
from local.emulator.api.vaults import skipped
from local.emulator.wire import job_bodies
from local.emulator.world import left_behind
from local.emulator.world.inventory import HeldVault
from local.emulator.world.ticks import DAY, SECOND

_LISTED_DAYS = 14


def job(world: World, call: Call) -> Answer:
    return show(world, call, the_vault(world, call), call.params["job"], cross_region=False)


def jobs(world: World, call: Call) -> Answer:
    return show_all(world, call, the_vault(world, call), cross_region=False)


def show(world: World, call: Call, held: HeldVault, id_: str, *, cross_region: bool) -> Answer:
    """A job is found where it runs: one across regions only by the fetch calls, as the service's own clients do."""
    found = left_behind.find_job(world.store.db, id_)
    if found is None or found.vault != held.key or found.started > call.now:
        raise RefusedError(NOT_FOUND)
    if (found.category == "CrossRegionRestore") != cross_region:
        raise RefusedError(NOT_FOUND)
    return Answer(body=job_bodies.job(known_instance(world, found.instance), found, call.now, "get"))


def show_all(world: World, call: Call, held: HeldVault, *, cross_region: bool) -> Answer:
    """Oldest first, the last fourteen days, each only some time after its start."""
    size = world.options.page_size
    delay = int(world.options.listing_delay * SECOND / world.options.speed)
    span = (call.now - _LISTED_DAYS * DAY, call.now - delay)
    started, _, identity = (skipped(world, call) or "0:").partition(":")
    after = (int(started), identity)
    found = left_behind.list_jobs(world.store.db, held.key, span, after, size + 1, cross_region=cross_region)
    values = [job_bodies.job(known_instance(world, each.instance), each, call.now, "list") for each in found[:size]]
    last = found[size - 1] if len(found) > size else None
    more = call.next_page(world.signer.token(f"{last.started}:{last.id}")) if last else None
    if cross_region and more is None:
        return Answer(body={"value": values})
    return listed(call, values, more, always=True)
