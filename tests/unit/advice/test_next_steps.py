"""What a person is told to do next: for every code, with real names."""

import pytest

from local.emulator.wire.codes import CODES
from shared.advice import shell_commands
from shared.advice.next_steps import next_step
from shared.advice.remedies import REMEDIES
from shared.domain.restore import Job, Phase, Plan
from tests.kits.restores import (
    CONTAINER,
    CONTAINER_ID,
    DATABASE,
    FILES,
    FLEX_SERVER,
    IDENTITY,
    NOW,
    SERVER,
    SINGLE,
    VAULT,
    a_restore,
    an_error,
)
from tests.unit.advice.kit import failed

FLEX = "PostgreSQLFlexOperationFailedUserError"
AGAIN = "/api/restores/01JC00000000000000000RESTORE/again"
OBJECT = "5f2f6f0a-9f43-4a52-8f0e-6a1b3f1f0abc"
DENIED = f"The client 'x' with object id '{OBJECT}' does not have authorization to perform action 'a' over scope 's'."

# code, plan, inner code, and what must stand in the step: the names, the role, the scope
EXPECTED: list[tuple[str, Plan, str | None, list[str]]] = [
    ("UserErrorRestoreToLowerVersion", DATABASE, None, [SERVER, "properties.version"]),
    ("UserErrorDatabaseNameAlreadyInUse", DATABASE, None, ['ALTER DATABASE "emp21" RENAME TO "emp21_old";', SERVER]),
    ("UserErrorMSIMissingPermissions", DATABASE, None, [VAULT, shell_commands.READER, f"--scope {SERVER}"]),
    ("UserErrorMSIMissingPermissions", FILES, None, [shell_commands.LONG_TERM_RETENTION, FLEX_SERVER, CONTAINER_ID]),
    (
        "UserErrorContainerNotAccessible",
        FILES,
        None,
        [VAULT, shell_commands.BLOB_CONTRIBUTOR, f"--scope {CONTAINER_ID}"],
    ),
    ("UserErrorMissingNetworkSecurityPermissions", DATABASE, None, [f"{SERVER}/firewallRules", "publicNetworkAccess"]),
    ("UserErrorDBUserAuthFailed", DATABASE, None, ["--vault-name desk-kv --name dbauth3"]),
    ("UserErrorInvalidSecret", DATABASE, None, ["--vault-name desk-kv --name dbauth3"]),
    ("UserErrorInvalidSecretStore", DATABASE, None, ["keyvault show --name desk-kv", shell_commands.SECRETS_USER]),
    (
        "UserErrorMissingPermissionsOnSecretStore",
        DATABASE,
        None,
        [shell_commands.SECRETS_USER, "set-policy --name desk-kv"],
    ),
    ("UserErrorSecretValueInUnsupportedFormat", DATABASE, None, ["ADO.NET", "@target-server", "--name dbauth3"]),
    ("UserErrorMissingDBPermissions", DATABASE, None, ["GRANT azure_pg_admin", "CREATEDB", SERVER]),
    ("UserErrorBackupUserAuthFailed", DATABASE, None, ['CREATE ROLE "pgVault" WITH LOGIN', SERVER]),
    ("UserErrorDBNotFound", DATABASE, None, [SINGLE.id, SERVER]),
    ("UserErrorServerConnectionClosed", DATABASE, None, ["a transient error", "act-1"]),
    ("UserErrorMaxConcurrentOperationLimitReached", FILES, None, ["--vault-name pgVault", "InProgress"]),
    (FLEX, FILES, "ServerNotReadyForLongTermBackup", [FLEX_SERVER, "Ready"]),
    (FLEX, FILES, "ResourceGroupNotFound", [FLEX_SERVER, "stop its protection"]),
    (FLEX, FILES, "ResourceNotFound", [FLEX_SERVER, "stop its protection"]),
    (
        FLEX,
        FILES,
        "AuthorizationFailed",
        [VAULT, shell_commands.LONG_TERM_RETENTION, shell_commands.READER, FLEX_SERVER],
    ),
    ("UserErrorGenericResourceNotFound", FILES, None, [VAULT, "/recoveryPoints/"]),
    ("ResourceGroupNotFound", FILES, None, ["--name vaultRG", "--name targetRG"]),
    (
        "AuthorizationFailed",
        FILES,
        None,
        [shell_commands.BACKUP_OPERATOR, shell_commands.READER, f"--scope {VAULT}", "$DESK_IDENTITY"],
    ),
    ("DppPluginInvalidInputParameters", FILES, None, ["recovery point", "act-1"]),
    ("BMSUserErrorInvalidInput", FILES, None, ["recovery point", "act-1"]),
    ("CloudInvalidInputError", FILES, None, ["recovery point", "act-1"]),
    ("CloudInternalError", FILES, None, ["wait some minutes", "act-1"]),
    ("UserErrorMissingSubscriptionRegistration", FILES, None, ["provider register", "Microsoft.DataProtection"]),
    ("UserErrorDppDatasourceAlreadyHasBackupInstance", FILES, None, ["--vault-name pgVault", "desk.toml"]),
    ("UserErrorCrossRegionRestoreStateChangeNotAllowed", FILES, None, [VAULT, "crossRegionRestoreSettings"]),
    ("UserErrorInvalidRestorableTimeRange", FILES, None, ['"recoveryPoint": "latest"']),
    (
        "UserErrorResourceGuardApprovalRequired",
        FILES,
        None,
        ['"resourceGuardRequests": "auto"}', "DppResourceGuardProxy"],
    ),
    ("UserErrorSystemIdentityNotEnabledWithVault", FILES, None, ["identity.type=SystemAssigned", VAULT]),
    ("UserErrorUserIdentityNotFoundOrNotAssociatedWithVault", FILES, None, [VAULT, "desk.toml"]),
    ("UserErrorStorageAccountKeyAccessDisallowed", FILES, None, ["--allow-shared-key-access true", "drillaccount"]),
    ("UserErrorRestorePointNotFound", FILES, None, ["/api/instances/pg-prod-01/recovery-points"]),
    ("UserErrorRestorePointNotFoundInBackupVault", FILES, None, ["/api/instances/pg-prod-01/recovery-points"]),
    ("UserErrorStorageAccountInLockedState", FILES, None, ["az lock list", "storageAccounts/drillaccount -o"]),
    ("UserErrorAzureResourceNotFoundByPlugin", FILES, None, [VAULT, "/recoveryPoints/"]),
    ("UserErrorImmutabilityPolicyConfigured", FILES, None, ["immutability-policy show", "--container-name drills"]),
    ("UserErrorCrossTenantOrsPolicyDisabled", FILES, None, ["--allow-cross-tenant-replication true", "drillaccount"]),
    ("UserErrorMissingRequiredPermissions", FILES, None, [shell_commands.LONG_TERM_RETENTION, CONTAINER_ID]),
    ("Cancelled", FILES, None, ["cancelled the job"]),
]


@pytest.mark.parametrize(
    ("code", "plan", "inner", "names"), EXPECTED, ids=[f"{c}/{i or p.kind}" for c, p, i, _ in EXPECTED]
)
def test_every_code_has_its_steps(code: str, plan: Plan, inner: str | None, names: list[str]) -> None:
    said = failed(code, plan, inner)
    assert [name for name in names if name not in said] == []
    assert AGAIN in said


def test_the_table_and_these_tests_know_the_same_codes() -> None:
    tried = {f"{code}/{inner}".lower() if inner else code.lower() for code, _, inner, _ in EXPECTED}
    assert set(REMEDIES) - tried <= {"canceled", "resourcenotfound", "linkedauthorizationfailed"}
    documented = {name.lower() for name in CODES} - set(REMEDIES)
    assert not [name for name in documented if name.startswith(FLEX.lower())]


@pytest.mark.parametrize("name", list(CODES))
def test_every_code_that_the_emulator_can_answer_ends_in_a_step(name: str) -> None:
    code, _, inner = name.partition("/")
    for plan in (FILES, DATABASE):
        assert AGAIN in failed(code, plan, inner or None)


def test_arms_403_names_the_identity_that_lacks_the_role() -> None:
    said = failed("AuthorizationFailed", message=DENIED)
    assert f"--assignee-object-id {OBJECT}" in said
    assert "DESK_IDENTITY" not in said


def test_the_provider_to_register_is_the_one_that_azure_names() -> None:
    said = failed("UserErrorMissingSubscriptionRegistration", message="use namespace ‘Microsoft.Storage’.")
    assert "--namespace Microsoft.Storage " in said


def test_a_vault_with_an_identity_of_its_users_is_asked_for_that_one() -> None:
    said = failed("UserErrorContainerNotAccessible", FILES.model_copy(update={"identity": IDENTITY}))
    assert f"az identity show --ids {IDENTITY}" in said


def test_a_container_without_an_id_is_looked_up_by_its_account() -> None:
    said = failed("UserErrorContainerNotAccessible", Plan(kind="files", container=CONTAINER))
    assert '--scope "$(az storage account show --name drillaccount --query id -o tsv)"' in said


def test_an_unknown_code_falls_back_on_azures_own_advice() -> None:
    error = an_error("UserErrorOfNextYear", recommended_action=("Turn it off.", "Turn it on."))
    said = next_step(a_restore(Phase.FAILED, error=error)) or ""
    assert "Turn it off. Turn it on" in said
    assert AGAIN in said


def test_delivered_files_are_no_database_yet() -> None:
    said = next_step(a_restore(Phase.SUCCEEDED, outcome="filesDelivered", datasource=SINGLE)) or ""
    for words in (CONTAINER, "are the files of the database", "not loaded anywhere yet", "pg_restore", "psql", "PGDMP"):
        assert words in said
    assert "_roles.sql" not in said  # a Single Server's backup has none
    assert "--prefix pg-prod-01-01JC00000000000000000RESTORE-1_ " in said


def test_a_flexible_servers_files_are_listed_without_the_prefix_that_azure_may_ignore() -> None:
    said = next_step(a_restore(Phase.SUCCEEDED, outcome="filesDelivered")) or ""
    assert "--prefix" not in said
    assert "files of all databases of the server" in said
    assert "_roles.sql" in said


def test_files_in_a_container_of_their_own_are_all_of_it_and_the_desk_deletes_them() -> None:
    plan = FILES.model_copy(update={"account": "/x/storageAccounts/drillstore", "keep_hours": 72.0})
    job = Job(id="j", status="Completed", started=NOW)
    said = next_step(a_restore(Phase.SUCCEEDED, outcome="filesDelivered", plan=plan, job=job)) or ""
    assert "creationTime>=" not in said
    assert "storage blob delete" not in said
    assert "deletes this container 72 h after the restore ended" in said
    assert '/cleanup -H "x-functions-key: $DESK_KEY"' in said


def test_a_clean_up_that_failed_has_a_step_of_its_own() -> None:
    said = next_step(a_restore(Phase.SUCCEEDED, outcome="filesDelivered"), "cleanupFailed") or ""
    assert "/cleanup -H" in said
    assert "pg_restore" not in said


def test_a_created_database_lacks_roles_and_grants() -> None:
    done = a_restore(Phase.SUCCEEDED, outcome="databaseCreated", plan=DATABASE, datasource=SINGLE)
    said = next_step(done) or ""
    assert "It has no roles and grants" in said
    assert "emp21" in said


def test_a_dry_run_says_what_validation_cannot_prove() -> None:
    said = next_step(a_restore(Phase.CHECKED)) or ""
    assert "cannot prove that the vault's identity may write there" in said
    assert f"--scope {CONTAINER_ID}" in said
    assert "without dryRun" in said


def test_refused_withdrawn_and_lost() -> None:
    refused = a_restore(Phase.REFUSED, error=an_error("NoRecoveryPoint", recommended_action=("Choose another.",)))
    assert "Choose another" in (next_step(refused) or "")
    assert AGAIN in (next_step(refused) or "")
    unread = a_restore(Phase.REFUSED, vault="", error=an_error("RequestRefused"))
    assert AGAIN not in (next_step(unread) or "")
    assert "with the same key" in (next_step(unread) or "")
    taken = an_error("RequestRefused", message="idempotencyKey: this key came before with another request")
    assert "with a new key" in (next_step(a_restore(Phase.REFUSED, vault="", error=taken)) or "")
    assert AGAIN in (next_step(a_restore(Phase.WITHDRAWN)) or "")
    lost = next_step(a_restore(Phase.LOST)) or ""
    assert "--vault-name pgVault" in lost
    assert all(f'"resolution": "{way}"' in lost for way in ("adopt", "resubmit", "close"))


def test_an_overdue_job_is_shown_and_what_is_on_its_way_needs_nothing() -> None:
    job = Job(id="j-1", status="InProgress")
    overdue = next_step(a_restore(Phase.RESTORING, job=job, overdue_at=NOW)) or ""
    assert "--job-id j-1" in overdue
    for phase in (
        Phase.ACCEPTED,
        Phase.VALIDATING,
        Phase.VALIDATED,
        Phase.SUBMITTING,
        Phase.SUBMITTED,
        Phase.RESTORING,
    ):
        assert next_step(a_restore(phase)) is None
