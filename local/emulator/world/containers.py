"""The blob containers of storage accounts: in Azurite with their files, or only their names in the emulator's rows."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from azure.core.exceptions import ClientAuthenticationError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient


@dataclass(frozen=True)
class Container:
    """A container as ARM shows it."""

    name: str
    metadata: Mapping[str, str]


class Containers(Protocol):
    """By account name; Azure's names of accounts are unique."""

    def find(self, account: str, name: str) -> Container | None: ...

    def make(self, account: str, name: str, metadata: Mapping[str, str]) -> bool:
        """Makes a container. False if it existed; its metadata is then replaced."""
        ...

    def remove(self, account: str, name: str) -> bool:
        """False if there was none."""
        ...

    def listed(self, account: str) -> list[Container]:
        """In the order of their names."""
        ...

    def put(self, account: str, name: str, files: Sequence[tuple[str, bytes]]) -> bool:
        """Writes files; False if there is no such container."""
        ...


class NamedContainers:
    """Names and metadata in the emulator's own rows; files are not kept."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def find(self, account: str, name: str) -> Container | None:
        sql = "SELECT name, metadata FROM containers WHERE account = ? AND name = ?"
        row = self._db.execute(sql, (account, name)).fetchone()
        return Container(row["name"], json.loads(row["metadata"])) if row else None

    def make(self, account: str, name: str, metadata: Mapping[str, str]) -> bool:
        new = self.find(account, name) is None
        row = (account, name, json.dumps(dict(metadata)))
        self._db.execute("INSERT OR REPLACE INTO containers VALUES (?, ?, ?)", row)
        return new

    def remove(self, account: str, name: str) -> bool:
        sql = "DELETE FROM containers WHERE account = ? AND name = ?"
        return self._db.execute(sql, (account, name)).rowcount > 0

    def listed(self, account: str) -> list[Container]:
        rows = self._db.execute("SELECT name, metadata FROM containers WHERE account = ? ORDER BY name", (account,))
        return [Container(row["name"], json.loads(row["metadata"])) for row in rows]

    def put(self, account: str, name: str, files: Sequence[tuple[str, bytes]]) -> bool:
        return self.find(account, name) is not None


class AzuriteContainers:
    """In Azurite's blob service, which must know the accounts; `key` is one for all of them."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._clients: dict[str, BlobServiceClient] = {}

    def _service(self, account: str) -> BlobServiceClient:
        if account not in self._clients:
            credential = {"account_name": account, "account_key": self._key}
            self._clients[account] = BlobServiceClient(f"{self._url}/{account}", credential=credential)
        return self._clients[account]

    def find(self, account: str, name: str) -> Container | None:
        try:
            found = self._service(account).get_container_client(name).get_container_properties()
        except ResourceNotFoundError:
            return None
        return Container(name, dict(found.metadata or {}))

    def make(self, account: str, name: str, metadata: Mapping[str, str]) -> bool:
        client = self._service(account).get_container_client(name)
        try:
            client.create_container(metadata=dict(metadata))
        except ResourceExistsError:
            client.set_container_metadata(dict(metadata))
            return False
        return True

    def remove(self, account: str, name: str) -> bool:
        try:
            self._service(account).delete_container(name)
        except ResourceNotFoundError:
            return False
        return True

    def listed(self, account: str) -> list[Container]:
        found = self._service(account).list_containers(include_metadata=True)
        return sorted((Container(str(c.name), dict(c.metadata or {})) for c in found), key=lambda c: c.name)

    def put(self, account: str, name: str, files: Sequence[tuple[str, bytes]]) -> bool:
        client = self._service(account).get_container_client(name)
        try:
            for file, content in files:
                client.upload_blob(file, content, overwrite=True)
        except (ResourceNotFoundError, ClientAuthenticationError):  # Azurite does not know the account
            return False
        return True
