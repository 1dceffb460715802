"""Where delivered files are read from: a folder, or a container of a storage account; whole and by ranges."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

CHUNK = 4 << 20  # bytes a read of a stream
CONNECT_SECONDS, READ_SECONDS, RETRIES = 20, 60, 5
LIST_RETRIES = 2  # the first call: whoever waits for it is told soon what is wrong
SCOPE = "https://storage.azure.com/.default"  # of a token, in every cloud
NOT_SIGNED_IN = "not signed in to Azure: az login, or {} with the account's connection string"
MEANINGS = {  # of Azure's codes, and of the SDK's where no answer came
    "AuthorizationPermissionMismatch": "your identity needs Storage Blob Data Reader there",
    "AuthorizationFailure": "the account's firewall or your identity's rights keep you out",
    "ContainerNotFound": "the container is gone, or its name is another",
    "ServiceRequestError": "no connection to the account",
    "ServiceResponseError": "the connection to the account broke",
}
CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SourceError(Exception):
    """We could not read: says nothing of the backup. The message names the file and the trouble, no secret."""


class Modified(SourceError):
    """A file changed while it was being read: somebody is still writing to it."""


class NoSource(Exception):
    """SOURCE is neither a folder nor a container's URL."""


@dataclass(frozen=True)
class File:
    """One delivered file as it was listed."""

    name: str
    size: int  # bytes
    version: str  # an etag, or a time of change
    written: datetime | None = None  # by the storage's clock; None in a folder


@dataclass(frozen=True)
class Part:
    """Which files of a source belong to the restore, if the source holds files of several restores."""

    since: datetime | None = None
    until: datetime | None = None
    prefix: str = ""

    def holds(self, file: File) -> bool:
        """A folder's files have no time of the storage: they are all within."""
        early = self.since is not None and file.written is not None and file.written < self.since
        late = self.until is not None and file.written is not None and file.written > self.until
        return not early and not late and file.name.startswith(self.prefix)


class Source(Protocol):
    """Reads of one listed file are of that version only: Modified otherwise. All raise SourceError."""

    def files(self) -> list[File]: ...

    def read(self, file: File, offset: int, length: int) -> bytes:
        """Fewer bytes only where the file ends."""
        ...

    def stream(self, file: File) -> Iterator[bytes]: ...


class Folder:
    """The files of one folder; none of folders within."""

    def __init__(self, path: Path, part: Part = Part()) -> None:
        self._path, self._part = path, part

    def path(self, file: File) -> Path:
        return self._path / file.name

    def files(self) -> list[File]:
        try:
            found = [(entry.name, entry.stat()) for entry in os.scandir(self._path) if entry.is_file()]
            files = [File(name, status.st_size, _time(status)) for name, status in found]
            return sorted(filter(self._part.holds, files), key=_name)
        except OSError as error:
            raise SourceError(f"{self._path}: {error.strerror}") from error

    def read(self, file: File, offset: int, length: int) -> bytes:
        with _reading(file), (self._path / file.name).open("rb") as opened:
            self._same(file, opened.fileno())
            opened.seek(offset)
            return opened.read(length)

    def stream(self, file: File) -> Iterator[bytes]:
        with _reading(file), (self._path / file.name).open("rb", buffering=0) as opened:
            while chunk := opened.read(CHUNK):
                yield chunk
            self._same(file, opened.fileno())

    @staticmethod
    def _same(file: File, handle: int) -> None:
        now = os.fstat(handle)
        if (now.st_size, _time(now)) != (file.size, file.version):
            raise Modified(f"{file.name} changed while it was being read")


class Container:
    """The blobs of one container; `client` is a ContainerClient."""

    def __init__(self, client: Any, part: Part = Part()) -> None:
        self._client, self._part = client, part

    def files(self) -> list[File]:
        self._signed_in()
        with _azure(self._client.container_name):
            found = self._client.list_blobs(retry_total=LIST_RETRIES)
            listed = [File(blob.name, blob.size, blob.etag, blob.creation_time) for blob in found]
        return sorted(filter(self._part.holds, listed), key=_name)

    def _signed_in(self) -> None:
        """The SDK would try for minutes what no second try can bring."""
        from azure.core.exceptions import ClientAuthenticationError

        get_token = getattr(self._client.credential, "get_token", None)
        try:
            if get_token:
                get_token(SCOPE)
        except ClientAuthenticationError as error:
            raise SourceError(NOT_SIGNED_IN.format(CONNECTION_STRING)) from error

    def read(self, file: File, offset: int, length: int) -> bytes:
        if offset >= file.size:
            return b""
        with _azure(file.name):
            return bytes(self._download(file, offset=offset, length=min(length, file.size - offset)).readall())

    def stream(self, file: File) -> Iterator[bytes]:
        if file.size:  # Azurite answers 416 to a range of an empty blob
            with _azure(file.name):
                yield from self._download(file).chunks()

    def _download(self, file: File, **ranged: int) -> Any:
        from azure.core import MatchConditions

        blob = self._client.get_blob_client(file.name)
        return blob.download_blob(etag=file.version, match_condition=MatchConditions.IfNotModified, **ranged)


def open_source(text: str, environ: Mapping[str, str], part: Part = Part()) -> Source:
    """A folder's path, or a container's URL. NoSource with what is wrong."""
    if "://" not in text:
        if not Path(text).is_dir():
            raise NoSource(f"{text} is no folder")
        return Folder(Path(text), part)
    return Container(container_client(text, environ), part)


def container_client(url: str, environ: Mapping[str, str]) -> Any:
    """By identity; by AZURE_STORAGE_CONNECTION_STRING if that is of the same account."""
    from azure.storage.blob import ContainerClient

    account, name = _split(url)
    options: dict[str, Any] = {
        "max_single_get_size": CHUNK,
        "max_chunk_get_size": CHUNK,
        "connection_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retry_total": RETRIES,
        "initial_backoff": 1,  # seconds; the n-th wait is 1 + 3 ** n
    }
    given = environ.get(CONNECTION_STRING, "")
    if given:
        client = ContainerClient.from_connection_string(given, name, **options)
        if client.url.rstrip("/") == f"{account}/{name}" or _named(given) == _account_name(account):
            return client
    if urlsplit(url).scheme != "https":
        raise NoSource(f"{account} needs a {CONNECTION_STRING} of that account: a token goes over https only")
    from azure.identity import DefaultAzureCredential

    return ContainerClient(account, name, credential=DefaultAzureCredential(), **options)


def _split(url: str) -> tuple[str, str]:
    """The account's URL and the container's name; a query would be a signature, which belongs in no command line."""
    parts = urlsplit(url)
    head, _, name = parts.path.strip("/").rpartition("/")
    local = parts.hostname in LOOPBACK
    if parts.query or parts.username or not name or (bool(head) != local) or "/" in head:
        raise NoSource("SOURCE is a folder, or a container's URL: https://<account>.blob.<suffix>/<container>")
    return f"{parts.scheme}://{parts.netloc}" + (f"/{head}" if head else ""), unquote(name)


def _named(connection_string: str) -> str:
    """The account that a connection string is of; where its endpoint is, the string says."""
    parts = dict(part.partition("=")[::2] for part in connection_string.split(";"))
    return parts.get("AccountName", "").lower() or "-"


def _account_name(url: str) -> str:
    """The account of https://<account>.blob.…; empty of any other URL."""
    name, dot, rest = (urlsplit(url).hostname or "").partition(".")
    return name if dot and rest.startswith("blob.") else ""


def _name(file: File) -> str:
    return file.name


def _time(status: os.stat_result) -> str:
    return str(status.st_mtime_ns)


@contextmanager
def _reading(file: File) -> Iterator[None]:
    """Turns the system's errors into ours."""
    try:
        yield
    except OSError as error:
        raise SourceError(f"{file.name}: {error.strerror}") from error


@contextmanager
def _azure(name: str) -> Iterator[None]:
    """Turns the SDK's errors into ours, with their code and without their URLs."""
    from azure.core.exceptions import AzureError, ResourceModifiedError

    try:
        yield
    except ResourceModifiedError as error:
        raise Modified(f"{name} changed while it was being read") from error
    except AzureError as error:
        code = getattr(error, "error_code", None) or type(error).__name__
        said = str(getattr(code, "value", code))
        raise SourceError(f"{name}: {said}{f' ({MEANINGS[said]})' if said in MEANINGS else ''}") from error
