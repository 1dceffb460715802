"""The doctor's look before anything is made: what would end `azd provision`, or leave a desk that cannot work."""

import tomllib
from collections.abc import Callable, Iterator

from deskctl.arm_reader import Absent, Hidden, Json
from deskctl.doctor.findings import Finding, fault, ok, unknown
from deskctl.doctor.permissions import permissions
from deskctl.doctor.policies import policies
from deskctl.doctor.preflight import Before, plain
from deskctl.doctor.roles import assignments, role_of
from shared.advice.shell_commands import BLOB_CONTRIBUTOR, az, quoted
from shared.domain import resource_ids
from shared.domain.resource_ids import BadName, parse_id
from shared.redaction import named_in

RESOURCES, WEB, STORAGE, KEY_VAULT = "2021-04-01", "2023-01-01", "2023-05-01", "2023-07-01"
STACKS = "2020-10-01"
PYTHON = "3.13"
ELSEWHERE = "azd env set AZURE_LOCATION '<region>'"
PROVIDERS = (
    *("Microsoft.Web", "Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.Insights"),
    *("Microsoft.OperationalInsights", "Microsoft.ManagedIdentity", "Microsoft.App"),
)
IDS = {
    "DESK_VAULTS": resource_ids.VAULT,
    "DESK_TARGET_CONTAINERS": resource_ids.CONTAINER,
    "DESK_TARGET_ACCOUNTS": resource_ids.ACCOUNT,
}


def look(before: Before) -> Iterator[Finding]:
    """Each check by itself: one that may not read something says so, and the next goes on."""
    for check in CHECKS:
        try:
            yield from check(before)
        except Absent as error:
            yield unknown(check.__name__, f"there is nothing at {error}")
        except Hidden as error:
            yield unknown(check.__name__, f"it may not be read: {error}")


def tools(before: Before) -> Iterator[Finding]:
    """The programs that the deploy page runs."""
    where = {"az": "https://aka.ms/azcli", "azd": "https://aka.ms/azd"}
    for name, page in where.items():
        found = before.which(name)
        yield (
            ok("tools", f"{name} is there")
            if found
            else fault("tools", f"{name} is missing: {page}", f"{name} version")
        )


def named(before: Before) -> Iterator[Finding]:
    """What azd asks for."""
    for name in ("AZURE_ENV_NAME", "AZURE_SUBSCRIPTION_ID", "AZURE_LOCATION"):
        if not before.values.get(name):
            yield fault("azd", f"{name} is not set", f"azd env set {name} '<value>'")


def ids(before: Before) -> Iterator[Finding]:
    """Every id must be one: a part that is missing is found by Azure an hour later."""
    for name, kind in IDS.items():
        for one in before.listed(name):
            try:
                parse_id(one, kind)
            except BadName as error:
                yield fault(name, f"{one[:120]} is no such id ({error})", f"azd env set {name} '<ARM id>,<ARM id>'")


def tenants(before: Before) -> Iterator[Finding]:
    """The desk's identity reads vaults of its own tenant only."""
    home = before.reader.get(before.subscription, RESOURCES).get("tenantId")
    for vault in before.vaults():
        there = before.reader.get("/".join(vault.split("/")[:3]), RESOURCES).get("tenantId")
        if there != home:
            words = f"its tenant is {there}, the desk's {home}: an identity has no rights in another tenant"
            yield fault(
                f"vault {vault.rpartition('/')[2]}", words, "azd env set AZURE_SUBSCRIPTION_ID '<one of that tenant>'"
            )
    signed = before.values.get("AZURE_TENANT_ID")
    if signed and signed != home:
        yield fault(
            "azd", f"AZURE_TENANT_ID is {signed}, the subscription's {home}", f"azd auth login --tenant-id {home}"
        )


def region(before: Before) -> Iterator[Finding]:
    """Flex Consumption, its Python and zone-redundant storage are not offered everywhere."""
    path = f"{before.subscription}/providers/Microsoft.Web/geoRegions"
    regions = {plain(str(one.get("name"))) for one in before.reader.pages(path, WEB, sku="FlexConsumption")}
    if before.region not in regions:
        line = az("functionapp list-flexconsumption-locations", "-o table")
        yield fault(
            "region", f"{before.region} does not offer Flex Consumption", line, "azd env set AZURE_LOCATION '<region>'"
        )
        return
    yield ok("region", f"{before.region} offers Flex Consumption")
    stacks = f"/providers/Microsoft.Web/locations/{before.region}/functionAppStacks"
    if any(_on_flex(one) for one in before.reader.pages(stacks, STACKS, stack="python", sku="FC1")):
        yield ok("region", f"it runs Python {PYTHON}")
    else:
        line = az("functionapp list-flexconsumption-runtimes", location=before.region, runtime="python")
        yield fault(
            "region", f"{before.region} does not run Python {PYTHON}", line, "azd env set AZURE_LOCATION '<region>'"
        )
    yield from _storage(before)


def _on_flex(stack: Json) -> bool:
    """Whether a stack has our Python on Flex Consumption (FC1), read as az's list-flexconsumption-runtimes does."""
    majors = (stack.get("properties") or {}).get("majorVersions") or ()
    minors = [minor for major in majors for minor in major.get("minorVersions") or () if minor.get("value") == PYTHON]
    linux = [(minor.get("stackSettings") or {}).get("linuxRuntimeSettings") or {} for minor in minors]
    return any(sku.get("skuCode") == "FC1" for one in linux for sku in one.get("Sku") or ())


def _storage(before: Before) -> Iterator[Finding]:
    wanted = before.values.get("DESK_STORAGE_SKU") or "Standard_ZRS"
    skus = before.reader.pages(f"{before.subscription}/providers/Microsoft.Storage/skus", STORAGE)
    there = {
        str(one.get("name")) for one in skus if before.region in {plain(str(r)) for r in one.get("locations") or ()}
    }
    if wanted in there:
        yield ok("region", f"it has {wanted}")
    else:
        yield fault("region", f"{before.region} has no {wanted} storage", "azd env set DESK_STORAGE_SKU Standard_LRS")


def providers(before: Before) -> Iterator[Finding]:
    """A provider that is not registered ends the deployment half-way."""
    for name in PROVIDERS:
        state = before.reader.get(f"{before.subscription}/providers/{name}", RESOURCES).get("registrationState")
        if state == "Registered":
            yield ok("providers", f"{name} is registered")
        else:
            line = az("provider register", namespace=name, subscription=before.subscription.rpartition("/")[2])
            yield fault("providers", f"{name} is not registered ({state})", line)


def leftovers(before: Before) -> Iterator[Finding]:
    """What an earlier desk of this name left behind."""
    environment = before.values.get("AZURE_ENV_NAME", "")
    if not before.on("DESK_KEY_VAULT_RECOVER", "false"):
        gone = before.reader.pages(f"{before.subscription}/providers/Microsoft.KeyVault/deletedVaults", KEY_VAULT)
        for one in gone:
            if ((one.get("properties") or {}).get("tags") or {}).get("azd-env-name") == environment:
                words = f"Key Vault {one.get('name')} of this environment is deleted, and keeps its name for 90 days"
                yield fault("Key Vault", words, "azd env set DESK_KEY_VAULT_RECOVER true")
    group = before.values.get("DESK_RESOURCE_GROUP") or f"rg-{environment}"
    path = f"{before.subscription}/resourceGroups/{group}"
    try:
        there = plain(str(before.reader.get(path, RESOURCES).get("location") or ""))
    except Absent:
        yield ok("group", f"{group} is free")
        return
    if there != before.region:
        yield fault(
            "group", f"{group} is there already, in {there}", "azd env set DESK_RESOURCE_GROUP '<another name>'"
        )
    for lock in before.reader.pages(f"{path}/providers/Microsoft.Authorization/locks", "2020-05-01"):
        if (lock.get("properties") or {}).get("level") == "ReadOnly":
            line = az("lock delete", ids=str(lock.get("id")))
            yield fault("group", f"{group} has the read-only lock {lock.get('name')}: nothing can be made in it", line)


def identities(before: Before) -> Iterator[Finding]:
    """Each vault's identity must be the one that DESK_VAULT_PRINCIPALS names, in the vaults' order."""
    found = [(vault, _principals(before.reader.get(vault))) for vault in before.vaults()]
    said, right = before.listed("DESK_VAULT_PRINCIPALS"), [held[0] for _, held in found if held]
    for vault, held in found:
        if not held:
            id_ = parse_id(vault, resource_ids.VAULT)
            line = az("dataprotection backup-vault identity assign", "--system-assigned",
                      resource_group=id_.resource_group, vault_name=id_.name)  # fmt: skip
            yield fault(f"vault {id_.name}", "it has no identity: nothing could write the restored files", line)
    fits = len(said) == len(found) and all(one in held for one, (_, held) in zip(said, found, strict=True))
    if found and not fits and len(right) == len(found):
        line = f"azd env set DESK_VAULT_PRINCIPALS {quoted(','.join(right))}"
        yield fault("DESK_VAULT_PRINCIPALS", "it does not name the vaults' identities, one each, in their order", line)


def already(before: Before) -> Iterator[Finding]:
    """Azure refuses a second assignment of the same role, whatever its name is."""
    if not before.on("DESK_ASSIGN_TARGET_ROLES"):
        return
    for container in before.listed("DESK_TARGET_CONTAINERS"):
        for principal in before.listed("DESK_VAULT_PRINCIPALS"):
            held = assignments(before.reader, container, principal)
            exact = [one for one in held if str(one.get("scope")).lower() == container.lower()]
            if any(role_of(one) == BLOB_CONTRIBUTOR for one in exact):
                words = f"{principal} has Storage Blob Data Contributor on {container.rpartition('/')[2]} already"
                yield fault("DESK_TARGET_CONTAINERS", words, "azd env set DESK_ASSIGN_TARGET_ROLES false")


def secrets(before: Before) -> Iterator[Finding]:
    """Every env of desk.toml must be a setting, or its channel stays closed."""
    try:
        wanted = named_in(tomllib.loads(before.config.read_text(encoding="utf-8"))) | {"DESK_HEALTH_KEY"}
    except (OSError, tomllib.TOMLDecodeError):
        return  # the look at desk.toml itself says so
    given = set(before.listed("DESK_SECRETS") or ["DESK_HEALTH_KEY"])
    if wanted - given:
        line = f"azd env set DESK_SECRETS {quoted(','.join(sorted(wanted | given)))}"
        yield fault("DESK_SECRETS", f"it lacks {', '.join(sorted(wanted - given))}, which {before.config} names", line)
    else:
        yield ok("DESK_SECRETS", "every env of the file is a Key Vault secret")


CHECKS: tuple[Callable[[Before], Iterator[Finding]], ...] = (
    tools, named, ids, tenants, region, providers, policies, permissions, leftovers, identities, already, secrets,
)  # fmt: skip


def _principals(vault: Json) -> list[str]:
    """The vault's own identity first, then those given to it."""
    identity = vault.get("identity") or {}
    given = [(one or {}).get("principalId") for one in (identity.get("userAssignedIdentities") or {}).values()]
    return [str(one) for one in (identity.get("principalId"), *given) if one]
