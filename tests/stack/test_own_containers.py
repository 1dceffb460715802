"""Restores into containers of the desk's own, through host, emulator and Azurite: real dumps, gone on time, or kept."""

import pytest
from azure.storage.blob import ContainerClient

from local.stack.delivered import blobs
from local.stack.processes import wait_until
from local.stack.stack import Options, Stack
from tests.kits.stack_kit import ask, ended

pytestmark = pytest.mark.slow
ACCOUNT = "drillstore"


def container(stack: Stack, restore: str) -> ContainerClient:
    return blobs(stack.azurite, ACCOUNT).get_container_client(f"rd-{restore}-1")


def heads(stack: Stack, restore: str) -> dict[str, bytes]:
    """The first five bytes of each file."""
    found = container(stack, restore)
    return {str(blob.name): found.download_blob(blob.name, 0, 5).readall() for blob in found.list_blobs()}


def names(stack: Stack) -> list[str]:
    return sorted(str(one.name) for one in blobs(stack.azurite, ACCOUNT).list_containers())


def act(stack: Stack, restore: str, what: str, **more: object) -> dict[str, object]:
    body = {"by": "test@contoso.com", "reason": "test", **more}
    shown: dict[str, object] = stack.http.post(f"/api/restores/{restore}/{what}", json=body).raise_for_status().json()
    return shown


def test_real_dumps_are_delivered_and_go_on_time_but_where_they_are_kept() -> None:
    with Stack(Options(speed=600, pace=600, dumps=True, loader=True)) as stack:
        goes, stays = ask(stack, target="vaulted"), ask(stack, target="vaulted", instance="pg-prod-02")
        view = ended(stack, goes)
        assert (view["phase"], view["container"]["state"]) == ("succeeded", "kept")
        ended(stack, stays)
        act(stack, stays, "keep", hours=48)
        files = heads(stack, stays)
        assert stack.dumps is not None
        assert len(files) == len(list((stack.dumps / "custom").iterdir()))
        assert {head for name, head in files.items() if "_database_" in name} == {b"PGDMP"}
        wait_until("the container is gone", 90, lambda: names(stack) == [f"rd-{stays}-1"])
        rows = stack.http.get("/api/restores", params={"since": "2020-01-01T00:00:00Z"}).json()["value"]
        assert {row["id"]: row["container"]["state"] for row in rows} == {goes: "gone", stays: "kept"}
        assert stack.http.post(f"/api/restores/{goes}/keep", json={"by": "x", "reason": "y"}).status_code == 409
        act(stack, stays, "cleanup")
        wait_until("the kept one is gone", 90, lambda: names(stack) == [])
