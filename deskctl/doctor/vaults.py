"""The doctor's look at vaults: there, readable, with an identity, a region, and the instances that the file names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from deskctl.arm_reader import Absent, ArmReader, Hidden, Json
from deskctl.doctor.findings import Finding, fault, ok, unknown, warning
from deskctl.doctor.roles import OPERATES, READS_JOBS, needs, standing
from shared.advice.shell_commands import az
from shared.config.desk_file import Desk, InstanceEntry
from shared.config.settings import API_VERSION
from shared.domain import resource_ids
from shared.domain.resource_ids import ArmId, parse_id


@dataclass
class Vault:
    """A vault as ARM tells of it."""

    id: ArmId
    about: Json
    instances: dict[str, Json] = field(default_factory=dict)

    @property
    def location(self) -> str:
        return str(self.about.get("location") or "")

    @property
    def features(self) -> Json:
        return (self.about.get("properties") or {}).get("featureSettings") or {}

    def principal(self, entry: InstanceEntry) -> str | None:
        """The object id of the identity that restores of this instance are done with."""
        identity = self.about.get("identity") or {}
        if entry.identity is None:
            return identity.get("principalId")
        given = {str(k).lower(): v for k, v in (identity.get("userAssignedIdentities") or {}).items()}
        return (given.get(entry.identity.lower()) or {}).get("principalId")


@dataclass
class Vaults:
    """All vaults of the file. `people` are the identities whose roles count: the desk's, yours."""

    reader: ArmReader
    desk: Desk
    people: dict[str, str]
    seen: dict[str, Vault] = field(default_factory=dict)

    def look(self) -> Iterator[Finding]:
        vaults = (parse_id(entry.id, resource_ids.INSTANCE).parent() for entry in self.desk.instances.values())
        for vault in {vault.key: vault for vault in vaults}.values():
            yield from self._vault(vault)

    def of(self, entry: InstanceEntry) -> Vault | None:
        """The vault of an instance, if it could be read."""
        return self.seen.get(parse_id(entry.id, resource_ids.INSTANCE).parent().key)

    def _vault(self, vault: ArmId) -> Iterator[Finding]:
        place, group = f"vault {vault.name}", vault.resource_group
        try:
            about = self.reader.get(vault.text)
            items = list(self.reader.pages(f"{vault.text}/backupInstances"))
        except Absent:
            line = az("dataprotection backup-vault list", subscription=vault.subscription, query="[].id")
            yield fault(place, f"there is no such vault in {group} (or none that you may see)", line)
            return
        except Hidden as error:
            yield self._unreadable(place, vault, error)
            return
        found = Vault(vault, about, {str(item.get("id")).lower(): item for item in items})
        self.seen[vault.key] = found
        yield ok(place, f"you may read it; {len(items)} instances, {found.location}")
        yield from self._instances(found)
        yield from self._roles(found)

    def _unreadable(self, place: str, vault: ArmId, error: Hidden) -> Finding:
        if "ApiVersion" in str(error):
            line = az("functionapp config appsettings set", name="<app>", resource_group="<group>",
                      settings=f"DATA_PROTECTION_API_VERSION={API_VERSION}")  # fmt: skip
            return fault(place, f"api-version {self.reader.api_version} is not one that Azure knows ({error})", line)
        line = az("role assignment create", role="Reader", assignee="<you>", scope=vault.text)
        return unknown(place, f"{error}: with Reader on it you would know", line)

    def _instances(self, vault: Vault) -> Iterator[Finding]:
        named = {entry.id.lower() for entry in self.desk.instances.values()}
        for name, entry in self.desk.instances.items():
            if self.of(entry) is vault:
                yield from self._instance(vault, name, entry)
        for key, item in vault.instances.items():
            if key not in named:
                said = (item.get("properties") or {}).get("friendlyName") or item.get("name")
                line = f"printf '[instances.NAME]\\nid = \"%s\"\\ntargets = []\\n' '{item.get('id')}' >> desk.toml"
                yield warning(f"vault {vault.id.name}", f"its instance {said} is not in desk.toml", line)

    def _instance(self, vault: Vault, name: str, entry: InstanceEntry) -> Iterator[Finding]:
        place, item = f"instances.{name}", vault.instances.get(entry.id.lower())
        where = {"resource_group": vault.id.resource_group, "vault_name": vault.id.name}
        if item is None:
            close = get_close_matches(entry.id.lower(), vault.instances, n=1, cutoff=0.5)
            hint = f"; the closest is {vault.instances[close[0]].get('name')}" if close else ""
            line = az("dataprotection backup-instance list", subscription=vault.id.subscription, query="[].id", **where)
            yield fault(place, f"the vault has no such instance{hint}", line)
            return
        status = str(((item.get("properties") or {}).get("protectionStatus") or {}).get("status") or "")
        if status not in ("", "ProtectionConfigured"):
            line = az("dataprotection backup-instance resume-protection", name=str(item.get("name")), **where)
            yield warning(place, f"its backups are not running ({status}): points will age", line)
        else:
            yield ok(place, "it is there and protected")
        if vault.principal(entry) is None:
            yield self._no_identity(place, vault, entry)

    def _no_identity(self, place: str, vault: Vault, entry: InstanceEntry) -> Finding:
        where = {"resource_group": vault.id.resource_group, "vault_name": vault.id.name}
        if entry.identity:
            line = az("dataprotection backup-vault identity assign", user_assigned=entry.identity, **where)
            return fault(place, f"the vault does not have the identity {entry.identity.rpartition('/')[2]}", line)
        line = az("dataprotection backup-vault identity assign", "--system-assigned", **where)
        return fault(
            place, "the vault has no identity of its own, and the entry names no other: nothing could write", line
        )

    def _roles(self, vault: Vault) -> Iterator[Finding]:
        desk = self.people.get("the desk")
        for role in (OPERATES, READS_JOBS):  # backupJobs/read is in none of the Backup roles
            yield needs(self.reader, f"vault {vault.id.name}", "the desk", desk, role, vault.id.text)
        if not (vault.about.get("properties") or {}).get("isVaultProtectedByResourceGuard"):
            return
        try:
            proxies = list(self.reader.pages(f"{vault.id.text}/backupResourceGuardProxies"))
        except (Absent, Hidden) as error:
            yield unknown(f"vault {vault.id.name}", f"its Resource Guard may not be read ({error})")
            return
        for proxy in proxies:
            guard = str((proxy.get("properties") or {}).get("resourceGuardResourceId") or "")
            if guard:
                yield from standing(self.reader, guard, self.people)
