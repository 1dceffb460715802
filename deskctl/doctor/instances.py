"""The doctor's look at one backup instance: there, of PostgreSQL, protected, by an identity we name, with points."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice

from deskctl.arm_reader import Absent, ArmReader, Hidden, Json
from deskctl.doctor.findings import Finding, fault, ok, unknown, warning
from deskctl.doctor.vault import Vault
from shared.advice.shell_commands import az, shown
from shared.azure.recovery_points import read_datasource, read_point, unfit
from shared.config.desk_file import InstanceEntry

POSTGRES = ("microsoft.dbforpostgresql/servers/databases", "microsoft.dbforpostgresql/flexibleservers")
BROKEN = ("protectionerror", "configuringprotectionfailed", "softdeleted", "softdeleting", "notprotected")
RUNNING = ("", "protectionconfigured", "updatingprotection", "configuringprotection")
LOOKED_AT = 500  # points, newest first: where none of these can be restored, older ones are no help


@dataclass(frozen=True)
class Instance:
    """An instance of desk.toml, and the facts that its vault has of it."""

    reader: ArmReader
    vault: Vault
    name: str
    entry: InstanceEntry

    @property
    def place(self) -> str:
        return f"instances.{self.name}"

    @property
    def where(self) -> dict[str, str]:
        return {"resource_group": self.vault.id.resource_group, "vault_name": self.vault.id.name}

    def look(self) -> Iterator[Finding]:
        item = self.vault.instances.get(self.entry.id.lower())
        if item is None:
            yield self._missing()
            return
        source = read_datasource(item)
        if source is None or source.type.lower() not in POSTGRES:
            wanted = "[?starts_with(properties.dataSourceInfo.datasourceType, 'Microsoft.DBforPostgreSQL')].id"
            line = az("dataprotection backup-instance list", query=wanted, **self.where)
            kind = source.type if source else "nothing that is known"
            yield fault(self.place, f"it is a backup of {kind}, no PostgreSQL: take it out, or name one of these", line)
            return
        yield self._protection(item)
        yield from self._identity(item)
        yield self._points(item, source.flexible)

    def _missing(self) -> Finding:
        close = get_close_matches(self.entry.id.lower(), self.vault.instances, n=1, cutoff=0.5)
        hint = f"; the closest is {self.vault.instances[close[0]].get('name')}" if close else ""
        line = az("dataprotection backup-instance list", subscription=self.vault.id.subscription, query="[].id",
                  **self.where)  # fmt: skip
        return fault(self.place, f"the vault has no such instance{hint}", line)

    def _protection(self, item: Json) -> Finding:
        inner = item.get("properties") or {}
        status = str((inner.get("protectionStatus") or {}).get("status") or "")
        state = str(inner.get("currentProtectionState") or status)
        if state.lower() in BROKEN:
            why = (inner.get("protectionErrorDetails") or {}).get("code") or "Azure gives no code"
            line = shown(self.entry.id, "properties.[currentProtectionState,protectionErrorDetails]")
            return fault(self.place, f"its protection is in error ({state}: {why}); why, and what Azure advises", line)
        bad = next((one for one in (state, status) if one.lower() not in RUNNING), None)
        if bad:
            line = az("dataprotection backup-instance resume-protection", name=str(item.get("name")), **self.where)
            return warning(self.place, f"its backups are not running ({bad}): points will age", line)
        return ok(self.place, "it is there and protected")

    def _identity(self, item: Json) -> Iterator[Finding]:
        details = (item.get("properties") or {}).get("identityDetails") or {}
        used = str(details.get("userAssignedIdentityArmUrl") or "")
        own = details.get("useSystemAssignedIdentity") is not False
        if not own and used and used.lower() != (self.entry.identity or "").lower():
            line = f"printf 'identity = \"%s\"\\n' '{used}'  # below [{self.place}] of desk.toml"
            words = f"it is protected by the identity {used.rpartition('/')[2]}, which the entry does not name"
            yield fault(self.place, words, line)
        if self.vault.principal(self.entry) is None:
            yield self._no_identity()

    def _no_identity(self) -> Finding:
        if self.entry.identity:
            line = az("dataprotection backup-vault identity assign", user_assigned=self.entry.identity, **self.where)
            return fault(
                self.place, f"the vault does not have the identity {self.entry.identity.rpartition('/')[2]}", line
            )
        line = az("dataprotection backup-vault identity assign", "--system-assigned", **self.where)
        return fault(
            self.place, "the vault has no identity of its own, and the entry names no other: nothing could write", line
        )

    def _points(self, item: Json, flexible: bool) -> Finding:
        try:
            listed = list(islice(self.reader.pages(f"{self.entry.id}/recoveryPoints"), LOOKED_AT))
        except (Absent, Hidden) as error:
            return unknown(self.place, f"its recovery points may not be read ({error})")
        now = datetime.now(UTC)
        points = [point for point in map(read_point, listed) if point]
        usable = [point for point in points if unfit(point, now, flexible) is None]
        if usable:
            return ok(self.place, f"{len(usable)} of {len(points)} points can be restored")
        line = az("dataprotection backup-instance adhoc-backup", name=str(item.get("name")),
                  rule_name="<the policy's backup rule>", **self.where)  # fmt: skip
        return fault(self.place, f"no recovery point can be restored ({len(points)} are listed)", line)
