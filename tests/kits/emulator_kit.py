"""What the tests of the emulator share: a clock to turn, a plain client, and the requests they send."""

from pathlib import Path
from typing import Any

import httpx

from local.emulator import Emulator, Options
from local.emulator.world import ticks
from local.emulator.world.seed import Instance, Seed, Vault
from local.emulator.world.worlds import default_seed

type Json = dict[str, Any]

API = "2024-04-01"
WORLD = default_seed()
SINGLES, FLEX, GEO, GUARDED, SILENT = WORLD.vaults
EMPDB = SINGLES.instances[0]
PG = FLEX.instances[0]
CONTAINER = "https://testossstorageaccount.blob.core.windows.net/drills"


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = ticks.now()

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += int(seconds * ticks.SECOND)


class Azure:
    """An emulator with a turnable clock and the calls a client makes."""

    def __init__(self, folder: Path, seed: Seed | None = None, **options: Any) -> None:
        self.clock = Clock()
        self._blobs = (str(options["blobs"]), str(options["blobs_key"])) if "blobs" in options else None
        self.emulator = Emulator(Options(state=folder, **options), seed, clock=self.clock)
        self.http = httpx.Client(base_url=self.emulator.url, headers={"Authorization": "Bearer token"}, timeout=5)

    def __enter__(self) -> "Azure":
        self.emulator.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.emulator.stop()

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.http.get(path, params={"api-version": API, **query})

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, params={"api-version": API}, json=body, headers=named)

    def points(self, vault: Vault, instance: Instance) -> list[Json]:
        found: list[Json] = self.get(f"{instance_path(vault, instance)}/recoveryPoints").json()["value"]
        return found

    def newest(self, vault: Vault, instance: Instance) -> str:
        """Of those that may be restored from the vault store."""
        return next(str(each["name"]) for each in self.points(vault, instance) if usable(each))

    def validate(self, vault: Vault, instance: Instance, body: Json) -> Json:
        """To its end: the last operation status."""
        answer = self.post(f"{instance_path(vault, instance)}/validateRestore", {"restoreRequestObject": body})
        assert answer.status_code == 202, answer.text
        return self.followed(answer, 45)

    def restore(self, vault: Vault, instance: Instance, body: Json, **headers: str) -> str:
        """Through its operation: the id of the job."""
        answer = self.post(f"{instance_path(vault, instance)}/restore", body, **headers)
        assert answer.status_code == 202, answer.text
        return str(self.followed(answer, 3)["properties"]["jobId"]).rpartition("/")[2]

    def job(self, vault: Vault, job: str) -> Json:
        found: Json = self.get(f"{vault_path(vault)}/backupJobs/{job}").json()
        return found

    def followed(self, accepted: httpx.Response, seconds: float) -> Json:
        url = accepted.headers["Azure-AsyncOperation"]
        assert self.http.get(url).json()["status"] == "Inprogress"
        self.clock.forward(seconds)
        ended: Json = self.http.get(url).json()
        return ended

    def fault(self, fault: Json, **match: object) -> None:
        answer = self.http.post("/_emulator/faults", json={"match": match, "fault": fault})
        assert answer.status_code == 201, answer.text

    def emulator_containers(self) -> tuple[str, str] | None:
        """Where Azurite keeps the files, and its key; None where only names are kept."""
        return self._blobs

    def calls(self) -> list[Json]:
        found: list[Json] = self.http.get("/_emulator/calls").json()
        return found

    def reset(self) -> None:
        assert self.http.post("/_emulator/reset").status_code == 204


def usable(point: Json) -> bool:
    store = point["properties"]["recoveryPointDataStoresDetails"][0]
    expiry = store["expiryTime"] or ticks.full(ticks.now() + ticks.DAY)
    complete = point["properties"]["recoveryPointState"] == "Completed"
    return complete and store["visible"] and store["type"] == "VaultStore" and expiry > ticks.full(ticks.now())


def vault_path(vault: Vault) -> str:
    return WORLD.vault_id(vault)


def instance_path(vault: Vault, instance: Instance) -> str:
    return f"{vault_path(vault)}/backupInstances/{instance.name}"


def as_files(point: str, prefix: str = "drill", **more: Any) -> Json:
    return {
        "objectType": "AzureBackupRecoveryPointBasedRestoreRequest",
        "recoveryPointId": point,
        "sourceDataStoreType": "VaultStore",
        "restoreTargetInfo": {
            "objectType": "RestoreFilesTargetInfo",
            "recoveryOption": "FailIfExists",
            "restoreLocation": "westus",
            "targetDetails": {"filePrefix": prefix, "restoreTargetLocationType": "AzureBlobs", "url": CONTAINER},
        },
        **more,
    }


def from_archive(point: str, **more: Any) -> Json:
    archived = {
        "objectType": "AzureBackupRestoreWithRehydrationRequest",
        "sourceDataStoreType": "ArchiveStore",
        "rehydrationPriority": "Standard",
        "rehydrationRetentionDuration": "P15D",
    }
    return as_files(point, **(archived | more))


def as_database(point: str, database: str, location: str = "westus") -> Json:
    group = f"/subscriptions/{WORLD.subscription}/resourceGroups/targetrg/providers/Microsoft.DBforPostgreSQL"
    server = f"{group}/servers/targetossserver"
    kind = "Microsoft.DBforPostgreSQL/servers/databases"
    secret = {"secretStoreType": "AzureKeyVault", "uri": "https://kv.vault.azure.net/secrets/dbauth3", "value": None}
    return {
        "objectType": "AzureBackupRecoveryPointBasedRestoreRequest",
        "recoveryPointId": point,
        "sourceDataStoreType": "VaultStore",
        "restoreTargetInfo": {
            "objectType": "RestoreTargetInfo",
            "recoveryOption": "FailIfExists",
            "restoreLocation": location,
            "datasourceInfo": {
                "objectType": "Datasource",
                "resourceID": f"{server}/databases/{database}",
                "resourceName": database,
                "resourceType": kind,
                "resourceLocation": location,
                "resourceUri": "",
                "datasourceType": kind,
            },
            "datasourceSetInfo": {
                "objectType": "DatasourceSet",
                "resourceID": server,
                "resourceName": "targetossserver",
                "resourceType": kind.removesuffix("/databases"),
                "resourceLocation": location,
                "resourceUri": "",
                "datasourceType": kind,
            },
            "datasourceAuthCredentials": {
                "objectType": "SecretStoreBasedAuthCredentials",
                "secretStoreResource": secret,
            },
        },
    }
