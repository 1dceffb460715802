"""The doctor's look at the secret of a restore as database: there, enabled, in time, open to who must read it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from deskctl.arm_reader import Absent, ArmReader, Hidden, Json
from deskctl.doctor.findings import Finding, fault, ok, unknown
from shared.advice.shell_commands import az


def secret_faults(reader: ArmReader, place: str, scope: str, name: str) -> Iterator[Finding]:
    """`scope`: the Key Vault's ARM id."""
    vault = scope.rpartition("/")[2]
    try:
        about = reader.get(f"{scope}/secrets/{name}")
    except Absent:
        line = az("keyvault secret set", vault_name=vault, name=name, file="<file with the connection string>")
        yield fault(place, f"there is no secret {name} in {vault}", line)
        return
    except Hidden as error:
        yield unknown(place, f"secret {name} of {vault}: {error}")
        return
    bad = _unusable((about.get("properties") or {}).get("attributes") or {}, datetime.now(UTC))
    if bad == "disabled":
        line = az("keyvault secret set-attributes", vault_name=vault, name=name, enabled="true")
        yield fault(place, f"secret {name} of {vault} is disabled", line)
    elif bad:
        line = az("keyvault secret set", vault_name=vault, name=name, file="<file with the connection string>")
        yield fault(place, f"secret {name} of {vault} {bad}: set it anew", line)
    else:
        yield ok(place, f"secret {name} of {vault} is there")


def vault_faults(place: str, about: Json, who: str, principal: str | None) -> Iterator[Finding]:
    """Of the Key Vault itself; where it goes by access policies, roles do not count."""
    name, inner = str(about.get("name")), about.get("properties") or {}
    if inner.get("enableRbacAuthorization") is False:
        held = [one for one in inner.get("accessPolicies") or [] if one.get("objectId") == principal]
        granted = {str(p).lower() for one in held for p in (one.get("permissions") or {}).get("secrets") or []}
        if granted & {"get", "all"}:
            yield ok(place, f"{who} may read secrets of {name}, by an access policy")
            return
        line = az("keyvault set-policy", name=name, object_id=principal or "<id>") + " --secret-permissions get list"
        yield fault(place, f"Key Vault {name} goes by access policies, and none lets {who} read secrets", line)
    rules = inner.get("networkAcls") or {}
    shut = str(rules.get("defaultAction") or "Allow").lower() != "allow"
    if shut and "azureservices" not in str(rules.get("bypass") or "").lower():
        line = az("keyvault update", name=name, bypass="AzureServices")
        yield fault(place, f"the firewall of Key Vault {name} lets trusted Azure services not in", line)


def _unusable(attributes: Json, now: datetime) -> str | None:
    if attributes.get("enabled") is False:
        return "disabled"
    expires, begins = attributes.get("exp"), attributes.get("nbf")
    if isinstance(expires, int) and expires <= now.timestamp():
        return f"expired on {datetime.fromtimestamp(expires, UTC):%Y-%m-%d}"
    if isinstance(begins, int) and begins > now.timestamp():
        return f"is not valid before {datetime.fromtimestamp(begins, UTC):%Y-%m-%d}"
    return None
