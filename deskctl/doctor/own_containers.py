"""The doctor's look into an account of the desk's own containers: what else lies there, and what soft delete keeps."""

from collections.abc import Iterator

from deskctl.arm_reader import Absent, ArmReader, Hidden, Json
from deskctl.doctor.findings import Finding, fault, ok, unknown
from shared.advice.shell_commands import az
from shared.aftercare.strangers import AZURES_OWN, marked
from shared.azure.containers import read_container

SHOWN = 10


def contents(reader: ArmReader, place: str, account: str, scope: str) -> Iterator[Finding]:
    """While something else lies there the desk makes no container; it deletes none that is not its own."""
    service = f"{scope}/blobServices/default"
    try:
        about = reader.get(service)
        names = [str(one.get("name")) for one in reader.pages(f"{service}/containers") if _foreign(one)]
    except (Absent, Hidden) as error:
        yield unknown(place, f"what lies in {account}: {error}")
        return
    if names:
        line = az("storage container-rm list", storage_account=account, query="[].name")
        words = f"{account} holds containers that are not the desk's: {', '.join(names[:SHOWN])}"
        yield fault(place, f"{words}; it makes none there until they are gone", line)
    else:
        yield ok(place, f"{account} holds nothing but the desk's containers")
    policy = (about.get("properties") or {}).get("containerDeleteRetentionPolicy") or {}
    days = policy.get("days") if policy.get("enabled") else 0
    words = f"can be brought back for {days} days more (soft delete)" if days else "is gone at once (no soft delete)"
    yield ok(place, f"a container that the desk deleted from {account} {words}")


def _foreign(item: Json) -> bool:
    found = read_container(item)
    return found is None or (found.name not in AZURES_OWN and marked(found) is None)
