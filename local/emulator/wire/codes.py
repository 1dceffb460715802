"""The error codes of a PostgreSQL restore: what each says, what it advises, and whether Azure's own words are known."""

from dataclasses import dataclass
from typing import Final, Literal

Origin = Literal["service", "gateway", "bare"]


@dataclass(frozen=True, slots=True)
class Code:
    """`quoted`: the message is Azure's own; if not, the answer says so. `bare`: sent without additionalInfo."""

    name: str
    message: str
    action: str = ""
    status: int = 400
    quoted: bool = False
    inner: str = ""
    origin: Origin = "service"


_FLEX = "PostgreSQLFlexOperationFailedUserError"
_BUSY = (
    "Unable to start the operation as maximum number of allowed concurrent operations has reached "
    "for this operation type."
)
_NOT_FOUND = (
    "Azure resource does not exist. Please make sure required resources exist. "
    "If the issue persists, contact Microsoft support."
)
_RETRY_INPUTS = (
    "Please retry after some time with correct inputs. Reach out to the Azure Backup support if the issue persists. "
)
_WAIT = (
    "Wait for a few minutes and then try the operation again. If the issue persists, please contact Microsoft support."
)
_LOWER = "Restoring backups of a higher PostgreSQL version to a lower version is not supported."
_TAKEN = "The name given for the restored database already exists and hence the restore operation failed."
_CREDENTIALS = (
    "Ensure that the credentials stored as part of the secret value in the key vault are valid. "
    "Ensure that the specified database user has login access."
)
_CLOSED = "The operation failed because the server closed the connection unexpectedly."
_INVALID = (
    'The current operation failed due to an internal service error "Invalid input error". '
    "Please retry the operation after some time."
)
_FORBIDDEN = (
    "The client does not have authorization to perform action over scope or the scope is invalid. "
    "If access was recently granted, please refresh your credentials."
)
_REGION_STATE = "CrossRegionRestore state cannot be changed from Enabled to Disabled."
_SUPPORT = "Please contact Microsoft Support if this is not expected."


def _advice(name: str, action: str) -> Code:
    """The documentation gives the action only, so it stands for the message too."""
    return Code(name, action, action)


_DOCUMENTED = (
    Code(
        "UserErrorRestoreToLowerVersion",
        _LOWER,
        "Restore to the same or a higher PostgreSQL version from which the backup was taken.",
        quoted=True,
    ),
    Code(
        "UserErrorDatabaseNameAlreadyInUse", _TAKEN, "Retry the restore operation with a different name.", quoted=True
    ),
    _advice(
        "UserErrorMSIMissingPermissions",
        "Give Backup Vault MSI **Read** access on the PG server you want to back up or restore.",
    ),
    _advice(
        "UserErrorContainerNotAccessible",
        "Assign Storage Blob Data Contributor to the vault's identity on the account or container.",
    ),
    _advice(
        "UserErrorMissingNetworkSecurityPermissions",
        'Enable "Allow access to Azure services" and set "Deny public network access" to No on the server.',
    ),
    _advice("UserErrorDBUserAuthFailed", _CREDENTIALS),
    _advice("UserErrorInvalidSecret", "Ensure that the specified secret name is present in the key vault."),
    _advice(
        "UserErrorInvalidSecretStore", "Ensure that the given key vault exists and the backup service is given access"
    ),
    _advice("UserErrorMissingPermissionsOnSecretStore", "Ensure that backup vault's MSI is given access to key vault"),
    _advice("UserErrorSecretValueInUnsupportedFormat", "Store an ADO.NET connection string as the secret's value."),
    _advice("UserErrorMissingDBPermissions", "Grant the needed privileges to the database user in the secret."),
    _advice("UserErrorBackupUserAuthFailed", "Create a backup user that can authenticate with Microsoft Entra ID."),
    _advice("UserErrorDBNotFound", "Ensure that the database and the relevant server exist."),
    Code(
        "UserErrorServerConnectionClosed",
        _CLOSED,
        "Retry the operation and if the error still persists, please contact Microsoft Support.",
        quoted=True,
    ),
    Code(
        "UserErrorMaxConcurrentOperationLimitReached",
        _BUSY,
        "Please wait until previous operation(s) complete.",
        quoted=True,
    ),
    Code(
        _FLEX,
        "Resource isn't in a valid state to perform the backup operation.",
        'Check that the server\'s state is "Ready".',
        quoted=True,
        inner="ServerNotReadyForLongTermBackup",
    ),
    Code(_FLEX, "Resource group isn't found.", "Stop protection.", quoted=True, inner="ResourceGroupNotFound"),
    Code(_FLEX, "Resource isn't found.", "Stop protection.", quoted=True, inner="ResourceNotFound"),
    Code(
        _FLEX,
        "Required permissions aren't present to perform the backup operation.",
        "Assign the permissions and trigger the operation again.",
        quoted=True,
        inner="AuthorizationFailed",
    ),
    Code("UserErrorGenericResourceNotFound", _NOT_FOUND, status=404, quoted=True, origin="bare"),
    Code("ResourceGroupNotFound", "Resource group could not be found.", status=404, origin="gateway"),
    Code("AuthorizationFailed", _FORBIDDEN, status=403, origin="gateway"),
    Code("DppPluginInvalidInputParameters", "Invalid inputs from caller.", _RETRY_INPUTS, quoted=True),
    Code("BMSUserErrorInvalidInput", "Input provided for the call is invalid", quoted=True),
    Code("CloudInvalidInputError", _INVALID, _WAIT),
    Code("CloudInternalError", "Microsoft Azure Backup encountered an internal error.", _WAIT, status=500, quoted=True),
    Code(
        "UserErrorMissingSubscriptionRegistration",
        "The subscription is not registered to use namespace ‘Microsoft.Compute’.",
        "Register the resource provider in the subscription.",
        quoted=True,
    ),
    Code(
        "UserErrorDppDatasourceAlreadyHasBackupInstance",
        "Datasource is already associated with a backup instance in another Backup vault.",
        "Delete the backup instance to re-protect the datasource in any other vault",
    ),
    Code("UserErrorCrossRegionRestoreStateChangeNotAllowed", _REGION_STATE, _SUPPORT, quoted=True),
    Code(
        "UserErrorInvalidRestorableTimeRange",
        "The given time range is invalid",
        "Please ensure that the given time range in the request is valid",
        quoted=True,
    ),
)

# Named on Microsoft's pages of 2025; their texts are not known here, so every answer is marked synthetic.
_NAMED = (
    _advice("UserErrorSystemIdentityNotEnabledWithVault", "Enable the vault's system-assigned identity."),
    _advice("UserErrorUserIdentityNotFoundOrNotAssociatedWithVault", "Assign the user identity to the vault."),
    _advice("UserErrorStorageAccountKeyAccessDisallowed", "Allow storage account key access."),
    _advice("UserErrorRestorePointNotFound", "Choose a recovery point that exists."),
    _advice("UserErrorRestorePointNotFoundInBackupVault", "Choose a recovery point of the Backup vault."),
    _advice("UserErrorStorageAccountInLockedState", "Remove the lock of the storage account."),
    _advice("UserErrorAzureResourceNotFoundByPlugin", "Make sure that the resource exists."),
    _advice("UserErrorImmutabilityPolicyConfigured", "Use a container without an immutability policy."),
    _advice("UserErrorCrossTenantOrsPolicyDisabled", "Allow cross-tenant replication on the storage account."),
    _advice("UserErrorMissingRequiredPermissions", "Assign the permissions to the vault's identity."),
)

# No source names Azure's codes for these refusals: the names are this emulator's and every answer is marked synthetic.
_SYNTHETIC = (
    _advice(
        "UserErrorRestoreTargetNotSupported", "Restore a flexible server as files: it has no restore as a database."
    ),
    _advice("UserErrorArchiveNotSupported", "Restore a flexible server from VaultStore: it has no archive tier."),
    _advice("UserErrorRehydrationRequired", "Restore from ArchiveStore with AzureBackupRestoreWithRehydrationRequest."),
    _advice("UserErrorInvalidRehydrationDuration", "Give rehydrationRetentionDuration as P10D to P30D."),
    _advice(
        "UserErrorRecoveryPointNotInDataStore",
        "Name a data store that holds the recovery point as sourceDataStoreType.",
    ),
    _advice("UserErrorRecoveryPointExpired", "Choose a recovery point that has not expired."),
    _advice("UserErrorRestoreFrequencyExceeded", "Restore a flexible server once a day at most."),
    _advice("UserErrorVaultIdentityNotFound", "Name an identity of the vault in identityDetails."),
    _advice(
        "UserErrorCrossRegionRestoreNotEnabled",
        "Enable cross-region restore on the vault and use its secondary region.",
    ),
    Code(
        "UserErrorResourceGuardApprovalRequired",
        "The restore is protected by a Resource Guard.",
        "Send the guard's dppTriggerRestoreRequests/default in resourceGuardOperationRequests.",
        status=403,
    ),
)

CODES: Final = {
    (f"{code.name}/{code.inner}" if code.inner else code.name): code for code in (*_DOCUMENTED, *_NAMED, *_SYNTHETIC)
}
