"""Folders and containers give the same bytes, whole and by ranges; a file that changes meanwhile is noticed."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.blob import ContainerClient

from loader.sources import (
    Container,
    File,
    Folder,
    Modified,
    NoSource,
    Part,
    Source,
    SourceError,
    container_client,
    open_source,
)
from local.stack.azurite import Azurite
from local.stack.delivered import connection_string

SIZE = (9 << 20) + 17  # three chunks
CONTENT = secrets.token_bytes(1 << 16) * (SIZE // (1 << 16)) + b"the end, 17 bytes"


class Place:
    """A source and a way to write to it."""

    def __init__(self, source: Source, folder: Path | None = None, client: ContainerClient | None = None) -> None:
        self.source, self._folder, self._client = source, folder, client

    def put(self, name: str, content: bytes) -> None:
        if self._folder:
            (self._folder / name).write_bytes(content)
        if self._client:
            self._client.upload_blob(name, content, overwrite=True)


@pytest.fixture(params=["folder", pytest.param("container", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return Place(Folder(tmp_path), tmp_path)
    azurite: Azurite = request.getfixturevalue("azurite")
    name = f"delivered{secrets.token_hex(6)}"
    client = ContainerClient.from_connection_string(azurite.connection_string, name)
    client.create_container()
    environ = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}
    return Place(open_source(f"{azurite.blob_url}/{name}", environ), client=client)


def test_bytes_come_whole_and_by_ranges(place: Place) -> None:
    place.put("b odd\"name;'.sql", CONTENT)
    place.put("a.sql", b"")
    empty, file = place.source.files()
    assert (empty.name, empty.size, file.name, file.size) == ("a.sql", 0, "b odd\"name;'.sql", len(CONTENT))
    assert b"".join(place.source.stream(file)) == CONTENT
    assert place.source.read(file, 5, 7) == CONTENT[5:12]
    assert place.source.read(file, len(CONTENT) - 3, 100) == CONTENT[-3:]
    assert place.source.read(file, len(CONTENT) + 3, 100) == b""
    assert list(place.source.stream(empty)) == []
    assert place.source.read(empty, 0, 5) == b""


def test_a_file_that_changes_while_it_is_read_is_noticed(place: Place) -> None:
    place.put("a.sql", CONTENT)
    (file,) = place.source.files()
    chunks = place.source.stream(file)
    next(chunks)
    place.put("a.sql", CONTENT[:-1] + b"X")
    if isinstance(place.source, Folder):
        later = File(file.name, file.size, str(int(file.version) - 1))
        with pytest.raises(Modified):
            place.source.read(later, 0, 5)
        return
    with pytest.raises(Modified, match=r"a\.sql changed"):
        list(chunks)
    with pytest.raises(Modified):
        place.source.read(file, 0, 5)


def test_a_file_that_is_gone_is_our_trouble_not_the_backups(place: Place) -> None:
    gone = File("gone.sql", 10, "1")
    with pytest.raises(SourceError, match=r"gone\.sql"):
        place.source.read(gone, 0, 5)
    with pytest.raises(SourceError, match=r"gone\.sql"):
        list(place.source.stream(gone))


@pytest.mark.parametrize(
    "text",
    [
        "/no/such/folder",
        "https://account.blob.core.windows.net/",
        "https://account.blob.core.windows.net/c/deeper",
        "https://account.blob.core.windows.net/c?sv=1&sig=abc",
        "https://user@account.blob.core.windows.net/c",
        "http://account.blob.core.windows.net/c",
        "http://127.0.0.1:10000/account/c",
    ],
)
def test_what_is_no_source_is_refused_without_its_signature(text: str) -> None:
    with pytest.raises(NoSource) as refused:
        open_source(text, {})
    assert "sig=" not in str(refused.value)


def test_identity_is_used_for_a_container_of_another_account(azurite: Azurite) -> None:
    environ = {**os.environ, "AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}
    source = open_source("https://account.blob.core.windows.net/c", environ)
    assert isinstance(source, Container)
    assert "Credential" in type(source._client.credential).__name__


class NoToken:
    """A credential of a machine where nobody is signed in."""

    asked = 0

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.asked += 1
        raise ClientAuthenticationError("no credential gave a token")


def test_without_a_sign_in_it_is_said_at_once() -> None:
    credential = NoToken()
    source = Container(ContainerClient("https://account.blob.core.windows.net", "c", credential=credential))
    with pytest.raises(SourceError, match="not signed in to Azure: az login"):
        source.files()
    assert credential.asked == 1


@pytest.mark.slow
def test_of_a_container_only_what_was_written_in_a_time_is_seen(azurite: Azurite) -> None:
    name = f"shared{secrets.token_hex(6)}"
    client = ContainerClient.from_connection_string(azurite.connection_string, name)
    client.create_container()
    client.upload_blob("1_roles.sql", b"x")
    environ = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}
    (file,) = open_source(client.url, environ).files()
    assert file.written
    second = timedelta(seconds=1)
    assert open_source(client.url, environ, Part(file.written, file.written)).files() == [file]
    assert open_source(client.url, environ, Part(since=file.written + second)).files() == []
    assert open_source(client.url, environ, Part(until=file.written - second)).files() == []


def test_a_connection_string_of_the_urls_account_is_used_wherever_its_endpoint_is(azurite: Azurite) -> None:
    string = connection_string(azurite, "drillstore")
    environ = {"AZURE_STORAGE_CONNECTION_STRING": string}
    for host in ("drillstore.blob.core.windows.net", "drillstore.blob.core.chinacloudapi.cn"):
        assert container_client(f"https://{host}/rd-1", environ).url == f"{azurite.blob_endpoint}/drillstore/rd-1"
    for other in ("drillstore2.blob.core.windows.net", "drillstore.example.com", "drillstore.file.core.windows.net"):
        assert container_client(f"https://{other}/rd-1", environ).url == f"https://{other}/rd-1"
