"""What of a storage account or a container keeps Azure Backup from writing, or the desk from cleaning up. Pure."""

from collections.abc import Iterator

from deskctl.arm_reader import Json
from deskctl.doctor.findings import Finding, fault, warning
from deskctl.doctor.preflight import plain
from shared.advice.shell_commands import az


def account_faults(place: str, name: str, about: Json, regions: list[str]) -> Iterator[Finding]:
    """`regions`: where the restores go, the first one unless the request says otherwise."""
    inner = about.get("properties") or {}
    location = plain(str(about.get("location") or ""))
    if location and location not in regions:
        line = az("storage account list", query=f"[?location=='{regions[0]}'].id")
        words = f"storage account {name} is in {location}, restores go to {' or '.join(regions)}: choose one there"
        yield fault(place, words, line)
    yield from _closed(place, name, inner)
    switches = {
        "allowSharedKeyAccess": ("access by its keys, which Azure Backup needs", "--allow-shared-key-access true"),
        "allowCrossTenantReplication": (
            "cross-tenant replication, by which Azure Backup writes", "--allow-cross-tenant-replication true",
        ),
    }  # fmt: skip
    for switch, (words, flag) in switches.items():
        if inner.get(switch) is False:
            line = az("storage account update", name=name) + f" {flag}"
            yield fault(place, f"storage account {name} does not allow {words}", line)
    state = str(inner.get("provisioningState") or "Succeeded")
    if state != "Succeeded":
        yield fault(place, f"storage account {name} is {state}", az("storage account show", name=name))


def _closed(place: str, name: str, inner: Json) -> Iterator[Finding]:
    """Azure Backup comes from networks of its own, as a trusted service."""
    rules = inner.get("networkAcls") or {}
    if str(inner.get("publicNetworkAccess") or "Enabled").lower() != "enabled":
        line = az("storage account update", name=name, public_network_access="Enabled")
        yield fault(place, f"storage account {name} is closed to all public networks: Azure Backup is not let in", line)
    elif str(rules.get("defaultAction") or "Allow").lower() != "allow":
        trusted = "azureservices" in str(rules.get("bypass") or "").lower()
        if not trusted:
            line = az("storage account update", name=name, bypass="AzureServices")
            words = f"the firewall of storage account {name} lets trusted Azure services not in"
            yield fault(place, words, line)
        else:
            line = az("storage account update", name=name, default_action="Allow")
            words = f"the firewall of storage account {name} is on: restores of flexible servers may need public access"
            yield warning(place, words, line)


def container_faults(place: str, account: str, container: str, about: Json) -> Iterator[Finding]:
    inner = about.get("properties") or {}
    if inner.get("publicAccess") not in (None, "None"):
        line = az("storage container-rm update", name=container, storage_account=account, public_access="off")
        yield fault(place, f"container {container} is public: dumps of production data would lie open", line)
    if inner.get("hasLegalHold"):
        tags = [str(one.get("tag")) for one in (inner.get("legalHold") or {}).get("tags") or []]
        line = az("storage container legal-hold clear", account_name=account, container_name=container,
                  tags=" ".join(tags) or "<tag>")  # fmt: skip
        yield fault(place, f"container {container} has a legal hold: what is restored there cannot be deleted", line)
    if inner.get("hasImmutabilityPolicy"):
        line = az("storage container immutability-policy show", account_name=account, container_name=container)
        words = f"container {container} has an immutability policy, under which Azure cannot finish writing"
        yield fault(place, f"{words}: remove the policy, or choose another container", line)
