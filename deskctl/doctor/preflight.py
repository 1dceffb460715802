"""What a look before a deployment is made of: azd's values, and whose rights it reads with."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deskctl.arm_reader import ArmReader
from shared.domain import resource_ids
from shared.domain.resource_ids import BadName, parse_id


@dataclass(frozen=True)
class Before:
    """What `azd env get-values` says, read with the rights of who will deploy."""

    reader: ArmReader
    values: Mapping[str, str]
    config: Path
    which: Callable[[str], str | None] = shutil.which

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.values.get('AZURE_SUBSCRIPTION_ID', '')}"

    @property
    def region(self) -> str:
        return plain(self.values.get("AZURE_LOCATION", ""))

    def listed(self, name: str) -> list[str]:
        return [one.strip() for one in self.values.get(name, "").split(",") if one.strip()]

    def on(self, name: str, default: str = "true") -> bool:
        return (self.values.get(name) or default) == "true"

    def vaults(self) -> Iterator[str]:
        """Those whose ids are ids; the others have a finding of their own."""
        for one in self.listed("DESK_VAULTS"):
            try:
                yield parse_id(one, resource_ids.VAULT).text
            except BadName:
                continue


def read_values(text: str) -> dict[str, str]:
    """`azd env get-values`: NAME="value" a line."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def plain(region: str) -> str:
    return region.lower().replace(" ", "")
