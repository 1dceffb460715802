"""The settings, read from the environment in this place only; one that cannot be used fails alone, by its name."""

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from urllib.parse import urlsplit

from shared.config.cloud_settings import cloud_of, endpoint_of, is_loopback
from shared.domain.clouds import PUBLIC, Cloud
from shared.domain.problems import Ours
from shared.frozen import frozen

QUEUE = "restore-requests"
TABLE = "restores"
API_VERSION = "2024-04-01"
STORAGE, CLOUD = "AzureWebJobsStorage", "ARM_ENDPOINT"  # faults that others must know of


@frozen
class Settings:
    """Everything that a deployment sets; `environ` holds the channels' and tickets' secrets by their names."""

    connection_string: str | None = field(default=None, repr=False)
    queue_url: str | None = None
    table_url: str | None = None
    client_id: str | None = None
    cloud: Cloud = PUBLIC
    arm_endpoint: str = PUBLIC.arm
    arm_scope: str = PUBLIC.scope
    api_version: str = API_VERSION
    desk_config: Path = Path("desk.toml")
    pace_factor: float = 1.0
    ca_bundle: str | None = None
    retention_days: int = 0
    public_url: str = ""  # where people reach the desk, without a slash at its end; for links in notices
    start_paused: bool = False
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    faults: Mapping[str, str] = field(default_factory=dict)  # settings that cannot be used: what follows, what to do

    @property
    def local(self) -> bool:
        """Whether ARM is an emulator on this machine: then a fixed token, a faster pace, loopback channels."""
        return is_loopback(self.arm_endpoint)

    @property
    def principals(self) -> bool:
        """Whether the platform authenticates callers (App Service Authentication) and its headers are trusted."""
        return self.environ.get("WEBSITE_AUTH_ENABLED", "").lower() == "true"

    @property
    def own_account(self) -> str | None:
        """The storage account that holds the desk's own ledger: no target of restores."""
        if self.table_url:
            return (urlsplit(self.table_url).hostname or "").split(".")[0] or None
        parts = dict(part.partition("=")[::2] for part in (self.connection_string or "").split(";"))
        endpoint = next(
            (parts[name] for name in ("TableEndpoint", "QueueEndpoint", "BlobEndpoint") if name in parts), ""
        )
        return parts.get("AccountName") or (urlsplit(endpoint).hostname or "").split(".")[0] or None


def of_process(root: Path) -> Settings:
    """This process's settings."""
    return from_environment(os.environ, root)


def from_environment(environ: Mapping[str, str], root: Path) -> Settings:
    """The settings in `environ`; relative paths are the app's. One that cannot be used stops what it is for, and
    nothing else: `faults` names it, and health says so."""
    read = _Reader(environ)
    endpoint = endpoint_of(environ)
    cloud = read.cloud(endpoint)
    connection = environ.get("AzureWebJobsStorage") or None
    account = environ.get("AzureWebJobsStorage__accountName")
    derived = f"https://{account}.{{}}.{cloud.storage_suffix}" if account and CLOUD not in read.faults else None
    settings = Settings(
        connection_string=connection,
        queue_url=environ.get("AzureWebJobsStorage__queueServiceUri") or (derived and derived.format("queue")),
        table_url=environ.get("AzureWebJobsStorage__tableServiceUri") or (derived and derived.format("table")),
        client_id=environ.get("AzureWebJobsStorage__clientId") or None,
        cloud=cloud,
        arm_endpoint=endpoint,
        arm_scope=cloud.scope,
        api_version=environ.get("DATA_PROTECTION_API_VERSION") or API_VERSION,
        desk_config=root / (environ.get("DESK_CONFIG") or "desk.toml"),
        pace_factor=read.pace() if is_loopback(endpoint) else 1.0,
        ca_bundle=environ.get("ARM_CA_BUNDLE") or None,
        retention_days=read.retention(),
        public_url=(environ.get("DESK_PUBLIC_URL") or "").rstrip("/"),
        start_paused=read.start_paused(),
        environ=environ,
        faults=read.faults,
    )
    if not settings.connection_string and not (settings.queue_url and settings.table_url):
        read.faults[STORAGE] = (
            "AzureWebJobsStorage is not set: give a connection string, or AzureWebJobsStorage__queueServiceUri and "
            "AzureWebJobsStorage__tableServiceUri for an identity"
        )
    return settings


@frozen
class _Reader:
    """Reads what must have a form; what has not is a fault, and the safe value stands in for it."""

    environ: Mapping[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    def cloud(self, endpoint: str) -> Cloud:
        """The cloud of an endpoint; if it is not known Azure is not called and desk.toml cannot be judged."""
        try:
            cloud = cloud_of(endpoint, self.environ)
            if not is_loopback(endpoint) and not endpoint.lower().startswith("https://"):
                raise Ours("ARM_ENDPOINT must be https, because the token is sent there")
        except Ours as error:
            self.faults[CLOUD] = f"{error}: until it is mended Azure is not called and requests wait"
            return PUBLIC
        return cloud

    def pace(self) -> float:
        try:
            return float(self.environ.get("DESK_PACE") or 1)
        except ValueError:
            self.faults["DESK_PACE"] = "DESK_PACE is no number: the pace is 1"
            return 1.0

    def retention(self) -> int:
        try:
            return int(float(self.environ.get("RETENTION_DAYS") or 0))
        except (ValueError, OverflowError):
            self.faults["RETENTION_DAYS"] = "RETENTION_DAYS is no number of days: nothing is removed until it is"
            return 0

    def start_paused(self) -> bool:
        text = (self.environ.get("DESK_START_PAUSED") or "false").strip().lower()
        if text not in ("true", "false"):
            words = "DESK_START_PAUSED must be true or false: nothing is submitted until it is"
            self.faults["DESK_START_PAUSED"] = words
        return text != "false"
