"""Secrets out of the environment: there, long enough, resolved by Key Vault; or an error that names them only. Pure."""

from collections.abc import Mapping

from shared import standard_webhooks
from shared.addresses import dialled
from shared.arm import PUBLIC
from shared.desk_file import Channel, FromEnvironment, Secret
from shared.messages import Resolved
from shared.problems import Ours

SHORTEST = 16
_DEFAULT_URL = {"github": "https://api.github.com", "pagerduty": "https://events.pagerduty.com"}


def resolve(ref: Secret, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The secret, or the two while one is rotated; Ours names the variable that is missing, never a value."""
    refs = ref if isinstance(ref, list) else [ref]
    return tuple(_secret(one.env, environ) for one in refs)


def _secret(name: str, environ: Mapping[str, str]) -> str:
    value = _value(name, environ)
    if len(value) < SHORTEST:
        raise Ours(f"{name} is shorter than {SHORTEST} characters: no secret; make one with: openssl rand -base64 32")
    return value


def _value(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise Ours(f"{name} is not set (or empty); desk.toml names it")
    if value.startswith("@Microsoft.KeyVault("):
        raise Ours(f"{name} is a Key Vault reference that was not resolved: does the app's identity have Get on it?")
    return value


def resolve_channel(
    name: str,
    channel: Channel,
    environ: Mapping[str, str],
    insecure_loopback: bool = False,
    portal: str = PUBLIC.portal,
) -> Resolved:
    """The channel ready for use, or Ours saying what closes it. `insecure_loopback` is for local runs only."""
    what = f"channels.{name}"
    url = _text(channel.url, environ) or _DEFAULT_URL.get(channel.kind, "")
    secrets = resolve(channel.secret, environ) if channel.secret else ()
    if channel.kind == "webhook":
        for secret in secrets:
            standard_webhooks.key(what, secret)
    return Resolved(
        name=name,
        kind=channel.kind,
        url=dialled(what, url, insecure_loopback),
        secrets=secrets,
        user=_text(channel.user, environ) or "",
        internal=channel.internal,
        encoding=channel.encoding,
        portal=portal,
    )


def _text(value: FromEnvironment | str | None, environ: Mapping[str, str]) -> str | None:
    return _value(value.env, environ) if isinstance(value, FromEnvironment) else value
