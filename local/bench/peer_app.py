"""The peer as a function app: what a team would deploy with azure-mgmt-dataprotection, as lean as it can be.

A POST or a message asks for a restore's validation, a tick looks at the vault's jobs. Nothing is written down.
"""

import json
import os
from functools import cache

import azure.functions as func
from azure.identity import ManagedIdentityCredential
from azure.mgmt.dataprotection import DataProtectionMgmtClient, models

from local.bench.peer_request import asked_for

CONTAINER = "https://benchstore.blob.core.windows.net/drills"
app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@cache
def client() -> DataProtectionMgmtClient:
    """One a process, as Azure's guidance says."""
    credential = ManagedIdentityCredential(client_id=os.environ["AzureWebJobsStorage__clientId"])  # noqa: SIM112
    trusted, url = os.environ["ARM_CA_BUNDLE"], os.environ["ARM_ENDPOINT"]
    subscription = os.environ["BENCH_VAULT"].split("/")[2]
    return DataProtectionMgmtClient(credential, subscription, base_url=url, connection_verify=trusted)


def validate(body: bytes) -> None:
    """The newest point, and the validation begun."""
    asked = json.loads(body)
    vault = os.environ["BENCH_VAULT"].split("/")
    where = (vault[4], vault[8], str(asked["instance"]))
    point = next(iter(client().recovery_points.list(*where)))
    request = asked_for(str(point.name), where[2], "eastus2", CONTAINER)
    wanted = models.ValidateRestoreRequestObject(restore_request_object=request)
    client().backup_instances.begin_validate_for_restore(*where, wanted, polling=False)


@app.route("api/restores", methods=["POST"])
def request_restore(req: func.HttpRequest) -> func.HttpResponse:
    validate(req.get_body())
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="message", queue_name="restore-requests", connection="AzureWebJobsStorage")
def run_restore(message: func.QueueMessage) -> None:
    validate(message.get_body())


@app.timer_trigger(arg_name="timer", schedule="*/30 * * * * *")
def sweep_restores(timer: func.TimerRequest) -> None:
    vault = os.environ["BENCH_VAULT"].split("/")
    next(iter(client().jobs.list(vault[4], vault[8])), None)
