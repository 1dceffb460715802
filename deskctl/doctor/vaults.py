"""The doctor's look at vaults: there, readable, with an identity, a region, and the instances that the file names."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from deskctl.arm_reader import Absent, ArmReader, Hidden
from deskctl.doctor.findings import Finding, fault, ok, unknown, warning
from deskctl.doctor.instances import Instance
from deskctl.doctor.roles import OPERATES, READS_JOBS, needs, standing
from deskctl.doctor.vault import Vault
from shared.advice.shell_commands import az
from shared.config.desk_file import Desk, InstanceEntry
from shared.config.settings import API_VERSION
from shared.domain import resource_ids
from shared.domain.resource_ids import ArmId, parse_id


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
        state = str(found.properties.get("provisioningState") or "Succeeded")
        if state != "Succeeded":
            line = az("dataprotection backup-vault show", vault_name=vault.name, resource_group=group)
            yield fault(
                place, f"its provisioning state is {state}: Azure takes no restores until it is Succeeded", line
            )
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
                yield from Instance(self.reader, vault, name, entry).look()
        for key, item in vault.instances.items():
            if key not in named:
                said = (item.get("properties") or {}).get("friendlyName") or item.get("name")
                line = f"printf '[instances.NAME]\\nid = \"%s\"\\ntargets = []\\n' '{item.get('id')}' >> desk.toml"
                yield warning(f"vault {vault.id.name}", f"its instance {said} is not in desk.toml", line)

    def _roles(self, vault: Vault) -> Iterator[Finding]:
        desk = self.people.get("the desk")
        for role in (OPERATES, READS_JOBS):  # backupJobs/read is in none of the Backup roles
            yield needs(self.reader, f"vault {vault.id.name}", "the desk", desk, role, vault.id.text)
        if not vault.properties.get("isVaultProtectedByResourceGuard"):
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
