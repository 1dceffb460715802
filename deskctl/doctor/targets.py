"""The doctor's look at targets: container, server and secret are there, and the vault's identity may use them."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from deskctl.arm_reader import Absent, ArmReader, Hidden, Json
from deskctl.doctor.accounts import account_faults, container_faults
from deskctl.doctor.findings import Finding, fault, ok, unknown
from deskctl.doctor.key_vaults import secret_faults, vault_faults
from deskctl.doctor.own_containers import contents
from deskctl.doctor.preflight import plain
from deskctl.doctor.roles import KEEPS_CONTAINERS, READS, READS_SECRETS, WRITES_BLOBS, needs
from deskctl.doctor.vault import Vault
from deskctl.doctor.vaults import Vaults
from shared.advice.shell_commands import account_and_container, az
from shared.azure.recovery_points import read_datasource
from shared.config.desk_file import InstanceEntry
from shared.config.plans import Ground
from shared.config.policy import decide
from shared.config.rights import anybody
from shared.domain import resource_ids
from shared.domain.problems import Problem
from shared.domain.request import RestoreRequest
from shared.domain.resource_ids import parse_id
from shared.domain.restore import Plan

KEY_VAULT = "Microsoft.KeyVault/vaults"


@dataclass(frozen=True)
class Use:
    """A target as one instance would use it, and the identity that would do the work."""

    place: str
    plan: Plan
    vault: Vault
    principal: str | None

    @property
    def regions(self) -> list[str]:
        """The regions in which its files may have to be; the vault's own region first."""
        return [plain(self.plan.location)] if self.plan.location else self.vault.regions

    @property
    def who(self) -> str:
        return f"the identity of vault {self.vault.id.name}"


@dataclass
class Targets:
    """Every target that an instance of the file may go to."""

    reader: ArmReader
    vaults: Vaults
    ground: Ground

    def look(self) -> Iterator[Finding]:
        """Each thing once, however many instances go there."""
        told: set[Finding] = set()
        for finding in self._all():
            if finding not in told:
                told.add(finding)
                yield finding

    def _all(self) -> Iterator[Finding]:
        desk = self.vaults.desk
        for name, entry in desk.instances.items():
            vault = self.vaults.of(entry)
            for target in entry.targets if vault else ():
                assert vault is not None
                database = "sample" if desk.targets[target].kind == "database" else None
                request = RestoreRequest(instance=name, target=target, database=database)
                try:
                    plan = decide(request, anybody(desk), desk, self.ground).plan
                except Problem as problem:
                    yield fault(f"targets.{target}", str(problem))
                    continue
                use = Use(f"targets.{target}", plan, vault, vault.principal(entry))
                if plan.kind == "database" and _flexible(vault, entry):
                    yield _impossible(use, name)
                    continue
                yield from _region(use)
                yield from self._files(use) if plan.kind == "files" else self._database(use)

    def _files(self, use: Use) -> Iterator[Finding]:
        account, container = account_and_container(use.plan.container or "")
        scope = use.plan.account or use.plan.container_id
        account = account or (use.plan.account or "").rpartition("/")[2]
        try:
            if scope is None:
                held = self._by_name(use.vault.id.subscription, resource_ids.ACCOUNT, account)
                scope = f"{held}/blobServices/default/containers/{container}"
            about = self.reader.get(scope.partition("/blobServices/")[0])
        except Absent:
            line = az("storage account list", query=f"[?name=='{account}'].id")
            words = f"there is no storage account {account} in that subscription; elsewhere it needs a containerId"
            yield from _crossing(use, scope)
            yield fault(use.place, words, line)
            return
        except Hidden as error:
            yield unknown(use.place, f"storage account {account}: {error}")
            return
        yield from _crossing(use, scope)
        yield from account_faults(use.place, account, about, use.regions)
        if use.plan.account:
            yield from self._own_containers(use, account, scope)
        else:
            yield from self._container(use, account, container, scope)

    def _own_containers(self, use: Use, account: str, scope: str) -> Iterator[Finding]:
        """An account in which the desk makes and deletes a container for each attempt."""
        yield ok(use.place, f"storage account {account} is there")
        yield from contents(self.reader, use.place, account, scope)
        yield needs(self.reader, use.place, use.who, use.principal, WRITES_BLOBS, scope)
        desk = self.vaults.people.get("the desk")
        if desk:
            yield needs(self.reader, use.place, "the desk", desk, KEEPS_CONTAINERS, scope)

    def _container(self, use: Use, account: str, container: str, scope: str) -> Iterator[Finding]:
        try:
            about = self.reader.get(scope)
        except Absent:
            line = az("storage container create", name=container, account_name=account, auth_mode="login")
            yield fault(use.place, f"there is no container {container} in {account}", line)
            return
        except Hidden as error:
            yield unknown(use.place, f"container {container} of {account}: {error}")
            return
        yield from container_faults(use.place, account, container, about)
        yield ok(use.place, f"container {container} of {account} is there")
        yield needs(self.reader, use.place, use.who, use.principal, WRITES_BLOBS, scope)

    def _database(self, use: Use) -> Iterator[Finding]:
        server = use.plan.server or ""
        name = server.rpartition("/")[2]
        try:
            about = self.reader.get(server)
        except Absent:
            line = az("resource list", resource_type=resource_ids.SINGLE_SERVER, query="[].id")
            yield fault(use.place, f"there is no server {name}", line)
        except Hidden as error:
            yield unknown(use.place, f"server {name}: {error}")
        else:
            location = plain(str(about.get("location") or ""))
            if location and location != use.vault.location:
                words = f"server {name} is in {location}, vault {use.vault.id.name} restores in {use.vault.location}"
                line = az(
                    "resource list",
                    resource_type=resource_ids.SINGLE_SERVER,
                    location=use.vault.location,
                    query="[].id",
                )
                yield fault(use.place, words, line)
            yield ok(use.place, f"server {name} is there")
            yield from _crossing(use, server)
            yield needs(self.reader, use.place, use.who, use.principal, READS, server)
        yield from self._secret(use, server)

    def _secret(self, use: Use, server: str) -> Iterator[Finding]:
        url = urlsplit(use.plan.secret or "")
        vault, name = (url.hostname or "").split(".")[0], url.path.split("/")[2]
        try:
            about = self._key_vault(vault, server)
        except (Absent, Hidden) as error:
            why = error if isinstance(error, Hidden) else "it is in no group that you may read"
            yield unknown(use.place, f"Key Vault {vault}: {why}")
            return
        scope = str(about["id"])
        yield from secret_faults(self.reader, use.place, scope, name)
        yield from vault_faults(use.place, about, use.who, use.principal)
        if (about.get("properties") or {}).get("enableRbacAuthorization") is not False:
            yield needs(self.reader, use.place, use.who, use.principal, READS_SECRETS, scope)

    def _key_vault(self, name: str, server: str) -> Json:
        """Beside the server, else anywhere in its subscription."""
        found = parse_id(server, resource_ids.SINGLE_SERVER)
        beside = (
            f"/subscriptions/{found.subscription}/resourceGroups/{found.resource_group}/providers/{KEY_VAULT}/{name}"
        )
        try:
            return self.reader.get(beside)
        except Absent:
            return self.reader.get(self._by_name(found.subscription, KEY_VAULT, name))

    def _by_name(self, subscription: str, kind: str, name: str) -> str:
        query = {"$filter": f"resourceType eq '{kind}' and name eq '{name}'"}
        for item in self.reader.pages(f"/subscriptions/{subscription}/resources", "2021-04-01", **query):
            if str(item.get("name")).lower() == name.lower():
                return str(item["id"])
        raise Absent(name)


def _flexible(vault: Vault, entry: InstanceEntry) -> bool:
    item = vault.instances.get(entry.id.lower())
    source = read_datasource(item) if item else None
    return bool(source and source.flexible)


def _impossible(use: Use, name: str) -> Finding:
    target = use.place.partition(".")[2]
    words = f"impossible for {name}: Azure restores a flexible server as files only, never as a database"
    return fault(use.place, f"{words}; take {target} out of its targets", f"grep -n '{target}' desk.toml")


def _region(use: Use) -> Iterator[Finding]:
    """`location` in the file must be one that this vault restores to."""
    said, regions = use.plan.location, use.vault.regions
    if said and plain(said) not in regions:
        words = f"its location is {said}; vault {use.vault.id.name} restores to {' or '.join(regions)}"
        yield fault(use.place, words, f"""sed -i 's/location = "{said}"/location = "{regions[0]}"/' desk.toml""")


def _crossing(use: Use, scope: str | None) -> Iterator[Finding]:
    """Another subscription is reached only where the vault allows it."""
    state = str((use.vault.features.get("crossSubscriptionRestoreSettings") or {}).get("state") or "Enabled")
    if scope is None or scope.split("/")[2].lower() == use.vault.id.subscription or state == "Enabled":
        return
    words = f"it is in another subscription, and vault {use.vault.id.name} restores to its own only ({state})"
    if state.lower() == "permanentlydisabled":
        line = az("storage account list", subscription=use.vault.id.subscription, query="[].id")
        yield fault(use.place, f"{words}: that cannot be undone; choose an account of the vault's subscription", line)
        return
    line = az("dataprotection backup-vault update", resource_group=use.vault.id.resource_group,
              vault_name=use.vault.id.name, cross_subscription_restore_state="Enabled")  # fmt: skip
    yield fault(use.place, words, line)
