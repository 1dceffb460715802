"""A channel of desk.toml with its secrets from the environment, ready for use. Pure."""

from collections.abc import Mapping

from shared.config.desk_file import Channel
from shared.config.outbound_urls import dialled, of_service
from shared.config.secrets import _text, resolve
from shared.domain.clouds import PUBLIC, Cloud
from shared.notices import standard_webhooks
from shared.notices.messages import Resolved

_DEFAULT_URL = {"github": "https://api.github.com", "pagerduty": "https://events.pagerduty.com"}


def resolve_channel(
    name: str,
    channel: Channel,
    environ: Mapping[str, str],
    insecure_loopback: bool = False,
    cloud: Cloud = PUBLIC,
) -> Resolved:
    """The channel ready for use, or Ours saying what closes it. `insecure_loopback` is for local runs only."""
    what = f"channels.{name}"
    url = _text(channel.url, environ) or _DEFAULT_URL.get(channel.kind, "")
    secrets = resolve(channel.secret, environ) if channel.secret else ()
    if channel.kind == "webhook":
        for secret in secrets:
            standard_webhooks.key(what, secret)
    found = dialled(what, url, insecure_loopback)
    if channel.kind in ("queue", "eventgrid") and found.startswith("https:"):  # http: `dialled` saw loopback
        of_service(what, found, channel.kind, cloud)
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
