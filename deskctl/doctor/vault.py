"""A vault as ARM shows it, and the identity that restores an instance."""

from dataclasses import dataclass, field

from deskctl.arm_reader import Json
from deskctl.doctor.preflight import plain
from shared.config.desk_file import InstanceEntry
from shared.domain.resource_ids import ArmId


@dataclass
class Vault:
    """What was read of it; `instances` by their ids in lower case."""

    id: ArmId
    about: Json
    instances: dict[str, Json] = field(default_factory=dict)

    @property
    def properties(self) -> Json:
        return self.about.get("properties") or {}

    @property
    def location(self) -> str:
        return plain(str(self.about.get("location") or ""))

    @property
    def regions(self) -> list[str]:
        """The regions to which it restores: its own, and that of its copies."""
        return [self.location, *(plain(str(one)) for one in self.properties.get("replicatedRegions") or [])]

    @property
    def features(self) -> Json:
        return self.properties.get("featureSettings") or {}

    def principal(self, entry: InstanceEntry) -> str | None:
        """The object id of the identity that restores of this instance are done with."""
        identity = self.about.get("identity") or {}
        if entry.identity is None:
            return identity.get("principalId")
        given = {str(k).lower(): v for k, v in (identity.get("userAssignedIdentities") or {}).items()}
        return (given.get(entry.identity.lower()) or {}).get("principalId")
