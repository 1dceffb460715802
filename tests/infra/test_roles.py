"""infra/roles.bicep: every call of the code has its role, and every role is there for a call."""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from local.stack.answers import arm_over
from shared.advice.shell_commands import BACKUP_OPERATOR, READER
from shared.azure.arm_calls import ArmCalls
from shared.azure.data_protection import DataProtection
from shared.azure.port import Gone, Rejected, VaultFacts
from shared.domain.problems import Trouble
from shared.domain.restore import Attempt, Phase, Plan, Point, Restore
from tests.kits.fakes import START, VAULT
from tests.kits.snapshots import DEPLOYMENTS, NAMES, deployment

ROOT = Path(__file__).parents[2]
INSTANCE = f"{VAULT}/backupInstances/pg-a"
ACCOUNT = f"{VAULT.partition('/providers/')[0]}/providers/Microsoft.Storage/storageAccounts/drillstore"
ARM = "https://management.azure.com"

DATA = "Microsoft.DataProtection"
CROSS = f"{DATA}/subscriptions/resourceGroups/providers/locations"
SUBSCRIPTION, GROUP = VAULT.split("/resourceGroups/")[0], VAULT.split("/providers/")[0]
# Where Azure answers with a URL to follow, it may be one of these: the vault's, a region's, the group's (cross-region).
FOLLOWED = [
    f"{VAULT}/operationStatus/one",
    f"{VAULT}/operationResults/one",
    f"{INSTANCE}/operationResults/one",
    f"{SUBSCRIPTION}/providers/{DATA}/locations/westeurope/operationStatus/one",
    f"{SUBSCRIPTION}/providers/{DATA}/locations/westeurope/operationResults/one",
    f"{GROUP}/providers/{DATA}/operationStatus/one",
]
# What clean-up and `account` targets do by ARM (docs/security.md): the account, soft delete, containers.
KEEPER = {
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Storage/storageAccounts/blobServices/read",
    "Microsoft.Storage/storageAccounts/blobServices/containers/read",
    "Microsoft.Storage/storageAccounts/blobServices/containers/write",
    "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
}
# Azure's own roles, and the file and the words in it that make the call, or that make the platform make it.
NEEDED_BY = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": ("function_app.py", "timer_trigger"),
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": ("shared/wire/queues.py", "messagettl"),
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": ("shared/storage/table_store.py", "/$batch"),
    "4633458b-17de-408a-b874-0445c86b69e6": ("infra/app.bicep", "@Microsoft.KeyVault"),
    "3913510d-42f4-4e42-8a64-420c390055eb": ("infra/app.bicep", "Authorization=AAD"),
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": ("function_app.py", '"restore-requests"'),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": ("shared/azure/request_bodies.py", "AzureBlobs"),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": ("shared/azure/request_bodies.py", "SINGLE_SERVER"),
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": ("docs/deploy.md", "az keyvault secret set"),
    "19e7f393-937e-4f77-808e-94535e297925": ("docs/runbook.md", "az storage message peek"),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": ("infra/loader.bicep", "'work', '--once'"),
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": ("infra/loader.bicep", "registries:"),
}

VAULT_IDS = [
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/flexRG/providers/Microsoft.DataProtection/backupVaults/flexVault",
    "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/geoRG/providers/Microsoft.DataProtection/backupVaults/geoVault",
]
PRINCIPALS = {f"00000000-0000-0000-0000-0000000000{end}" for end in ("a1", "b1", "b2", "c1")}


def restore(cross_region: bool) -> Restore:
    return Restore(
        id="abcdefgh-00000000000000000000000000",
        phase=Phase.VALIDATED,
        vault=VAULT,
        instance=INSTANCE,
        source="http",
        asked={},
        plan=Plan(kind="files", container="https://dumps.blob.core.windows.net/drills", location="northeurope"),
        cross_region=cross_region,
        source_region="westeurope",
        accepted_at=START,
        due=START,
        point=Point(id="p", time=START, tier="VaultStore"),
        attempts=(Attempt(number=1, request_id="r", at=START),),
    )


def action(method: str, path: str) -> str:
    """ARM's convention: the path's types, then read for GET, or the verb that a POST's path ends in."""
    kinds = path.split("/providers/")[1].split("/")
    if kinds[1] == "locations":
        return f"{CROSS}/{kinds[-1]}/action" if method == "POST" else f"{kinds[0]}/locations/{kinds[3]}/read"
    if "/resourceGroups/" in path and kinds[1] == "operationStatus":
        return f"{DATA}/subscriptions/resourceGroups/providers/operationStatus/read"
    named = [kinds[0], *kinds[1::2]]
    return "/".join(named) + "/" + {"GET": "read", "PUT": "write", "DELETE": "delete"}.get(method, "action")


def noting(seen: set[str]) -> DataProtection:
    """A client against nobody that notes the action of each call."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.add(action(request.method, request.url.path))
        return httpx.Response(200, json={"id": "x", "properties": {}})

    return DataProtection(ArmCalls(arm_over(answer), "2024-04-01", 60), lambda: "t")


def calls() -> set[str]:
    """The actions of every call of DataProtection."""
    seen: set[str] = set()
    azure = noting(seen)
    facts = VaultFacts("westeurope", "northeurope")
    here, there = restore(False), restore(True)
    made: list[Callable[[], object]] = [
        lambda: azure.vault(VAULT),
        lambda: azure.datasource(INSTANCE),
        lambda: list(azure.instances(VAULT)),
        lambda: azure.guard_requests(VAULT),
        lambda: azure.points(INSTANCE, ""),
        lambda: azure.secondary_points(INSTANCE, facts),
        *(lambda path=path: azure.operation(f"{ARM}{path}?api-version=2024-04-01", "operation") for path in FOLLOWED),
        lambda: list(azure.jobs(VAULT, None)),
        lambda: list(azure.jobs(VAULT, facts)),
        lambda: azure.container(ACCOUNT, "rd-x-1"),
        lambda: azure.make_container(ACCOUNT, "rd-x-1", {"restoredesk": "x"}),
        lambda: azure.delete_container(ACCOUNT, "rd-x-1"),
        lambda: list(azure.containers(ACCOUNT)),
        lambda: azure.soft_delete_days(ACCOUNT),
    ]
    for one in (here, there):
        made += [
            lambda one=one: azure.validate(one, 1),  # type: ignore[misc]
            lambda one=one: azure.submit(one, lambda: None),  # type: ignore[misc]
            lambda one=one: azure.job(one, "00000000-0000-0000-0000-000000000000"),  # type: ignore[misc]
        ]
    for call in made:
        with contextlib.suppress(Trouble, Gone, Rejected):  # the answers say nothing; the calls are what counts
            call()
    return seen


def actions(name: str) -> dict[str, set[str]]:
    """The actions of each role of our own, by its title."""
    return {
        re.sub(r"^Restore Desk | \w{13}$", "", one["roleName"]): set(one["permissions"][0]["actions"])
        for one in deployment(name).definitions().values()
    }


def test_each_action_of_our_roles_is_a_call_and_each_call_is_an_action() -> None:
    granted = actions("private-cross-region")
    assert set(granted) == {"Restorer", "Poller", "Cross-region"}
    made = {one for one in calls() if one.startswith(DATA)}
    assert made - set().union(*granted.values()) == set(), "a call that no role allows"
    assert set().union(*granted.values()) - made == set(), "an action that no call needs"


def test_the_keeper_manages_containers_and_reads_no_file() -> None:
    assert actions("page-loader")["Container keeper"] == KEEPER
    made = {one for one in calls() if not one.startswith(DATA)}
    assert made == KEEPER - {"Microsoft.Storage/storageAccounts/read"}, (
        "the calls of the code, and a look at the account"
    )
    for name in NAMES:
        for one in deployment(name).definitions().values():
            (permissions,) = one["permissions"]
            assert permissions["dataActions"] == []
            assert not [action for action in permissions["actions"] if "*" in action]
            assert len(one["assignableScopes"]) == 1


def test_each_role_is_given_where_its_calls_are_made() -> None:
    made = deployment("private-cross-region")
    titles = {name: one["roleName"].split(" ")[2] for name, one in made.definitions().items()}
    found = {(titles[one.role], one.scope) for one in made.assignments() if one.role in titles}
    geo = VAULT_IDS[1].split("/providers/")[0]
    assert found >= {("Restorer", vault) for vault in VAULT_IDS}
    assert found >= {("Poller", vault.split("/resourceGroups/")[0]) for vault in VAULT_IDS}
    assert ("Cross-region", geo) in found
    subscriptions = [one["assignableScopes"][0] for one in made.definitions().values()]
    assert sorted(set(subscriptions)) == sorted({vault.split("/resourceGroups/")[0] for vault in VAULT_IDS})
    assert len({one["roleName"] for one in made.definitions().values()}) == len(subscriptions), "one name a tenant"


def test_who_may_define_no_roles_gets_the_built_in_ones() -> None:
    made = deployment("second-desk")
    assert made.definitions() == {}
    on_vault = {one.role for one in made.assignments() if one.scope == VAULT_IDS[0]}
    assert on_vault == {BACKUP_OPERATOR, READER}


@pytest.mark.parametrize("name", NAMES)
def test_every_assignment_is_named_after_its_principal_and_names_are_single(name: str) -> None:
    """Named after anything else, one that is there already, or a remade identity, ends the deployment."""
    made = deployment(name)
    known = set(re.findall(r"'([0-9a-f-]{36})'", (DEPLOYMENTS / f"{name}.bicepparam").read_text()))
    for one in made.of("Microsoft.Authorization/roleAssignments"):
        principal = one["properties"]["principalId"]
        assert principal.startswith("[reference(") or principal in PRINCIPALS | known
        if principal.startswith("["):
            assert principal.strip("[]") in one["name"], one["id"]
    ids = [one["id"] for one in made.resources]
    assert len(set(ids)) == len(ids), "two of one name"


def test_a_principal_that_is_known_is_in_the_name_too() -> None:
    for path in (ROOT / "infra").glob("rbac*.bicep"):
        for one in re.findall(r"name: guid\((.+)\)$", path.read_text(), re.M):
            assert re.search(r"\b(principalId|desk|loader|sender|person\.principalId), ", one), f"{path.name}: {one}"


def test_every_built_in_role_is_there_for_a_call() -> None:
    given = {one.role for name in NAMES for one in deployment(name).assignments()}
    own = {role for name in NAMES for role in deployment(name).definitions()}
    assert given - own - {BACKUP_OPERATOR} == set(NEEDED_BY)
    for role, (file, words) in NEEDED_BY.items():
        assert words in (ROOT / file).read_text(), f"{role}: nothing in {file} needs it any more"
    for path in (ROOT / "infra").glob("*.bicep"):
        if path.name != "types.bicep":
            assert not re.search(r"'[0-9a-f]{8}-[0-9a-f]{4}-", path.read_text()), f"{path.name} names a role by itself"


def test_senders_get_the_request_queue_alone() -> None:
    sender = "00000000-0000-0000-0000-0000000000c1"
    (only,) = [one for one in deployment("one-vault").assignments() if one.principal == sender]
    assert only.scope.endswith("/queueServices/default/queues/restore-requests")
    assert only.role == "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"


def test_who_deploys_may_set_secrets_and_look_at_queues() -> None:
    person = [one for one in deployment("one-vault").assignments() if one.principal.endswith("0a1")]
    assert {one.role for one in person} == {
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "19e7f393-937e-4f77-808e-94535e297925",
    }  # fmt: skip
    assert {one.kind for one in person} == {"User"}


def test_the_loader_sees_neither_vault_nor_ledger() -> None:
    loader = [one for one in deployment("page-loader").assignments() if "id-loader-" in one.principal]
    ends = sorted(one.scope.rpartition("/")[2][:14] for one in loader)
    assert ends == ["deskimages", "restore-loads", "restore-verdic", "sttargetfyssoh"[:14]]
