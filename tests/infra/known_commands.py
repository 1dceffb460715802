"""Commands of az and azd that docs, notices and doctor may use, with the flags they take.

`python3 -m tests.infra.known_commands AZ` asks a real az for the help of each (on 2026-11-26: azure-cli 2.91.0); a
scheduled workflow does so too. az's extension `dataprotection` and azd were read in their sources on that day.
"""

import re
import subprocess
import sys
from pathlib import Path

# Where each stands: az by its first word (…/cli/azure/functionapp), azd by the help that its tests keep.
AZ_REFERENCE = "https://learn.microsoft.com/cli/azure/"
AZ_EXTENSION = "https://github.com/Azure/azure-cli-extensions/tree/main/src/dataprotection"
AZD_REFERENCE = "https://github.com/Azure/azure-dev/tree/main/cli/azd/cmd/testdata"
# Every az command takes these.
AZ_GLOBAL = {"--output", "-o", "--query", "--subscription"}
AZ = {
    "account set": {"--subscription"},
    "account show": set(),
    "acr build": {"--registry", "--image", "--file"},
    "acr create": {"--name", "--resource-group", "--sku"},
    "acr show": {"--name"},
    "ad app delete": {"--id"},
    "ad app create": {
        *("--display-name", "--sign-in-audience", "--web-redirect-uris", "--enable-id-token-issuance"),
    },
    "ad app federated-credential create": {"--id", "--parameters"},
    "ad app update": {"--id", "--app-roles"},
    "ad sp create": {"--id"},
    "ad sp show": {"--id"},
    "ad user show": {"--id"},
    "dataprotection backup-instance adhoc-backup": {"--name", "--resource-group", "--rule-name", "--vault-name"},
    "dataprotection backup-instance list": {"--query", "--resource-group", "--vault-name"},
    "dataprotection backup-instance resume-protection": {"--name", "--resource-group", "--vault-name"},
    "dataprotection backup-vault identity assign": {
        *("--resource-group", "--system-assigned", "--user-assigned", "--vault-name"),
    },
    "dataprotection backup-vault list": set(),
    "dataprotection backup-vault show": {"--resource-group", "--vault-name"},
    "dataprotection backup-vault update": {"--cross-subscription-restore-state", "--resource-group", "--vault-name"},
    "cloud set": {"--name"},
    "dataprotection job list": {"--resource-group", "--vault-name"},
    "dataprotection job show": {"--job-id", "--resource-group", "--vault-name"},
    "functionapp config appsettings delete": {"--name", "--resource-group", "--setting-names"},
    "functionapp config appsettings list": {"--name", "--resource-group"},
    "functionapp config appsettings set": {"--name", "--resource-group", "--settings"},
    "functionapp function keys set": {"--name", "--resource-group", "--function-name", "--key-name"},
    "functionapp function list": {"--name", "--resource-group"},
    "functionapp keys list": {"--name", "--resource-group"},
    "functionapp list": {"--resource-group"},
    "functionapp list-flexconsumption-locations": set(),
    "functionapp list-flexconsumption-runtimes": {"--location", "--runtime"},
    "functionapp restart": {"--name", "--resource-group"},
    "functionapp show": {"--name", "--resource-group"},
    "functionapp stop": set(),
    "group exists": {"--name"},
    "identity show": {"--ids"},
    "keyvault secret list-versions": {"--name", "--vault-name"},
    "keyvault secret set": {"--vault-name", "--name", "--value", "--file"},
    "keyvault secret set-attributes": {"--enabled", "--name", "--vault-name"},
    "keyvault set-policy": {"--name", "--object-id", "--secret-permissions"},
    "keyvault show": {"--name"},
    "keyvault update": {"--bypass", "--name"},
    "lock delete": {"--name", "--resource-group", "--resource", "--resource-type", "--ids"},
    "lock list": {"--resource"},
    "login": set(),
    "policy exemption create": {"--exemption-category", "--name", "--policy-assignment", "--scope"},
    "postgres flexible-server restore": set(),
    "provider register": {"--namespace", "--wait"},
    "resource list": {"--location", "--resource-type"},
    "resource show": {"--ids"},
    "resource update": {"--ids", "--set"},
    "rest": {"--body", "--method", "--url"},
    "role assignment create": {
        *("--assignee", "--assignee-object-id", "--assignee-principal-type", "--role", "--scope"),
    },
    "role assignment delete": {"--assignee", "--role", "--scope", "--ids"},
    "role definition delete": {"--name", "--custom-role-only"},
    "role definition list": {"--custom-role-only"},
    "role assignment list": {"--all", "--assignee", "--include-inherited", "--scope"},
    "storage account failover": {"--name", "--resource-group", "--yes"},
    "storage account list": set(),
    "storage account show": {"--name"},
    "storage account update": {
        *("--allow-cross-tenant-replication", "--allow-shared-key-access", "--name"),
        *("--bypass", "--default-action", "--public-network-access"),
    },
    "storage blob delete": {"--account-name", "--auth-mode", "--container-name", "--name"},
    "storage blob download": {"--account-name", "--auth-mode", "--container-name", "--file", "--name"},
    "storage blob list": {"--account-name", "--auth-mode", "--container-name", "--num-results", "--prefix"},
    "storage container create": {"--account-name", "--auth-mode", "--name"},
    "storage container legal-hold clear": {"--account-name", "--container-name", "--tags"},
    "storage container immutability-policy show": {"--account-name", "--container-name"},
    "storage container show": {"--account-name", "--auth-mode", "--name"},
    "storage container-rm delete": {"--name", "--storage-account"},
    "storage container-rm list": {"--query", "--storage-account"},
    "storage container-rm update": {"--name", "--public-access", "--storage-account"},
    "storage message put": {
        *("--queue-name", "--account-name", "--auth-mode", "--time-to-live", "--content"),
    },
    "storage message peek": {"--queue-name", "--account-name", "--auth-mode", "--num-messages"},
}
AZD: dict[str, set[str]] = {
    "auth login": {"--tenant-id"},
    "deploy": {"--from-package"},
    "config set": set(),
    "down": set(),
    "env get-values": set(),
    "env list": set(),
    "env new": set(),
    "env set": set(),
    "provision": set(),
    "up": set(),
}


def unknown(az: Path, verb: str) -> set[str]:
    """The flags on the list that az's own help does not name; every flag where it does not know the command."""
    done = subprocess.run([az, *verb.split(), "--help"], capture_output=True, text=True, check=False)  # noqa: S603
    return AZ[verb] - set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", done.stdout)) if done.returncode == 0 else {verb}


if __name__ == "__main__":
    wrong = {verb: unknown(Path(sys.argv[1]), verb) for verb in AZ if not verb.startswith("dataprotection ")}
    sys.exit("\n".join(f"az {verb}: {', '.join(sorted(flags))}" for verb, flags in wrong.items() if flags) or 0)
