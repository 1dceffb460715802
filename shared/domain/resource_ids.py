"""Azure's names: ARM ids, container and secret URLs. Pure."""

import re
from urllib.parse import urlsplit

from shared.domain.clouds import Cloud
from shared.frozen import frozen

INSTANCE = "Microsoft.DataProtection/backupVaults/backupInstances"
VAULT = "Microsoft.DataProtection/backupVaults"
GUARD_REQUEST = "Microsoft.DataProtection/resourceGuards/dppTriggerRestoreRequests"
CONTAINER = "Microsoft.Storage/storageAccounts/blobServices/containers"
ACCOUNT = "Microsoft.Storage/storageAccounts"
SINGLE_SERVER = "Microsoft.DBforPostgreSQL/servers"
SINGLE_DATABASE = "Microsoft.DBforPostgreSQL/servers/databases"
FLEXIBLE_SERVER = "Microsoft.DBforPostgreSQL/flexibleServers"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_()$][A-Za-z0-9._()$-]{0,259}")
_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9](?:-?[a-z0-9])*")
_FORBIDDEN = ("%", "\\", "..", "?", "#", "@")


class BadName(ValueError):
    """An id or URL of the wrong kind; the text says why, and what is expected."""


@frozen
class ArmId:
    """A parsed ARM id; Compare ids by `key` (lower case), because ARM ignores case."""

    text: str
    subscription: str
    resource_group: str
    type: str
    names: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.text.lower()

    @property
    def name(self) -> str:
        return self.names[-1]

    def parent(self, levels: int = 1) -> "ArmId":
        """The id of the parent resource, `levels` type/name pairs above."""
        text = self.text.rsplit("/", 2 * levels)[0]
        kind = self.type.rsplit("/", levels)[0]
        return ArmId(text, self.subscription, self.resource_group, kind, self.names[:-levels])


def parse_id(text: str, *kinds: str) -> ArmId:
    """`text` as the ARM id of one of `kinds`, or BadName saying what is wrong with it."""
    due = " or ".join(kinds)
    parts = text.split("/")
    if any(mark in text for mark in _FORBIDDEN) or not text.isascii():
        raise BadName(f"an ARM id may not contain any of {' '.join(_FORBIDDEN)}; give the plain id of a {due}")
    if len(parts) < 9 or parts[0] or parts[1].lower() != "subscriptions" or parts[3].lower() != "resourcegroups":
        raise BadName(f"not an ARM id; a {due} id begins with /subscriptions/<guid>/resourceGroups/<name>/providers/")
    if parts[5].lower() != "providers" or len(parts) % 2 == 0:
        raise BadName(
            f"not an ARM id of a {due}: after the resource group comes one /providers/<namespace>/<type>/<name>"
        )
    if not _GUID.fullmatch(parts[2]):
        raise BadName(f"{parts[2]!r} is not a subscription id (a GUID)")
    for part in (parts[4], *parts[8::2]):
        if not _NAME.fullmatch(part) or part.endswith("."):
            raise BadName(f"{part!r} is not the name of an Azure resource")
    found = "/".join((parts[6], *parts[7::2]))
    kind = next((kind for kind in kinds if kind.lower() == found.lower()), None)
    if kind is None:
        raise BadName(f"this is the id of a {found}; a {due} is due here")
    return ArmId(text, parts[2].lower(), parts[4], kind, tuple(parts[8::2]))


@frozen
class ContainerUrl:
    """A blob container by its https URL."""

    text: str
    account: str
    container: str


def parse_container(text: str, cloud: Cloud) -> ContainerUrl:
    """`https://<account>.blob.<suffix>/<container>`, nothing before, between or behind, or BadName."""
    host, segments = _https(text, "a blob container URL")
    suffix = re.escape(cloud.storage_suffix)
    # accounts with Azure DNS zone endpoints carry a zone: https://learn.microsoft.com/azure/storage/common/storage-account-overview
    match = re.fullmatch(rf"([a-z0-9]{{3,24}})(\.blob\.{suffix}|\.z[0-9]{{1,2}}\.blob\.storage\.azure\.net)", host)
    if not match:
        raise BadName(f"{host!r} is not a blob host; https://<account>.blob.{cloud.storage_suffix}/<container> is due")
    if len(segments) != 1:
        raise BadName("the URL of a container has one name behind the host: no folder, no trailing slash")
    if not _CONTAINER.fullmatch(segments[0]):
        hint = "a website's container is public" if segments[0] == "$web" else "3-63 of a-z, 0-9 and single hyphens"
        raise BadName(f"{segments[0]!r} is not a container a restore may go to ({hint})")
    return ContainerUrl(text, match[1], segments[0])


def parse_secret(text: str, cloud: Cloud) -> str:
    """`https://<vault>.<suffix>/secrets/<name>[/<version>]`, or BadName."""
    host, segments = _https(text, "a Key Vault secret URL")
    if not re.fullmatch(rf"[a-z][a-z0-9-]{{1,22}}[a-z0-9]\.{re.escape(cloud.vault_suffix)}", host):
        raise BadName(f"{host!r} is not a Key Vault host; https://<vault>.{cloud.vault_suffix}/secrets/<name> is due")
    named = len(segments) in (2, 3) and segments[0] == "secrets"
    if not named or not all(re.fullmatch(r"[A-Za-z0-9-]{1,127}", part) for part in segments[1:]):
        raise BadName(f"a secret's URL is https://<vault>.{cloud.vault_suffix}/secrets/<name>, a version may follow")
    return text


def _https(text: str, what: str) -> tuple[str, list[str]]:
    if any(mark in text for mark in _FORBIDDEN) or not text.isascii() or any(ch <= " " for ch in text):
        raise BadName(f"{what} may not contain spaces, signatures or any of {' '.join(_FORBIDDEN)}")
    if not text.startswith("https://") or "//" in text.removeprefix("https://"):
        raise BadName(f"{what} begins with https:// and has single slashes")
    parts = urlsplit(text)
    if ":" in parts.netloc:
        raise BadName(f"{what} has no port and no user")
    return parts.netloc, parts.path.split("/")[1:]


def check_pattern(pattern: str) -> str:
    """An `allow` pattern: an id or URL whose segments may hold `*`; a trailing `/*` is one or more segments."""
    if not pattern.lower().startswith(("/subscriptions/", "https://")):
        raise BadName(f"an allow pattern begins with /subscriptions/ or https://, not {pattern[:40]!r}")
    if any(mark in pattern for mark in _FORBIDDEN) or "//" in pattern.removeprefix("https://"):
        raise BadName(f"an allow pattern may not contain // or any of {' '.join(_FORBIDDEN)}")
    if pattern.lower().startswith("https://") and "*" in pattern.split("/")[2]:
        raise BadName(f"{pattern!r} has * in its host, where any account may stand: name the account")
    return pattern


def allowed(text: str, patterns: tuple[str, ...]) -> bool:
    """Whether an id or URL, parsed before, is covered by one of the patterns (case does not matter to Azure)."""
    return any(_covers(pattern.lower(), text.lower()) for pattern in patterns)


def _covers(pattern: str, text: str) -> bool:
    wanted, given = pattern.split("/"), text.split("/")
    open_ended = wanted[-1] == "*" and len(given) >= len(wanted)
    if not open_ended and len(wanted) != len(given):
        return False
    pairs = zip(wanted[:-1] if open_ended else wanted, given, strict=False)
    return all(re.fullmatch(".*".join(map(re.escape, want.split("*"))), have) for want, have in pairs) and all(
        given[3:]
    )


def subscription(vault: str) -> str:
    """The subscription of an ARM id, in lower case; empty for an id without one."""
    parts = vault.split("/")
    return parts[2].lower() if len(parts) > 2 else ""
