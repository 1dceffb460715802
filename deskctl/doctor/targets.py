"""The doctor's look at targets: container, server and secret are there, and the vault's identity may use them."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from deskctl.arm_reader import Absent, ArmReader, Hidden
from deskctl.doctor.findings import Finding, fault, ok, unknown
from deskctl.doctor.roles import READS, READS_SECRETS, WRITES_BLOBS, needs
from deskctl.doctor.vaults import Vault, Vaults
from shared.advice.shell_commands import account_and_container, az
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
                yield from _region(use)
                yield from self._files(use) if plan.kind == "files" else self._database(use)

    def _files(self, use: Use) -> Iterator[Finding]:
        account, container = account_and_container(use.plan.container or "")
        scope = use.plan.container_id
        try:
            if scope is None:
                held = self._by_name(use.vault.id.subscription, resource_ids.ACCOUNT, account)
                scope = f"{held}/blobServices/default/containers/{container}"
            else:
                yield from _crossing(use, scope)
                self.reader.get(parse_id(scope, resource_ids.CONTAINER).parent(2).text)
        except Absent:
            line = az("storage account list", query=f"[?name=='{account}'].id")
            words = f"there is no storage account {account} in that subscription; elsewhere it needs a containerId"
            yield fault(use.place, words, line)
            return
        except Hidden as error:
            yield unknown(use.place, f"storage account {account}: {error}")
            return
        yield from self._container(use, account, container, scope)

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
        if (about.get("properties") or {}).get("publicAccess") not in (None, "None"):
            line = az("storage container-rm update", name=container, storage_account=account, public_access="off")
            yield fault(use.place, f"container {container} is public: dumps of production data would lie open", line)
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
            location = str(about.get("location") or "").lower().replace(" ", "")
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
            yield needs(self.reader, use.place, use.who, use.principal, READS, server)
        yield from self._secret(use, server)

    def _secret(self, use: Use, server: str) -> Iterator[Finding]:
        url = urlsplit(use.plan.secret or "")
        vault, name = (url.hostname or "").split(".")[0], url.path.split("/")[2]
        try:
            scope = self._key_vault(vault, server)
        except (Absent, Hidden) as error:
            why = error if isinstance(error, Hidden) else "it is in no group that you may read"
            yield unknown(use.place, f"Key Vault {vault}: {why}")
            return
        try:
            self.reader.get(f"{scope}/secrets/{name}")
            yield ok(use.place, f"secret {name} of {vault} is there")
        except Absent:
            line = az("keyvault secret set", vault_name=vault, name=name, file="<file with the connection string>")
            yield fault(use.place, f"there is no secret {name} in {vault}", line)
        except Hidden as error:
            yield unknown(use.place, f"secret {name} of {vault}: {error}")
        yield needs(self.reader, use.place, use.who, use.principal, READS_SECRETS, scope)

    def _key_vault(self, name: str, server: str) -> str:
        """Beside the server, else anywhere in its subscription."""
        found = parse_id(server, resource_ids.SINGLE_SERVER)
        beside = (
            f"/subscriptions/{found.subscription}/resourceGroups/{found.resource_group}/providers/{KEY_VAULT}/{name}"
        )
        try:
            return str(self.reader.get(beside)["id"])
        except Absent:
            return self._by_name(found.subscription, KEY_VAULT, name)

    def _by_name(self, subscription: str, kind: str, name: str) -> str:
        query = {"$filter": f"resourceType eq '{kind}' and name eq '{name}'"}
        for item in self.reader.pages(f"/subscriptions/{subscription}/resources", "2021-04-01", **query):
            if str(item.get("name")).lower() == name.lower():
                return str(item["id"])
        raise Absent(name)


def _region(use: Use) -> Iterator[Finding]:
    """`location` in the file must be one that this vault restores to."""
    said = use.plan.location
    regions = [use.vault.location, *((use.vault.about.get("properties") or {}).get("replicatedRegions") or [])]
    if said and said not in regions:
        words = f"its location is {said}; vault {use.vault.id.name} restores to {' or '.join(regions)}"
        yield fault(use.place, words, f"""sed -i 's/location = "{said}"/location = "{regions[0]}"/' desk.toml""")


def _crossing(use: Use, scope: str) -> Iterator[Finding]:
    """Another subscription is reached only where the vault allows it."""
    state = str((use.vault.features.get("crossSubscriptionRestoreSettings") or {}).get("state") or "Enabled")
    if scope.split("/")[2].lower() != use.vault.id.subscription and state != "Enabled":
        line = az("dataprotection backup-vault update", resource_group=use.vault.id.resource_group,
                  vault_name=use.vault.id.name, cross_subscription_restore_state="Enabled")  # fmt: skip
        words = f"it is in another subscription, and vault {use.vault.id.name} restores to its own only ({state})"
        yield fault(use.place, words, line)
