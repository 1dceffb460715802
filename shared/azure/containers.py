"""The blob containers of a storage account through ARM: shown, made, deleted, listed; never a file in them.

https://learn.microsoft.com/rest/api/storagerp/blob-containers
"""

from collections.abc import Iterator, Mapping

from shared.azure.arm_calls import ArmCalls, raise_for, read_dict
from shared.azure.lenient_json import Loose
from shared.azure.port import BlobContainer, Rejected
from shared.domain.problems import Trouble

VERSION = {"api-version": "2023-05-01"}
NO_CONTAINER = "containernotfound"


class Containers:
    """Calls of the management plane alone; the desk has no right to read or write a blob."""

    _calls: ArmCalls

    def container(self, account: str, name: str) -> BlobContainer | None:
        answer = self._calls.call("GET", _path(account, name), None, {}, VERSION)
        try:
            raise_for(answer, "request")
        except Rejected as no:
            if no.error.code.lower() == NO_CONTAINER:
                return None
            raise
        found = read_container(read_dict(answer))
        if found is None or found.name != name:
            raise Trouble("Azure's answer is not the container that was asked for")
        return found

    def make_container(self, account: str, name: str, metadata: Mapping[str, str]) -> bool:
        body = {"properties": {"publicAccess": "None", "metadata": dict(metadata)}}
        answer = self._calls.call("PUT", _path(account, name), body, {}, VERSION)
        raise_for(answer, "request")
        return answer.status == 201

    def delete_container(self, account: str, name: str) -> None:
        answer = self._calls.call("DELETE", _path(account, name), None, {}, VERSION)
        try:
            raise_for(answer, "request")
        except Rejected as no:
            if no.error.code.lower() != NO_CONTAINER:
                raise

    def containers(self, account: str) -> Iterator[BlobContainer]:
        path = f"{account}/blobServices/default/containers"
        for item in self._calls.pages("GET", path, params=VERSION):
            found = read_container(item)
            if found:
                yield found

    def soft_delete_days(self, account: str) -> int:
        answer = self._calls.call("GET", f"{account}/blobServices/default", None, {}, VERSION)
        raise_for(answer, "request")
        policy = Loose(read_dict(answer)).part("properties").part("containerDeleteRetentionPolicy")
        days = policy["days"]
        return days if policy["enabled"] is True and isinstance(days, int) else 0


def _path(account: str, name: str) -> str:
    return f"{account}/blobServices/default/containers/{name}"


def read_container(item: object) -> BlobContainer | None:
    """A container as ARM shows it; None for what is none."""
    resource = Loose(item)
    name, said = resource.text("name"), resource.part("properties")["metadata"]
    metadata = {str(key).lower(): str(value) for key, value in said.items()} if isinstance(said, dict) else {}
    return BlobContainer(name, metadata) if name else None
