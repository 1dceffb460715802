"""The demo's look at containers of the desk's own: real dumps in each, one gone when its hours are over, one kept."""

import time
from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError
from rich.console import Console

from local.demo.following import Followed, Following
from local.stack.delivered import blobs
from local.stack.stack import Stack

ACCOUNT = "drillstore"
ARCHIVE = b"PGDMP"
LIMIT = 90.0  # seconds for a container to go


@dataclass(frozen=True)
class OwnContainers:
    """Of the restores whose case says `vaulted` or `kept`."""

    stack: Stack
    following: Following

    def delivered(self, one: Followed) -> list[str]:
        """What is wrong with the files of a restore that just ended."""
        if not self.stack.dumps:
            return []
        with blobs(self.stack.azurite, ACCOUNT).get_container_client(self._name(one)) as container:
            heads = {blob.name: container.download_blob(blob.name, 0, 5).readall() for blob in container.list_blobs()}
        archives = [name for name, head in heads.items() if head == ARCHIVE]
        roles = [name for name in heads if name.endswith("_roles.sql")]
        return [] if archives and roles else [f"{one.case.title}: {sorted(heads) or 'nothing'} was delivered"]

    def ended(self, console: Console) -> list[str]:
        """Waits for the clean-up; what is not as it should be."""
        ours = [one for one in self.following.all if one.view.get("container")]
        goes = [one for one in ours if not one.case.kept]
        console.print("The containers that nobody keeps go when their hours are over, the kept one stays …")
        end = time.monotonic() + LIMIT
        while any(self._state(one) != "gone" for one in goes) and time.monotonic() < end:
            time.sleep(0.5)
        rows = self.stack.http.get("/api/restores", params={"since": "2020-01-01T00:00:00Z"}).json()["value"]
        shown = {row["id"]: row.get("container", {}) for row in rows}
        faults = []
        for one in ours:
            due = "kept" if one.case.kept else "gone"
            state, there = shown.get(one.id, {}).get("state"), self._there(one)
            console.print(f"  list: {one.case.title}: files {state}, the container is {'there' if there else 'gone'}")
            if (state, there) != (due, bool(one.case.kept)):
                faults.append(
                    f"{one.case.title}: its container is {state} in the list and {there=}, where {due} is due"
                )
        return faults

    def _state(self, one: Followed) -> str | None:
        view = self.stack.http.get(f"/api/restores/{one.id}").raise_for_status().json()
        return str(view.get("container", {}).get("state"))

    def _name(self, one: Followed) -> str:
        return str(one.view["container"]["name"])

    def _there(self, one: Followed) -> bool:
        try:
            blobs(self.stack.azurite, ACCOUNT).get_container_client(self._name(one)).get_container_properties()
        except ResourceNotFoundError:
            return False
        return True
