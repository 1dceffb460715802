"""What a desk.toml of release 0.1.0 lacks under 0.2, where a source may ask for nothing that no line opens. Pure."""

import json

from shared.config.desk_file import Desk, Rights


def sources(desk: Desk) -> dict[str, Rights]:
    """Each source's rights, by its table in the file."""
    return {"http": desk.http, "queue": desk.queue, **{f"tickets.{name}": one for name, one in desk.tickets.items()}}


def missing_lines(desk: Desk) -> list[str]:
    """The lines to add, under the table they belong to."""
    return [line for where, rights in sources(desk).items() for line in _of_source(where, rights, desk)]


def without_callbacks(desk: Desk) -> list[str]:
    """The sources whose requests could name any channel as `callback` under 0.1.0, and can name none now."""
    return [where for where, rights in sources(desk).items() if "callbacks" not in rights.model_fields_set]


def _of_source(where: str, rights: Rights, desk: Desk) -> list[str]:
    said = rights.model_fields_set
    lines = []
    if "instances" not in said:
        lines.append('instances = ["*"]')
    if "targets" not in said:
        lines.append(f"targets = {json.dumps(list(desk.targets))}")
    if "explicit" not in said and _said_in_full(rights, desk):
        lines.append("explicit = true # ids and targets in full, within [allow]")
    return [f"[{where}]", *lines, ""] if lines else []


def _said_in_full(rights: Rights, desk: Desk) -> bool:
    """Whether 0.1.0 took ids or targets in full from this source."""
    said, allow = rights.model_fields_set, desk.allow
    ids = bool(allow.instances) and ("instances" not in said or "*" in rights.instances)
    places = "targets" not in said and bool(allow.containers or allow.servers)
    return ids or places
