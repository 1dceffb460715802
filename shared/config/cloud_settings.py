"""Which cloud the settings name: by ARM_ENDPOINT one that we know, or one that the settings describe. Pure."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from shared.domain.clouds import CLOUDS, PUBLIC, Cloud
from shared.domain.problems import Ours

# the setting of each part of a cloud; all are due for a cloud that the desk does not know
SUFFIXES = {
    "ARM_STORAGE_SUFFIX": "storage_suffix",
    "ARM_KEY_VAULT_SUFFIX": "vault_suffix",
    "ARM_EVENT_GRID_SUFFIX": "eventgrid_suffix",
}
ADDRESSES = {"ARM_PORTAL": "portal", "ARM_AUTHORITY": "authority"}
DUE = (*SUFFIXES, *ADDRESSES)
CLOUD_SETTINGS = ("ARM_SCOPE", *DUE)
_NAME = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def endpoint_of(environ: Mapping[str, str]) -> str:
    """Where ARM is: public Azure's, unless ARM_ENDPOINT names another."""
    return (environ.get("ARM_ENDPOINT") or PUBLIC.arm).rstrip("/")


def cloud_of(endpoint: str, environ: Mapping[str, str]) -> Cloud:
    """The cloud of an ARM endpoint, with what the settings say of it; Ours if a part of it is not known.

    On this machine an emulator stands for public Azure, unless the settings describe another cloud.
    """
    host, local = _host(endpoint), is_loopback(endpoint)
    said = {SUFFIXES[name]: _suffix(name, environ[name]) for name in SUFFIXES if environ.get(name)}
    said |= {ADDRESSES[name]: _address(name, environ[name], local) for name in ADDRESSES if environ.get(name)}
    if "authority" in said:
        said["sts"] = said["authority"]
    cloud = next((cloud for cloud in CLOUDS if cloud.is_at(endpoint)), PUBLIC if local else None)
    if cloud is None:
        missing = ", ".join(name for name in DUE if not environ.get(name))
        if missing:
            raise Ours(f"ARM_ENDPOINT: {host} is the ARM of no cloud that the desk knows; set {missing}, too")
        cloud = replace(PUBLIC, name="", arm=endpoint, scope=f"{endpoint}/.default")
    return replace(cloud, **said, scope=environ.get("ARM_SCOPE") or cloud.scope)


def _host(endpoint: str) -> str:
    """The endpoint's host, or Ours if it is more or less than scheme, host and port."""
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise Ours("ARM_ENDPOINT must be https://<host>, a port may follow")
    return parts.hostname


def _suffix(name: str, text: str) -> str:
    suffix = text.strip().lower().removeprefix(".")
    if not re.fullmatch(_NAME, suffix):
        raise Ours(f"{name} must be the end of a host's name, such as core.windows.net")
    return suffix


def _address(name: str, text: str, local: bool) -> str:
    address = text.strip().rstrip("/")
    if not re.fullmatch(rf"https://{_NAME}(:[0-9]+)?", address.lower()) and not (local and is_loopback(address)):
        raise Ours(f"{name} must be https://<host>, without a path")
    return address
