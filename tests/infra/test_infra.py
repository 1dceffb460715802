"""What infra/ makes fits the code: settings, queues, secrets, names; read from the compiler's snapshots."""

import ast
import json
import re
from pathlib import Path

import pytest

from shared.config.settings import QUEUE, TABLE, from_environment
from tests.kits.snapshots import NAMES, deployment

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
PARAMETERS = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
PLATFORMS_OWN = {  # read by the Functions host, its worker and packages, not by our code
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__credential",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_THREADPOOL_THREAD_COUNT",
    "PYDANTIC_DISABLE_PLUGINS",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
}
SET_BY_THE_PLATFORM = {"WEBSITE_AUTH_ENABLED"}
SDKS_OWN = {"AZURE_CLIENT_ID", "REQUESTS_CA_BUNDLE"}  # as azure-identity and requests read them; never needed in Azure
FOR_LOCAL_RUNS = {"AzureWebJobsStorage", "AzureWebJobsStorage__accountName", "DESK_PACE", "ARM_CA_BUNDLE"}
ADDRESSES = {
    "AzureWebJobsStorage__queueServiceUri": "https://desk.queue.core.windows.net/",
    "AzureWebJobsStorage__tableServiceUri": "https://desk.table.core.windows.net/",
    "ARM_ENDPOINT": "https://management.azure.com/",
    "RETENTION_DAYS": "400",
    "DESK_START_PAUSED": "True",
}
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
NAME_RULES = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
    "Microsoft.Web/sites": r"[a-zA-Z0-9-]{2,60}",
    "Microsoft.Web/serverfarms": r"[a-zA-Z0-9-]{1,60}",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
    "Microsoft.App/jobs": r"[a-z](?!.*--)[a-z0-9-]{0,30}[a-z0-9]",
    "Microsoft.App/managedEnvironments": r"[a-zA-Z][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]",
    "Microsoft.OperationalInsights/workspaces": r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]",
    "Microsoft.Network/virtualNetworks": r"[a-zA-Z0-9][\w.-]{0,62}\w",
    "Microsoft.Resources/resourceGroups": r"[\w().-]{0,89}[\w()-]",
}


def names_read() -> set[str]:
    """Constants by which shared/ reads the environment, and function_app.py's %…%."""
    found = set(re.findall(r"%(\w+)%", (ROOT / "function_app.py").read_text()))
    for path in (ROOT / "shared").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "environ" in ast.unparse(node):
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"[A-Z]\w{3,}", text)}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_siteconfig_holds_what_flex_takes_and_nothing_else(name: str) -> None:
    site = deployment(name).only("Microsoft.Web/sites")["properties"]
    assert set(site["siteConfig"]) == {"minTlsVersion", "scmMinTlsVersion", "appSettings"}, "Flex refuses the others"
    policies = deployment(name).of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert [one["name"].rpartition("/")[2] for one in policies] == ["scm"], "there is no FTP on Flex"
    assert site["functionAppConfig"]["runtime"] == {"name": "python", "version": "3.13"}


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_is_read_and_each_that_is_read_is_set_or_has_a_default(name: str) -> None:
    given = set(deployment(name).settings())
    secrets = {key for key, value in deployment(name).settings().items() if value.startswith("@Microsoft.KeyVault")}
    assert given - secrets - names_read() <= PLATFORMS_OWN
    assert given >= PLATFORMS_OWN - {"OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"}
    without = names_read() - given - SET_BY_THE_PLATFORM - SDKS_OWN - FOR_LOCAL_RUNS
    assert without == {"ARM_SCOPE"}, "each is set in infra/app.bicep, or a default is said here"
    settings = from_environment({one: ADDRESSES.get(one, "x") for one in given}, ROOT)
    assert settings.arm_scope == "https://management.azure.com/.default"
    assert (settings.own_account, settings.retention_days, settings.start_paused) == ("desk", 400, True)


def test_secrets_are_key_vault_references_named_by_one_rule() -> None:
    settings = deployment("one-vault").settings()
    vault = deployment("one-vault").only("Microsoft.KeyVault/vaults")["name"]
    for setting, secret in {"DESK_HEALTH_KEY": "desk-health-key", "TEAMS_URL": "teams-url"}.items():
        assert settings[setting] == f"@Microsoft.KeyVault(VaultName={vault};SecretName={secret})"


@pytest.mark.parametrize("name", NAMES)
def test_queues_and_table_are_the_codes(name: str) -> None:
    made = deployment(name).of("Microsoft.Storage/storageAccounts/queueServices/queues")
    queues = {one["name"].split("/")[-1] for one in made}
    assert {QUEUE, f"{QUEUE}-poison", "restore-loads", "restore-verdicts", "restore-verdicts-poison"} == queues
    tables = deployment(name).of("Microsoft.Storage/storageAccounts/tableServices/tables")
    assert [one["name"].split("/")[-1] for one in tables] == [TABLE]


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_off_and_containers_are_private(name: str) -> None:
    made = deployment(name)
    for account in made.of("Microsoft.Storage/storageAccounts"):
        properties = account["properties"]
        assert (properties["allowSharedKeyAccess"], properties["allowBlobPublicAccess"]) == (False, False)
    for container in made.of("Microsoft.Storage/storageAccounts/blobServices/containers"):
        assert container["properties"]["publicAccess"] == "None"
    assert made.only("Microsoft.Insights/components")["properties"]["DisableLocalAuth"] is True
    vault = made.only("Microsoft.KeyVault/vaults")["properties"]
    assert vault["enableRbacAuthorization"] is True
    assert vault.get("enablePurgeProtection") in (True, None), "Azure refuses false where it was true"


def test_what_is_private_is_closed_but_to_the_addresses_given() -> None:
    made = deployment("private-cross-region")
    own = next(one for one in made.of("Microsoft.Storage/storageAccounts") if one["name"].startswith("stdesk"))
    for properties in (own["properties"], made.only("Microsoft.KeyVault/vaults")["properties"]):
        rules = properties["networkAcls"]
        assert (rules["defaultAction"], [one["value"] for one in rules["ipRules"]]) == ("Deny", ["203.0.113.7"])
    assert len(made.of("Microsoft.Network/privateEndpoints")) == 4
    assert made.only("Microsoft.Web/sites")["properties"]["virtualNetworkSubnetId"]


def test_restored_files_lie_in_an_account_of_their_own_and_go() -> None:
    made = deployment("page-loader")
    (policy,) = made.of("Microsoft.Storage/storageAccounts/managementPolicies")
    (rule,) = policy["properties"]["policy"]["rules"]
    assert rule["definition"]["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"] == 14
    assert "prefixMatch" not in rule["definition"]["filters"], "every container, those that the desk makes too"
    target = next(one for one in made.of("Microsoft.Storage/storageAccounts") if one["name"].startswith("sttarget"))
    assert target["properties"]["allowedCopyScope"] == "AAD"
    assert made.outputs["DESK_TARGET_ACCOUNT_ID"] == target["id"]
    assert deployment("private-cross-region").outputs["DESK_TARGET_CONTAINER_IDS"].endswith("/containers/drills")


def test_sign_in_is_off_without_a_page_and_has_no_secret_with_one() -> None:
    def config(name: str) -> list[dict[str, object]]:
        return [one["properties"] for one in deployment(name).of("Microsoft.Web/sites/config")]

    assert [name for name in NAMES if config(name)] == ["page-loader"]
    (auth,) = config("page-loader")
    assert auth["globalValidation"] == {"requireAuthentication": False, "unauthenticatedClientAction": "AllowAnonymous"}
    assert "clientSecretSettingName': 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID" in str(auth)
    assert "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID" in deployment("page-loader").settings()


def test_a_second_desk_takes_over_the_account_and_nothing_of_the_first() -> None:
    made = deployment("second-desk")
    assert made.of("Microsoft.Storage/storageAccounts") == []
    (package,) = made.of("Microsoft.Storage/storageAccounts/blobServices/containers")
    assert re.fullmatch(r"stdeskabcdefghijklm/default/app-package-\w{13}", package["name"])
    assert made.settings()["DESK_START_PAUSED"] == "True"
    assert made.outputs["AZURE_RESOURCE_GROUP"] == "rg-desk-north"
    assert made.outputs["DESK_STORAGE_ACCOUNT"] == "stdeskabcdefghijklm"
    assert made.of("Microsoft.Authorization/locks") == []
    assert made.only("Microsoft.KeyVault/vaults")["properties"]["createMode"] == "recover"


def test_the_loader_comes_only_when_asked_for_and_can_wait_for_nothing() -> None:
    assert [name for name in NAMES if deployment(name).of("Microsoft.App/jobs")] == ["page-loader"]
    job = deployment("page-loader").only("Microsoft.App/jobs")["properties"]
    (rule,) = job["configuration"]["eventTriggerConfig"]["scale"]["rules"]
    assert rule["metadata"]["queueName"] == "restore-loads"
    assert rule["identity"]
    assert set(rule["metadata"]) == {"accountName", "queueName", "queueLength", "queueLengthStrategy"}
    (container,) = job["template"]["containers"]
    assert container["args"] == ["work", "--once"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_ones_that_azure_takes_and_outputs_are_whole(name: str) -> None:
    made = deployment(name)
    for kind, rule in NAME_RULES.items():
        for one in made.of(kind):
            assert re.fullmatch(rule, one["name"]), f"{kind} {one['name']}"
    assert made.diagnostics == []
    for one in made.resources:
        stable = re.fullmatch(r"\d{4}-\d\d-\d\d", one["apiVersion"])
        assert stable or one["type"] == "Microsoft.Insights/diagnosticSettings", "which has never had a stable one"
    names = {
        *("AZURE_RESOURCE_GROUP", "DESK_URL", "DESK_FUNCTION_APP", "DESK_KEY_VAULT", "DESK_STORAGE_ACCOUNT"),
        *("DESK_STORAGE_GROUP", "DESK_PRINCIPAL_ID", "DESK_TARGET_ACCOUNT", "DESK_TARGET_ACCOUNT_ID"),
        "DESK_TARGET_CONTAINER_IDS",
    }
    assert set(made.outputs) == names


def test_every_parameter_has_its_environment_name_and_stands_in_the_docs() -> None:
    asked = set(re.findall(r"^param (\w+)", (INFRA / "main.bicep").read_text(), re.M))
    assert set(PARAMETERS) == asked
    assert not [one for one in PARAMETERS.values() if "*/" in one["value"]], "azd reads */ in a default as a pattern"
    docs = (ROOT / "docs/deploy.md").read_text()
    defaults = dict(re.findall(r"^param (\w+) \w+ = (.+)$", (INFRA / "main.bicep").read_text(), re.M))
    for name, given in PARAMETERS.items():
        environment, _, default = given["value"].strip("${}").partition("=")
        assert f"`{environment}`" in docs or environment in ("AZURE_ENV_NAME", "AZURE_LOCATION"), environment
        if name in defaults:
            assert default == defaults[name].strip("'"), name


def test_threads_are_enough_for_what_comes_at_once() -> None:
    queues = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]
    made = deployment("defaults")
    threads = int(made.settings()["PYTHON_THREADPOOL_THREAD_COUNT"])
    scale = made.only("Microsoft.Web/sites")["properties"]["functionAppConfig"]["scaleAndConcurrency"]
    assert threads >= scale["triggers"]["http"]["perInstanceConcurrency"] > 1, "the default for Python is 1"
    assert threads >= queues["batchSize"] + queues["newBatchThreshold"]
