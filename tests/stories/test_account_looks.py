"""The daily look at the desk's accounts, and what acts on containers leave on the books."""

import json
from datetime import timedelta
from typing import Any

from deskctl.list import _cells
from deskctl.moments import minute
from shared.aftercare.strangers import closed_targets
from shared.api.health import Health
from shared.api.http import Call, answered
from shared.azure.port import Rejected
from shared.config.settings import Settings
from shared.domain.restore import AzureError, Phase
from shared.domain.values import iso
from shared.storage.shared_state import Board
from tests.kits.aftercare_kit import ACCOUNT, KEEP_HOURS, act, asked, delivered, look_of, names, vaulted_world
from tests.kits.stories import now_is, up_to
from tests.kits.world import World, running

ORPHAN = "rd-aaaaaaaa-01k00000000000000000000000-1"


def test_strangers_and_orphans_are_reported_and_left_alone() -> None:
    world = vaulted_world()
    one = delivered(world)
    orphan = f"rd-{one[:-1]}z-1"
    world.azure.blobs |= {(ACCOUNT, "sales"): {}, (ACCOUNT, orphan): {"restoredesk": orphan[3:-2]}}
    world.azure.blobs |= {(ACCOUNT, f"rd-{one}-2"): {"restoredesk": "another"}, (ACCOUNT, "$logs"): {}}
    world.azure.blobs[ACCOUNT, f"rd-{one}-3"] = {"restoredesk": one}
    before = dict(world.azure.blobs)
    for _ in range(3):
        world.process().strangers.run()
        world.process().cleanup.run()
    assert (look_of(world).strangers, look_of(world).orphans) == (("sales", f"rd-{one}-2"), (orphan, f"rd-{one}-3"))
    assert world.azure.count("containers") == 1
    assert world.azure.blobs == before


def test_an_account_with_a_strangers_container_takes_no_restore_until_it_is_gone() -> None:
    world = vaulted_world()
    world.azure.blobs |= {(ACCOUNT, "sales"): {}, (ACCOUNT, "$logs"): {}}
    world.process().strangers.run()
    one = asked(world)
    up_to(world, one, Phase.REFUSED)
    error = now_is(world, one).error
    assert error is not None
    assert (error.code, world.azure.posted) == ("ContainerAccountShared", [])
    assert closed_targets(world.read_desk(), Board(world.store)) == {
        "targets.vaulted": "drillstore holds containers that are not the desk's: sales"
    }
    del world.azure.blobs[ACCOUNT, "sales"]
    world.clock.advance(601)
    world.process().strangers.run()
    assert closed_targets(world.read_desk(), Board(world.store)) == {}
    two = asked(world, key="k2")
    up_to(world, two, Phase.SUCCEEDED)
    assert names(world) == ["$logs", f"rd-{two}-1"]


def health(world: World) -> dict[str, Any]:
    return Health(world.process().parts, Settings(environ={})).look()


def test_health_names_what_is_not_the_desks_closes_its_targets_and_stays_up() -> None:
    world = vaulted_world()
    assert "containers" not in health(world)["checks"]
    world.azure.blobs |= {(ACCOUNT, "sales"): {}, (ACCOUNT, ORPHAN): {"restoredesk": ORPHAN[3:-2]}}
    world.process().strangers.run()
    found = health(world)
    assert found["checks"]["containers"] == (
        f"ok, as of the daily look; drillstore: not the desk's: sales, of no restore of the ledger, and left alone: "
        f"{ORPHAN}, a deleted container can be brought back for 7 days"
    )
    assert "drillstore holds containers" in found["closed"]["targets.vaulted"]
    world.azure.blobs.clear()
    world.azure.soft_delete = 0
    world.clock.advance(601)
    world.process().strangers.run()
    found = health(world)
    assert found["checks"]["containers"] == "ok, as of the daily look; drillstore: only containers of the desk"
    assert "targets.vaulted" not in found["closed"]


def listed(world: World) -> dict[str, Any]:
    answer = answered(world.process().api.list_restores, Call(query={"since": "2020-01-01T00:00:00Z"}))
    return {row["id"]: row for row in json.loads(answer.body)["value"]}


def test_a_list_shows_how_the_files_of_each_restore_stand_and_each_restore_once() -> None:
    world = vaulted_world()
    one, two = delivered(world), delivered(world, key="k2")
    three = running(world, world.process(), key="k3")
    up_to(world, three, Phase.SUCCEEDED)
    world.settle(world.process())
    act(world.process(), two, "keep", hours=500)
    world.clock.advance((KEEP_HOURS + 1) * 3600)
    world.process().cleanup.run()
    rows = listed(world)
    until = iso(now_is(world, two).accepted_at)[:4]
    assert rows[one]["container"] == {"name": f"rd-{one}-1", "state": "gone"} | {
        "until": rows[one]["container"]["until"]
    }
    assert (rows[two]["container"]["state"], rows[two]["container"]["until"][:4]) == ("kept", until)
    assert "container" not in rows[three]
    assert world.live("open") == [], "an act on a closed restore takes it out of the history"
    assert [(first[2:], phase) for first, phase, _ in map(_cells, (rows[one], rows[two], rows[three]))] == [
        (["files gone"], ["succeeded"]),
        ([f"files until {minute(rows[two]['container']['until'])}"], ["succeeded"]),
        ([], ["succeeded"]),
    ]


def test_an_account_that_cannot_be_listed_stays_as_it_was_known() -> None:
    world = vaulted_world()
    world.azure.blobs[ACCOUNT, "sales"] = {}
    world.process().strangers.run()
    no = AzureError(stage="request", code="AuthorizationFailed", message="no right")
    world.azure.script["containers"] = [Rejected(no, 403)]
    world.clock.advance(601)
    world.process().strangers.run()
    assert look_of(world).strangers == ("sales",)
    assert "AuthorizationFailed" in look_of(world).trouble
    assert look_of(world).soft_delete_days == 7


def test_each_act_and_the_deletion_stand_in_the_timeline() -> None:
    world = vaulted_world()
    one = delivered(world)
    world.process().strangers.run()
    act(world.process(), one, "keep", hours=200)
    until = json.loads(act(world.process(), one, "keep", hours=1).body)["container"]["until"]
    assert until == iso(world.clock.now() + timedelta(hours=200)), "keep never shortens"
    act(world.process(), one, "cleanup", reason="loaded")
    assert world.process().cleanup.run() == 1
    now = iso(world.clock.now())
    assert [(entry.what, entry.note) for entry in now_is(world, one).timeline[-4:]] == [
        ("container kept until", f"{until} by dba: an audit"),
        ("container kept until", f"{until} by dba: an audit"),
        ("container to be deleted from", f"{now} by dba: loaded"),
        ("container deleted", f"rd-{one}-1; soft delete of the account can bring it back for 7 days"),
    ]
    view = world.process().api.view(now_is(world, one))["container"]
    assert view["recoverableUntil"] == iso(world.clock.now() + timedelta(days=7))
