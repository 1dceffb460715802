"""What Azure answers about jobs, containers, vaults and instances, each through the client."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.azure.containers import read_container
from shared.azure.port import BlobContainer, NotSent, Rejected
from shared.azure.unusable import unusable
from shared.domain.problems import Trouble
from tests.kits.fakes import VAULT
from tests.kits.restores import a_restore
from tests.unit.azure.kit import ACCOUNT, BASE, answering, azure, says


def test_what_is_no_attempt_is_not_sent_and_what_is_no_job_is_trouble() -> None:
    with pytest.raises(NotSent, match="no attempt is saved"):
        azure(says(202)).submit(a_restore(attempts=()), lambda: None)
    with pytest.raises(Trouble, match="is no job"):
        azure(says(200, {"properties": {}})).job(a_restore(), "j")


def test_an_operation_that_is_answered_202_runs() -> None:
    found, wait = azure(says(202, None, **{"retry-after": "9"})).operation(f"{BASE}/op", "operation")
    assert (found.ended, found.job_id, found.error, wait) == ("running", None, None, 9)


@pytest.mark.parametrize("code", ["ContainerNotFound", "containernotfound"])
def test_a_container_that_is_not_there_is_no_fault(code: str) -> None:
    missing = azure(says(404, {"error": {"code": code}}))
    missing.delete_container(ACCOUNT, "rd-x-1")
    assert missing.container(ACCOUNT, "rd-x-1") is None


def test_any_other_no_to_a_container_rises() -> None:
    for act in ("delete_container", "container"):
        with pytest.raises(Rejected, match="AuthorizationFailed"):
            getattr(azure(says(403, {"error": {"code": "AuthorizationFailed"}})), act)(ACCOUNT, "rd-x-1")


def test_a_container_is_the_one_that_was_asked_for() -> None:
    found = {"name": "rd-x-1", "properties": {"metadata": {"RestoreDesk": 5}}}
    assert azure(says(200, found)).container(ACCOUNT, "rd-x-1") == BlobContainer("rd-x-1", {"restoredesk": "5"})
    for body in ({**found, "name": "other"}, {}):
        with pytest.raises(Trouble, match="not the container"):
            azure(says(200, body)).container(ACCOUNT, "rd-x-1")
    assert read_container({"name": "a", "properties": {"metadata": []}}) == BlobContainer("a", {})
    assert read_container({"name": ""}) is None


@pytest.mark.parametrize(("status", "new"), [(201, True), (200, False)])
def test_azure_says_whether_a_container_is_new(status: int, new: bool) -> None:
    assert azure(says(status, {})).make_container(ACCOUNT, "rd-x-1", {"restoredesk": "x"}) is new


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ({"enabled": True, "days": 7}, 7),
        ({"enabled": False, "days": 7}, 0),
        ({"enabled": "true", "days": 7}, 0),
        ({"enabled": True, "days": "7"}, 0),
        ({"enabled": True}, 0),
        (None, 0),
    ],
)
def test_for_how_long_a_deleted_container_can_be_brought_back(policy: Any, days: int) -> None:
    body = {"properties": {"containerDeleteRetentionPolicy": policy}}
    assert azure(says(200, body)).soft_delete_days(ACCOUNT) == days


def test_the_containers_of_an_account_are_those_with_a_name() -> None:
    body = {"value": [{"name": "a"}, {"name": None}, "x", {"name": "b"}]}
    transport = answering(httpx.Response(200, json=body, headers={"date": "Thu, 01 Oct 2026 12:00:00 GMT"}))
    client = transport.azure
    assert [found.name for found in client.containers(ACCOUNT)] == ["a", "b"]
    assert [str(one.url) for one in transport.seen] == [
        f"{BASE}{ACCOUNT}/blobServices/default/containers?api-version=2023-05-01"
    ]
    assert client.azure_time() == datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "facts"),
    [
        ({}, ("", None, None, None)),
        ({"location": "West Europe"}, ("westeurope", None, None, None)),
        ({"properties": {"replicatedRegions": ["NorthEurope", "x"]}}, ("", "northeurope", None, None)),
        ({"properties": {"replicatedRegions": []}}, ("", None, None, None)),
        ({"properties": {"replicatedRegions": "north"}}, ("", None, None, None)),
        (
            {
                "properties": {
                    "featureSettings": {
                        "crossSubscriptionRestoreSettings": {"state": "Disabled"},
                        "crossRegionRestoreSettings": {"state": "Enabled"},
                    }
                }
            },
            ("", None, "Disabled", "Enabled"),
        ),
    ],
)
def test_the_facts_of_a_vault(body: Any, facts: tuple[str, Any, Any, Any]) -> None:
    found = azure(says(200, body)).vault(VAULT)
    assert (found.location, found.secondary, found.cross_subscription, found.cross_region) == facts


def test_an_instance_that_does_not_say_what_it_protects_is_trouble() -> None:
    with pytest.raises(Trouble, match="does not say what it protects"):
        azure(says(200, {"properties": {}})).datasource(f"{VAULT}/backupInstances/pg")


def test_without_a_usable_setting_every_call_is_trouble() -> None:
    nothing = unusable("ARM_ENDPOINT is wrong")
    assert nothing.azure_time() is None
    for act in (lambda: nothing.vault(VAULT), nothing.ready, lambda: nothing.points("x", odata="")):
        with pytest.raises(Trouble, match="ARM_ENDPOINT is wrong"):
            act()
