"""The settings, read from the environment in this place only; a missing one fails by its name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from shared.config.cloud_settings import cloud_of, endpoint_of, is_loopback
from shared.domain.clouds import PUBLIC, Cloud
from shared.domain.problems import Ours

QUEUE = "restore-requests"
TABLE = "restores"
API_VERSION = "2024-04-01"


@dataclass(frozen=True)
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

    @property
    def local(self) -> bool:
        """Whether ARM is an emulator on this machine: then a fixed token, a faster pace, loopback channels."""
        return is_loopback(self.arm_endpoint)

    @property
    def principals(self) -> bool:
        """Whether the platform authenticates callers (App Service Authentication): only then are its headers true."""
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
    """The settings in `environ`; relative paths are the app's. Ours names what is missing or cannot be used."""
    endpoint = endpoint_of(environ)
    cloud = cloud_of(endpoint, environ)
    connection = environ.get("AzureWebJobsStorage") or None
    account = environ.get("AzureWebJobsStorage__accountName")
    derived = f"https://{account}.{{}}.{cloud.storage_suffix}" if account else None
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
        pace_factor=_number(environ, "DESK_PACE", 1.0) if is_loopback(endpoint) else 1.0,
        ca_bundle=environ.get("ARM_CA_BUNDLE") or None,
        retention_days=_retention(environ),
        public_url=(environ.get("DESK_PUBLIC_URL") or "").rstrip("/"),
        start_paused=_switch(environ, "DESK_START_PAUSED"),
        environ=environ,
    )
    if not settings.connection_string and not (settings.queue_url and settings.table_url):
        raise Ours(
            "AzureWebJobsStorage is not set: give a connection string, or AzureWebJobsStorage__queueServiceUri and "
            "AzureWebJobsStorage__tableServiceUri for an identity"
        )
    if not settings.local and not endpoint.startswith("https://"):
        raise Ours("ARM_ENDPOINT must be https: the token goes there")
    return settings


def _retention(environ: Mapping[str, str]) -> int:
    """0, so that nothing is removed, where it cannot be read: one bad setting stops one feature. `faults` names it."""
    try:
        return int(_number(environ, "RETENTION_DAYS", 0))
    except (Ours, ValueError, OverflowError):
        return 0


def faults(environ: Mapping[str, str]) -> list[str]:
    """Settings that cannot be read and whose feature is therefore off."""
    try:
        int(_number(environ, "RETENTION_DAYS", 0))
    except (Ours, ValueError, OverflowError):
        return ["RETENTION_DAYS is no number of days: nothing is removed until it is"]
    return []


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name) or str(default)
    try:
        return float(text)
    except ValueError as error:
        raise Ours(f"{name} is no number: {text[:20]!r}") from error


def _switch(environ: Mapping[str, str], name: str) -> bool:
    text = (environ.get(name) or "false").strip().lower()
    if text not in ("true", "false"):
        raise Ours(f"{name} must be true or false, not {text[:20]!r}")
    return text == "true"
