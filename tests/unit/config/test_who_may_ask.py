"""Which instance and server a request may name, and which source or person may ask for it."""

from dataclasses import replace
from typing import Any

import pytest

from shared.config.plans import server_plan
from shared.config.policy import find_instance
from shared.config.rights import UPGRADE, anybody, asker, askers
from shared.domain.problems import Problem
from tests.kits.restores import INSTANCE, SECRET, SERVER
from tests.unit.config.test_policy import GROUND, a_desk


def test_an_instance_is_found_by_its_name_or_by_an_id_that_is_allowed() -> None:
    desk = a_desk()
    assert find_instance("pg-prod-01", desk)[1] == "pg-prod-01"
    assert find_instance(INSTANCE.upper().replace("MICROSOFT.DATAPROTECTION", "Microsoft.DataProtection"), desk)[1]
    for said, status, words in (
        (INSTANCE.replace("pgVault", "x"), 403, "no pattern of allow.instances covers this id"),
        ("pg-prod-1", 422, "did you mean pg-prod-01 or pg-stage-01?"),
    ):
        with pytest.raises(Problem) as caught:
            find_instance(said, desk)
        assert (caught.value.status, caught.value.where) == (status, "instance")
        assert words in caught.value.detail


@pytest.mark.parametrize(
    ("server", "database", "secret", "words"),
    [
        (SERVER.replace("/servers/", "/flexibleServers/"), "new", SECRET, "flexible servers as files only"),
        (SERVER, "postgres", SECRET, "a system database"),
        (SERVER, "Template0", SECRET, "a system database"),
        (SERVER, "azure_sys", SECRET, "a system database"),
        (SERVER, "new", "https://x.example/secrets/a", "is not a Key Vault host"),
        ("/x", "new", SECRET, "not an ARM id"),
    ],
)
def test_a_server_that_cannot_be_restored_to(server: str, database: str, secret: str, words: str) -> None:
    with pytest.raises(Problem, match=words):
        server_plan(server, database, secret, GROUND)
    assert server_plan(SERVER, "postgres2", SECRET, GROUND).destination == f"{SERVER}/databases/postgres2"


# --- who may ask ------------------------------------------------------------------------------------------------------
def test_a_source_that_may_ask_for_nothing_is_told_how_to_open_it() -> None:
    closed = asker(a_desk(http={}), "http")
    assert UPGRADE in closed.no_instance("pg-prod-01").detail
    assert UPGRADE in closed.no_target("drills", "pg-prod-01", a_desk()).detail
    assert "lists no channel" in closed.no_callback("dba").detail
    open_ = asker(a_desk(), "http")
    assert open_.no_instance("/x").detail.endswith("and no pattern of allow.instances covers it")
    for one in (open_, replace(open_, instances=()), replace(open_, ids=False)):
        assert (one.no_instance("pg").where, UPGRADE in one.no_instance("pg").detail) == ("instance", False)
    assert "that http may use for an instance by its id" in open_.no_target("drill", None, a_desk()).detail
    assert "did you mean dba?" in open_.no_callback("dbaa").detail
    named = asker(a_desk(), "queue")
    assert named.no_instance("/x").detail.endswith("it is none of its instances")


def test_the_ways_of_a_person_are_those_of_the_roles_that_may_ask() -> None:
    roles = {"Reader": {}, "Asker": {"instances": ["*"], "targets": ["drills"]}, "Other": {"instances": ["pg-prod-01"]}}
    desk = a_desk(page={"tenant": f"{'1' * 8}-1111-1111-1111-{'1' * 12}", "roles": roles})
    found = askers(desk, "page", ("Asker", "Reader", "Gone", "Other"))
    assert [(one.source, one.instances, one.targets) for one in found] == [
        ("page", ("pg-prod-01", "pg-stage-01"), ("drills",)),
        ("page", ("pg-prod-01",), ()),
    ]
    assert [(one.ids, one.places) for one in found] == [(False, False)] * 2
    for desk_, roles_ in ((desk, ("Reader",)), (desk, ()), (a_desk(), ("Asker",))):
        (nothing,) = askers(desk_, "page", roles_)
        assert (nothing.source, nothing.instances, nothing.targets, nothing.callbacks) == ("page", (), (), ())
        assert (nothing.ids, nothing.places) == (False, False)
    all_ = anybody(a_desk())
    assert (all_.ids, all_.places, all_.instances) == (True, True, ("pg-prod-01", "pg-stage-01"))


@pytest.mark.parametrize(
    ("http", "instances", "ids", "places"),
    [
        ({}, ("pg-prod-01", "pg-stage-01"), True, True),
        ({"instances": ["pg-prod-01"]}, ("pg-prod-01",), False, True),
        ({"targets": ["drills"]}, ("pg-prod-01", "pg-stage-01"), True, False),
        ({"instances": ["pg-prod-01"], "targets": []}, ("pg-prod-01",), False, False),
        ({"instances": ["pg-prod-01"], "targets": [], "explicit": True}, ("pg-prod-01",), True, True),
    ],
)
def test_a_row_of_release_0_1_is_judged_by_what_was_open_then(
    http: dict[str, Any], instances: tuple[str, ...], ids: bool, places: bool
) -> None:
    (found,) = askers(a_desk(http=http), "http", (), "0.1")
    assert (found.instances, found.ids, found.places) == (instances, ids, places)
    assert found.targets == (tuple(http["targets"]) if "targets" in http else ("drills", "each", "retired"))
    assert found.callbacks == ("dba",)
