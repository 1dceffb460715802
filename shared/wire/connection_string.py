"""The table service that a connection string names, and by which right: the account's key, or a signature."""

from shared.wire.http import Http
from shared.wire.service import Service, shared_key
from shared.wire.tables import VERSION

SUFFIX = "core.windows.net"
# Azurite's own account, which everybody knows
DEVELOPMENT = (
    "AccountName=devstoreaccount1;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;AccountKey="
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


def table_service(http: Http, connection_string: str) -> Service:
    """The table service that a connection string names; ValueError where it says too little."""
    known = connection_string.strip().lower().rstrip(";") == "usedevelopmentstorage=true"
    text = DEVELOPMENT if known else connection_string
    pairs = (each.partition("=") for each in text.split(";"))
    parts = {name.strip().lower(): value.strip() for name, _, value in pairs}
    account, sas = parts.get("accountname", ""), parts.get("sharedaccesssignature", "").lstrip("?")
    scheme, suffix = parts.get("defaultendpointsprotocol") or "https", parts.get("endpointsuffix") or SUFFIX
    url = parts.get("tableendpoint") or (account and f"{scheme}://{account}.table.{suffix}")
    key = parts.get("accountkey", "")
    if not url or not (sas or (account and key)):
        raise ValueError("the connection string names no table service, or neither a key nor a signature")
    return Service(http, url, VERSION, shared_key(account, key) if key else None, "" if key else sas)
