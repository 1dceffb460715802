"""Azure's clouds: where ARM, Entra and the portal are, whose tokens are taken, the suffixes of hosts. Pure."""

from urllib.parse import urlsplit

from shared.frozen import frozen


@frozen
class Cloud:
    """One cloud; `name` is the one that `az cloud set` knows, or "" for one that the settings describe.

    Hosts are those of azure-mgmt-core `get_arm_endpoints`, authorities those of
    https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
    """

    name: str
    arm: str
    scope: str
    storage_suffix: str
    vault_suffix: str
    eventgrid_suffix: str
    portal: str
    authority: str
    sts: str  # who issues tokens of Entra's version 1

    def issuers(self, tenant: str) -> tuple[str, str]:
        """The allowed values of `iss` in a tenant's tokens, of both token versions."""
        return f"{self.authority}/{tenant}/v2.0", f"{self.sts}/{tenant}/"

    def keys(self, tenant: str) -> str:
        """The URL of the keys that sign a tenant's tokens."""
        return f"{self.authority}/{tenant}/discovery/v2.0/keys"

    @property
    def sign_in(self) -> dict[str, str | bool]:
        """azure-identity's options. Microsoft's own list of authorities knows only Microsoft's public clouds."""
        return {"authority": self.authority, "disable_instance_discovery": not self.name}

    def is_at(self, endpoint: str) -> bool:
        """Whether this is the cloud of an ARM endpoint: by scheme, host and effective port."""
        return _origin(endpoint) == _origin(self.arm)


PUBLIC = Cloud(
    name="AzureCloud",
    arm="https://management.azure.com",
    scope="https://management.azure.com/.default",
    storage_suffix="core.windows.net",
    vault_suffix="vault.azure.net",
    eventgrid_suffix="eventgrid.azure.net",
    portal="https://portal.azure.com",
    authority="https://login.microsoftonline.com",
    sts="https://sts.windows.net",
)
GOVERNMENT = Cloud(
    name="AzureUSGovernment",
    arm="https://management.usgovcloudapi.net",
    scope="https://management.core.usgovcloudapi.net/.default",
    storage_suffix="core.usgovcloudapi.net",
    vault_suffix="vault.usgovcloudapi.net",
    eventgrid_suffix="eventgrid.azure.us",
    portal="https://portal.azure.us",
    authority="https://login.microsoftonline.us",
    sts="https://sts.windows.net",
)
CHINA = Cloud(
    name="AzureChinaCloud",
    arm="https://management.chinacloudapi.cn",
    scope="https://management.chinacloudapi.cn/.default",
    storage_suffix="core.chinacloudapi.cn",
    vault_suffix="vault.azure.cn",
    eventgrid_suffix="eventgrid.azure.cn",
    portal="https://portal.azure.cn",
    authority="https://login.partner.microsoftonline.cn",
    sts="https://sts.chinacloudapi.cn",
)
CLOUDS = (PUBLIC, GOVERNMENT, CHINA)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    try:
        return parts.scheme, (parts.hostname or "").lower().removesuffix("."), parts.port or default
    except ValueError:
        return parts.scheme, "", None
