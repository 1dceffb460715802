"""Writes the published contracts: docs/openapi.json and docs/desk.schema.json (`python -m local.build.contract`)."""

import json
from collections.abc import Callable
from typing import Any

from local.host.process import ROOT
from shared.api.openapi import document
from shared.config.desk_file import Desk
from shared.notices.channels.registry import KINDS
from shared.tickets.registry import NAMES


def desk_schema() -> dict[str, Any]:
    """The JSON Schema of desk.toml, for editors: `#:schema docs/desk.schema.json` at the file's top."""
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "desk.toml"}
    made = about | Desk.model_json_schema(mode="validation")
    for table in made["properties"].values():
        if "patternProperties" in table:
            table["additionalProperties"] = False  # pydantic leaves names open that the pattern does not cover
    made["$defs"]["Channel"]["properties"]["kind"]["enum"] = sorted(KINDS)
    made["$defs"]["TicketSource"]["properties"]["kind"]["enum"] = list(NAMES)
    return made


PUBLISHED: dict[str, Callable[[], dict[str, Any]]] = {
    "docs/openapi.json": document,
    "docs/desk.schema.json": desk_schema,
}


def text(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, make in PUBLISHED.items():
        (ROOT / name).write_text(text(make()), encoding="utf-8")
