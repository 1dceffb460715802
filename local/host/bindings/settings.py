"""App settings: the file they are read from, and `%NAME%` inside bindings. Pure."""

import json
import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"%([^%]*)%")


class InvalidSettings(ValueError):
    """A settings file that is not of local.settings.json's form."""


class MissingSetting(LookupError):
    """A binding names a setting that is not set."""


def parse(text: str, name: str) -> dict[str, str]:
    """The "Values" of a file of local.settings.json's form."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InvalidSettings(f"{name} is not JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("Values"), dict):
        raise InvalidSettings(f'{name} must be an object with an object "Values" of names and strings')
    if content.get("IsEncrypted"):
        raise InvalidSettings(f"{name} is encrypted; decrypt it with `func settings decrypt`")
    odd = [key for key, value in content["Values"].items() if not isinstance(value, str)]
    if odd:
        raise InvalidSettings(f"{name}: the value of {', '.join(sorted(odd))} must be a string")
    return dict(content["Values"])


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Every `%NAME%` replaced by that setting."""

    def value(match: re.Match[str]) -> str:
        found = settings.get(match[1])
        if not found:
            raise MissingSetting(f"'{text}' needs the setting {match[1]}, which is not set")
        return found

    return _REFERENCE.sub(value, text)
