"""The fields that keep a restore safe, as a mapping made them: what is blank or unreadable is refused. Pure."""

import re
from collections.abc import Mapping, Set
from typing import Any

from shared.domain.problems import Problem
from shared.tickets.expressions import shown

SWITCHES = ("dryRun", "crossRegion")
NUMBERS = ("maxAgeHours",)
SAFETY = (*SWITCHES, *NUMBERS)
_SPELT = {name.lower(): name for name in SAFETY}
_DUE = {"dryRun": "true or false", "crossRegion": "true or false", "maxAgeHours": "a whole number of hours, such as 48"}


def read_safety(made: Mapping[str, Any], named: Set[str], event: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The safety fields of a request, as JSON values; `named` are the fields that the mapping `where` mentions.
    A Problem if one that is mentioned, by the mapping or by the event, has no value that can be read."""
    found = {}
    for name in SAFETY:
        if name in made or name in named:
            found[name] = _read(name, made.get(name), where)
        else:
            _unmapped(name, event, where)
    return found


def _read(name: str, value: Any, where: str) -> Any:
    text = value.strip().lower() if isinstance(value, str) else None
    read: Any
    if name in SWITCHES:
        read = value if isinstance(value, bool) else {"true": True, "false": False}.get(text or "")
    else:
        read = int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else value
        read = read if isinstance(read, int) and not isinstance(read, bool) else None
    if read is not None:
        return read
    seen = "missing" if value is None else "blank" if text == "" else shown(value)
    words = f"{where} mentions {name}, but its value is {seen}; send {_DUE[name]}. No restore was started"
    raise Problem(422, "A field for safety is blank or cannot be read", words, name)


def _unmapped(name: str, event: Mapping[str, Any], where: str) -> None:
    """A Problem if the form has the field and the mapping drops it: the restore would not be the one asked for."""
    body = event.get("body")
    inner = body.get("request") if isinstance(body, dict) else None
    for place, part in (("form", event.get("form")), ("body", body), ("body.request", inner)):
        for said, value in part.items() if isinstance(part, dict) else ():
            if _SPELT.get(re.sub(r"[^a-z]", "", str(said).lower())) == name:
                words = f'{place}."{said}" says {shown(value)}, but {where} does not read it; '
                mend = f'add {name}: {place}."{said}" to {where}. No restore was started'
                raise Problem(422, "A field for safety is not read", words + mend, name)
