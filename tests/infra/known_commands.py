"""Commands of az and azd that the docs may use, with the flags they take. Look a new one up before it is added."""

# Where each stands: the az reference by its first word (…/cli/azure/functionapp), and azd's one page.
AZ_REFERENCE = "https://learn.microsoft.com/cli/azure/"
AZD_REFERENCE = "https://learn.microsoft.com/azure/developer/azure-developer-cli/reference"
# Every az command takes these.
AZ_GLOBAL = {"--output", "-o", "--query", "--subscription"}
AZ = {
    "account show": set(),
    "acr build": {"--registry", "--image", "--file"},
    "acr show": {"--name"},
    "ad app create": {
        *("--display-name", "--sign-in-audience", "--web-redirect-uris", "--enable-id-token-issuance"),
    },
    "ad app federated-credential create": {"--id", "--parameters"},
    "ad sp create": {"--id"},
    "dataprotection job list": {"--resource-group", "--vault-name"},
    "functionapp function keys set": {"--name", "--resource-group", "--function-name", "--key-name"},
    "functionapp function list": {"--name", "--resource-group"},
    "functionapp keys list": {"--name", "--resource-group"},
    "functionapp restart": {"--name", "--resource-group"},
    "functionapp show": {"--name", "--resource-group"},
    "identity show": {"--ids"},
    "keyvault secret set": {"--vault-name", "--name", "--value", "--file"},
    "lock delete": {"--name", "--resource-group", "--resource", "--resource-type", "--ids"},
    "login": set(),
    "provider register": {"--namespace"},
    "resource show": {"--ids"},
    "rest": {"--method", "--url"},
    "role assignment delete": {"--assignee", "--role", "--scope", "--ids"},
    "role assignment list": {"--assignee", "--all", "--scope"},
    "storage account failover": {"--name", "--resource-group", "--yes"},
    "storage message peek": {"--queue-name", "--account-name", "--auth-mode", "--num-messages"},
}
AZD: dict[str, set[str]] = {
    "auth login": set(),
    "down": set(),
    "env get-values": set(),
    "env new": set(),
    "env set": set(),
    "provision": set(),
}
