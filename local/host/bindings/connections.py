"""A binding's connection name -> where its storage queues are, from app settings. Pure.

https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The account that Azurite and the old emulator share; published, hence no secret:
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
_DEVELOPMENT = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)


class MissingConnection(LookupError):
    """A binding whose connection no setting describes."""


@dataclass(frozen=True)
class Connection:
    """Either a connection string, or a queue endpoint that a Microsoft Entra identity opens."""

    text: str | None = field(default=None, repr=False)
    queue_uri: str = ""
    client_id: str = ""


def find(name: str, settings: Mapping[str, str]) -> Connection:
    """The host's own order: `AzureWebJobs<name>` before `<name>`; a string before an identity."""
    name = name or "AzureWebJobsStorage"
    prefixed = name if name.startswith("AzureWebJobs") else f"AzureWebJobs{name}"
    for key in dict.fromkeys((prefixed, name)):
        if text := settings.get(key):
            return Connection(_DEVELOPMENT if text.strip().rstrip(";") == "UseDevelopmentStorage=true" else text)
        client_id = settings.get(f"{key}__clientId", "")
        if uri := settings.get(f"{key}__queueServiceUri"):
            return Connection(queue_uri=uri, client_id=client_id)
        if account := settings.get(f"{key}__accountName"):
            return Connection(queue_uri=f"https://{account}.queue.core.windows.net", client_id=client_id)
    raise MissingConnection(
        f"connection '{name}' is not set: give the setting {name} (a connection string) or {name}__queueServiceUri"
    )
