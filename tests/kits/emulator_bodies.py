"""The bodies of Azure's Data Protection API as seen on the wire: names and types, for comparison."""

TEXT, NUMBER, FLAG, NONE = "text", "number", "flag", "null"

STORE = {
    "id": TEXT,
    "type": TEXT,
    "creationTime": TEXT,
    "expiryTime": NONE,
    "metaData": NONE,
    "visible": FLAG,
    "state": TEXT,
    "rehydrationExpiryTime": NONE,
    "rehydrationStatus": NONE,
}
POINT = {
    "properties": {
        "objectType": TEXT,
        "recoveryPointId": TEXT,
        "recoveryPointTime": TEXT,
        "recoveryPointType": TEXT,
        "friendlyName": TEXT,
        "recoveryPointDataStoresDetails": [STORE],
        "retentionTagName": TEXT,
        "retentionTagVersion": TEXT,
        "policyName": TEXT,
        "policyVersion": NONE,
        "expiryTime": NONE,
        "recoveryPointState": TEXT,
    },
    "id": TEXT,
    "name": TEXT,
    "type": TEXT,
}
RUNNING = {"id": TEXT, "name": TEXT, "status": TEXT, "startTime": TEXT, "endTime": TEXT}
RESULT = {"jobId": TEXT, "objectType": TEXT}
ERROR = {
    "additionalInfo": [
        {
            "type": TEXT,
            "info": {
                "message": TEXT,
                "recommendedAction": [TEXT],
                "code": TEXT,
                "target": TEXT,
                "isRetryable": FLAG,
                "isUserError": FLAG,
                "properties": {"ActivityId": TEXT},
            },
        }
    ],
    "code": TEXT,
    "message": TEXT,
}
LISTED_JOB = {
    "activityID": TEXT,
    "subscriptionId": TEXT,
    "backupInstanceId": TEXT,
    "policyId": TEXT,
    "dataSourceId": TEXT,
    "vaultName": TEXT,
    "backupInstanceFriendlyName": TEXT,
    "policyName": TEXT,
    "sourceResourceGroup": TEXT,
    "dataSourceSetName": NONE,
    "dataSourceName": TEXT,
    "sourceDataStoreName": NONE,
    "sourceDataStoreType": TEXT,
    "destinationDataStoreName": NONE,
    "progressEnabled": FLAG,
    "etag": TEXT,
    "sourceSubscriptionID": TEXT,
    "dataSourceLocation": TEXT,
    "startTime": TEXT,
    "endTime": NONE,
    "dataSourceType": TEXT,
    "operationCategory": TEXT,
    "operation": TEXT,
    "status": TEXT,
    "restoreType": NONE,
    "isUserTriggered": FLAG,
    "rehydrationPriority": NONE,
    "supportedActions": [TEXT],
    "duration": TEXT,
    "progressUrl": NONE,
    "isCrossRegionRestore": NONE,
    "errorDetails": NONE,
    "extendedInfo": NONE,
}
SOURCE_POINT = {"recoveryPointID": TEXT, "recoveryPointTime": TEXT}
TASK = {"taskId": NUMBER, "taskName": TEXT, "taskStatus": TEXT, "taskProgress": NONE, "additionalDetails": NONE}
DONE_TASK = TASK | {"additionalDetails": {"DataTransferredInBytes": TEXT, "TaskId": TEXT, "DatasourceType": TEXT}}
EXTENDED = {
    "backupInstanceState": NONE,
    "dataTransferredInBytes": NONE,
    "targetRecoverPoint": NONE,
    "sourceRecoverPoint": SOURCE_POINT,
    "recoveryDestination": TEXT,
    "subTasks": [TASK],
    "additionalDetails": {"Restore File Prefix": TEXT},
    "warningDetails": NONE,
}
RUNNING_JOB = LISTED_JOB | {"extendedInfo": EXTENDED}
DONE_JOB = LISTED_JOB | {"endTime": TEXT, "extendedInfo": EXTENDED | {"subTasks": [DONE_TASK]}}
NEVER_NULL = {name: kind for name, kind in LISTED_JOB.items() if kind != NONE and name != "sourceDataStoreType"}
REGION_JOB = NEVER_NULL | {
    "dataSourceSetName": TEXT,
    "extendedInfo": {
        "sourceRecoverPoint": SOURCE_POINT,
        "recoveryDestination": TEXT,
        "subTasks": [{"taskId": NUMBER, "taskName": TEXT, "taskStatus": TEXT}],
    },
}


def shape(value: object) -> object:
    """A list is known by its last element."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[-1:]]
    if isinstance(value, bool):
        return FLAG
    return NONE if value is None else TEXT if isinstance(value, str) else NUMBER
