"""A desk in another cloud than public Azure: its settings, desk.toml with its hosts, other clouds named. Pure."""

import re
from collections.abc import Mapping

from shared.config.cloud_settings import ADDRESSES, SUFFIXES
from shared.domain.clouds import CHINA, CLOUDS, GOVERNMENT, PUBLIC, Cloud

CONTOSO = Cloud(
    name="",
    arm="https://management.contoso.example",
    scope="https://management.contoso.example/.default",
    storage_suffix="storage.contoso.example",
    vault_suffix="keyvault.contoso.example",
    eventgrid_suffix="eventgrid.contoso.example",
    portal="https://portal.contoso.example",
    authority="https://login.contoso.example",
    sts="https://login.contoso.example",
)
NAMED: Mapping[str, Cloud] = {"public": PUBLIC, "government": GOVERNMENT, "china": CHINA, "contoso": CONTOSO}


def settings(cloud: Cloud, authority: str) -> dict[str, str]:
    """What makes an emulator stand for `cloud`; its Entra is on this machine, at `authority`."""
    said = {name: str(getattr(cloud, part)) for name, part in {**SUFFIXES, **ADDRESSES}.items()}
    return {**said, "ARM_AUTHORITY": authority}


def moved(text: str, cloud: Cloud) -> str:
    """A desk.toml of public Azure with the hosts of `cloud`."""
    for part in SUFFIXES.values():
        text = text.replace(f".{getattr(PUBLIC, part)}", f".{getattr(cloud, part)}")
    return text


def foreign(text: str, cloud: Cloud) -> list[str]:
    """Hosts of other clouds that a text names."""
    parts = ("arm", "storage_suffix", "vault_suffix", "eventgrid_suffix", "portal", "authority")
    ours = {str(getattr(cloud, part)) for part in parts}
    others = {str(getattr(other, part)) for other in CLOUDS for part in parts} - ours
    return sorted(one for one in others if re.search(rf"\b{re.escape(one.removeprefix('https://'))}", text))
