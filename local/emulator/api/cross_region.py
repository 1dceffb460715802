"""The five POSTs of cross-region restore: under the vault's resource group and its secondary region."""

from local.emulator.api import jobs, request_bodies
from local.emulator.api.calls import NOT_FOUND, Answer, Call, RefusedError, World, known_instance
from local.emulator.api.request_bodies import MalformedError
from local.emulator.api.restores import accept_restore, accept_validation
from local.emulator.api.vaults import list_points
from local.emulator.world.inventory import HeldInstance, HeldVault
from local.emulator.world.ticks import SECOND


def fetch_points(world: World, call: Call) -> Answer:
    details = request_bodies.read(request_bodies.RegionDetails, call.body)
    held = _instance(world, call, details)
    return list_points(world, call, held, (0, _replicated(held.held, call.now)))


def validate(world: World, call: Call) -> Answer:
    ask, held = _asked(world, call)
    return accept_validation(world, call, held, ask.restore_request_object, call.params["location"].lower())


def restore(world: World, call: Call) -> Answer:
    ask, held = _asked(world, call)
    return accept_restore(world, call, held, ask.restore_request_object, call.params["location"].lower())


def fetch_job(world: World, call: Call) -> Answer:
    ask = request_bodies.read(request_bodies.JobAsk, call.body)
    held = _vault(world, call, ask.source_backup_vault_id, ask.source_region)
    return jobs.show(world, call, held, ask.job_id, cross_region=True)


def fetch_jobs(world: World, call: Call) -> Answer:
    ask = request_bodies.read(request_bodies.JobsAsk, call.body)
    return jobs.show_all(
        world, call, _vault(world, call, ask.source_backup_vault_id, ask.source_region), cross_region=True
    )


def _asked(world: World, call: Call) -> tuple[request_bodies.CrossRegionAsk, HeldInstance]:
    ask = request_bodies.read(request_bodies.CrossRegionAsk, call.body)
    held = _instance(world, call, ask.cross_region_restore_details)
    point = world.inventory.point(held.key, ask.restore_request_object.recovery_point_id)
    # A point that has not been copied to the secondary region yet does not exist there.
    if point is None or point.time > _replicated(held.held, call.now):
        raise RefusedError(NOT_FOUND)
    return ask, held


def _replicated(held: HeldVault, now: int) -> int:
    return now - int(held.vault.secondary_lag_hours * 3600 * SECOND)


def _instance(world: World, call: Call, details: request_bodies.RegionDetails) -> HeldInstance:
    vault = details.source_backup_instance_id.lower().partition("/backupinstances/")[0]
    _vault(world, call, vault, details.source_region)
    return known_instance(world, details.source_backup_instance_id)


def _vault(world: World, call: Call, id_: str, region: str) -> HeldVault:
    held = world.inventory.vault(id_)
    if held is None or not held.key.startswith(call.group.lower() + "/"):
        raise RefusedError(NOT_FOUND)
    if held.vault.location.lower() != region.lower():
        raise MalformedError(f"sourceRegion {region} is not the vault's {held.vault.location}")
    regions = [each.lower() for each in held.vault.replicated_regions]
    if held.vault.cross_region != "Enabled" or call.params["location"].lower() not in regions:
        raise RefusedError("UserErrorCrossRegionRestoreNotEnabled")
    return held
