"""infra/rbac.bicep: every call of the code has its role, and every role is there for a call."""

import contextlib
import fnmatch
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from shared.azure.arm_calls import ArmCalls
from shared.azure.arm_client import TokenAuth, arm_client
from shared.azure.data_protection import DataProtection
from shared.azure.port import Gone, Rejected, VaultFacts
from shared.domain.problems import Trouble
from shared.domain.restore import Attempt, Phase, Plan, Point, Restore
from tests.kits.fakes import START, VAULT

ROOT = Path(__file__).parents[2]
RBAC = (ROOT / "infra/rbac.bicep").read_text()
ROLES = dict(re.findall(r"^  (\w+): '([0-9a-f-]{36})'", RBAC, re.M))
INSTANCE = f"{VAULT}/backupInstances/pg-a"
OPERATION = f"https://management.azure.com{VAULT}/operationStatus/one?api-version=2024-04-01"

# From the published role definitions: what of them our calls touch.
DATA = "Microsoft.DataProtection"
CROSS = f"{DATA}/subscriptions/resourceGroups/providers/locations"
GRANTS = {
    "Reader": ["*/read"],
    "BackupOperator": [
        f"{DATA}/backupVaults/read",
        f"{DATA}/backupVaults/backupInstances/read",
        f"{DATA}/backupVaults/backupInstances/recoveryPoints/read",
        f"{DATA}/backupVaults/backupInstances/validateRestore/action",
        f"{DATA}/backupVaults/backupInstances/restore/action",
        f"{DATA}/backupVaults/operationStatus/read",
        f"{CROSS}/fetchSecondaryRecoveryPoints/action",
        f"{CROSS}/validateCrossRegionRestore/action",
        f"{CROSS}/crossRegionRestore/action",
        f"{CROSS}/fetchCrossRegionRestoreJob/action",
        f"{CROSS}/fetchCrossRegionRestoreJobs/action",
    ],
}
# The roles beside the vaults': the file and the words in it that make the call, or that make the platform make it.
NEEDED_BY = {
    "StorageBlobDataOwner": ("function_app.py", "timer_trigger"),
    "StorageQueueDataContributor": ("shared/storage/wake_queue.py", "send_message"),
    "StorageTableDataContributor": ("shared/storage/table_store.py", "submit_transaction"),
    "KeyVaultSecretsUser": ("infra/app.bicep", "@Microsoft.KeyVault"),
    "MonitoringMetricsPublisher": ("infra/app.bicep", "Authorization=AAD"),
    "StorageQueueDataMessageSender": ("function_app.py", '"restore-requests"'),
    "StorageBlobDataContributor": ("shared/azure/request_bodies.py", "AzureBlobs"),
}
GUIDS = {
    "StorageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "StorageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "StorageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "KeyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
    "MonitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "BackupOperator": "00c29273-979b-4161-815c-10b084fb9324",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "StorageQueueDataMessageSender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "StorageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
}


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
        return f"{CROSS}/{kinds[-1]}/action"
    named = [kinds[0], *kinds[1::2]]
    return "/".join(named) + ("/read" if method == "GET" else "/action")


def calls() -> set[str]:
    """Every call of DataProtection, made against nobody."""
    seen: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.add(action(request.method, request.url.path))
        return httpx.Response(200, json={"id": "x", "properties": {}})

    def client(keep_alive: bool) -> httpx.Client:
        made = arm_client(
            "https://management.azure.com", TokenAuth(lambda: "t", lambda: None), 60, keep_alive=keep_alive
        )
        made._transport = httpx.MockTransport(answer)
        return made

    azure = DataProtection(ArmCalls(client(True), client(False), "2024-04-01", 60), lambda: "t")
    facts = VaultFacts("westeurope", "northeurope")
    here, there = restore(False), restore(True)
    made: list[Callable[[], object]] = [
        lambda: azure.vault(VAULT),
        lambda: azure.datasource(INSTANCE),
        lambda: list(azure.instances(VAULT)),
        lambda: azure.guard_requests(VAULT),
        lambda: azure.points(INSTANCE, ""),
        lambda: azure.secondary_points(INSTANCE, facts),
        lambda: azure.operation(OPERATION, "operation"),
        lambda: list(azure.jobs(VAULT, None)),
        lambda: list(azure.jobs(VAULT, facts)),
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


def granted(role: str, wanted: str) -> bool:
    return any(fnmatch.fnmatchcase(wanted.lower(), pattern.lower()) for pattern in GRANTS[role])


def test_every_call_to_azure_is_granted_on_the_vaults() -> None:
    made = calls()
    assert len(made) >= 13
    assert not [one for one in made if not any(granted(role, one) for role in GRANTS)]


@pytest.mark.parametrize(("role", "other"), [("BackupOperator", "Reader"), ("Reader", "BackupOperator")])
def test_neither_vault_role_can_go(role: str, other: str) -> None:
    assert [one for one in calls() if granted(role, one) and not granted(other, one)]
    assert f"roles.{role}" in RBAC


def test_every_other_role_is_there_for_a_call() -> None:
    assert set(ROLES) == set(NEEDED_BY) | set(GRANTS)
    for role, (file, words) in NEEDED_BY.items():
        assert words in (ROOT / file).read_text(), f"{role}: nothing in {file} needs it any more"
        assert f"roles.{role}" in RBAC.replace(f"  {role}:", ""), f"{role} is given to nobody"


def test_roles_stand_in_one_file_under_their_names() -> None:
    assert ROLES == GUIDS
    for path in (ROOT / "infra").glob("*.bicep"):
        if path.name != "rbac.bicep":
            assert not re.search(r"'[0-9a-f]{8}-[0-9a-f]{4}-", path.read_text()), f"{path.name} names a role by itself"


def test_senders_get_the_request_queue_alone() -> None:
    block = RBAC.split("resource senderRoles", 1)[1].split("\n]", 1)[0]
    assert "scope: storage::queues::requests\n" in block
    assert "StorageQueueDataMessageSender" in block
