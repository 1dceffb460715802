"""A channel of desk.toml with its secrets from the environment, ready for use. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from shared.config.desk_file import Channel, Desk
from shared.config.outbound_urls import dialled, of_service
from shared.config.secrets import _text, resolve
from shared.domain.clouds import PUBLIC, Cloud
from shared.domain.problems import Ours
from shared.notices.channels.registry import KINDS
from shared.notices.messages import Resolved


def resolve_channel(
    name: str,
    channel: Channel,
    environ: Mapping[str, str],
    insecure_loopback: bool = False,
    cloud: Cloud = PUBLIC,
) -> Resolved:
    """The channel ready for use, or Ours saying what closes it. `insecure_loopback` is for local runs only."""
    what = f"channels.{name}"
    kind = KINDS[channel.kind]
    url = _text(channel.url, environ) or kind.url
    secrets = resolve(channel.secret, environ) if channel.secret else ()
    for secret in secrets:
        if kind.check_secret:
            kind.check_secret(what, secret)
    found = dialled(what, url, insecure_loopback)
    if kind.service and found.startswith("https:"):  # http: `dialled` saw loopback
        of_service(what, found, kind.service, cloud)
    return Resolved(
        name=name,
        kind=channel.kind,
        url=found,
        secrets=secrets,
        user=_text(channel.user, environ) or "",
        internal=channel.internal,
        encoding=channel.encoding,
        cloud=cloud,
    )


def ticket_sites(desk: Desk, environ: Mapping[str, str]) -> frozenset[str]:
    """The origins where people read the tickets of the configured ticket channels: links lead there and nowhere else.
    A channel whose URL is missing adds none."""
    found = set()
    for channel in desk.channels.values():
        kind = KINDS[channel.kind]
        if kind.ref:
            with suppress(Ours, ValueError):
                parts = urlsplit(_text(channel.url, environ) or kind.url)
                found.add(kind.ref.site(f"{parts.scheme}://{parts.netloc}".lower()))
    return frozenset(found)
