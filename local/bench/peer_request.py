"""The restore that the peer asks for: the one that the desk asks for too."""

from azure.mgmt.dataprotection import models

type Asked = models.AzureBackupRecoveryPointBasedRestoreRequest


def asked_for(point: str, prefix: str, location: str, container: str) -> Asked:
    """As files, into a container."""
    details = models.TargetDetails(file_prefix=prefix, restore_target_location_type="AzureBlobs", url=container)
    target = models.RestoreFilesTargetInfo(
        recovery_option="FailIfExists", restore_location=location, target_details=details
    )
    return models.AzureBackupRecoveryPointBasedRestoreRequest(
        recovery_point_id=point, source_data_store_type="VaultStore", restore_target_info=target
    )
