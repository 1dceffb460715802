"""Secrets out of the environment: there, long enough, resolved by Key Vault; or an error that names them only. Pure."""

from collections.abc import Mapping

from shared.config.desk_file import FromEnvironment, Secret
from shared.domain.problems import Ours

SHORTEST = 16


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


def _text(value: FromEnvironment | str | None, environ: Mapping[str, str]) -> str | None:
    return _value(value.env, environ) if isinstance(value, FromEnvironment) else value
