"""infra/: it parses, its parts fit each other, and its settings, queues and secrets are those of the code."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from local.build.bicep import BicepFile, read
from shared.config.settings import QUEUE, TABLE, from_environment
from shared.redaction import named_in

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
FILES = {path.name: read(path) for path in sorted(INFRA.glob("*.bicep"))}
PARAMETERS = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
PLATFORMS_OWN = {  # read by the Functions host and worker, not by our code
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__credential",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
SET_BY_THE_PLATFORM = {"WEBSITE_AUTH_ENABLED"}
FOR_LOCAL_RUNS = {"AzureWebJobsStorage", "AzureWebJobsStorage__accountName", "DESK_PACE", "ARM_CA_BUNDLE"}
ADDRESSES = {
    "AzureWebJobsStorage__queueServiceUri": "https://desk.queue.core.windows.net/",
    "AzureWebJobsStorage__tableServiceUri": "https://desk.table.core.windows.net/",
    "ARM_ENDPOINT": "https://management.azure.com/",
    "RETENTION_DAYS": "400",
}


def settings_in_bicep() -> set[str]:
    return {
        one["name"]
        for one in FILES["app.bicep"].objects
        if {"name", "value"} == set(one) and "secret" not in one["name"]
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


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_file_parses_and_needs_nothing_from_a_registry(file: BicepFile) -> None:
    assert file.faults == []
    assert not re.search(r"'(br|ts)[:/]", file.text), "a module from a registry cannot be looked into here"
    assert "..." not in re.sub(r"//.*", "", file.text), "no spread: the linter cannot follow it"
    assert not re.search(r"\blist(Keys|Secrets|AccountSas)\b", file.text), "identities, no keys"
    for kind in file.resources.values():
        assert "@" not in kind or re.search(r"@\d{4}-\d\d-\d\d$", kind), f"{kind}: no previews"


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_every_module_is_given_what_it_asks_for(file: BicepFile) -> None:
    for module in file.modules:
        asked = FILES[module.path].parameters
        assert module.given <= set(asked), f"{file.path.name}: {module.name}"
        assert {name for name, default in asked.items() if not default} <= module.given, f"{module.name}"
        for output in re.findall(rf"\b{module.name}!?\.outputs\.(\w+)", file.text):
            assert output in FILES[module.path].outputs, f"{module.name}.outputs.{output}"


def test_every_file_is_used() -> None:
    used = {module.path for file in FILES.values() for module in file.modules}
    assert used | {"main.bicep"} == set(FILES)
    assert "loadTextContent('workbook.json')" in FILES["workbook.bicep"].text


def test_the_parameters_file_fits_main() -> None:
    asked = FILES["main.bicep"].parameters
    assert set(PARAMETERS) <= set(asked)
    assert {name for name, default in asked.items() if not default} <= set(PARAMETERS)


def test_every_setting_that_the_code_reads_is_set_or_has_a_default() -> None:
    given = settings_in_bicep()
    without = names_read() - given - SET_BY_THE_PLATFORM - FOR_LOCAL_RUNS - set(PARAMETERS["secrets"]["value"])
    assert without == {"ARM_SCOPE"}, "each is set in infra/app.bicep, or a default is said here"
    settings = from_environment({name: ADDRESSES.get(name, "x") for name in given}, ROOT)
    assert settings.arm_scope == "https://management.azure.com/.default"
    assert settings.arm_endpoint == "https://management.azure.com"
    assert (settings.own_account, settings.retention_days) == ("desk", 400)


def test_every_setting_that_is_set_is_read() -> None:
    assert settings_in_bicep() - names_read() == PLATFORMS_OWN


def test_every_secret_of_desk_toml_is_a_key_vault_reference() -> None:
    named = named_in(tomllib.loads((ROOT / "samples" / "desk.toml").read_text()))
    assert set(PARAMETERS["secrets"]["value"]) == named | {"DESK_HEALTH_KEY"}
    assert "@Microsoft.KeyVault(VaultName=${keyVaultName};SecretName=${secret.value})" in FILES["app.bicep"].text
    for name in PARAMETERS["secrets"]["value"].values():
        assert re.fullmatch(r"[a-z0-9-]{1,127}", name), "a Key Vault secret's name"


def test_queues_and_table_are_the_codes() -> None:
    storage = FILES["storage.bicep"]
    names = {one["name"] for one in storage.objects if "name" in one}
    assert {QUEUE, f"{QUEUE}-poison", TABLE} <= names


def test_keys_are_off_and_containers_are_private() -> None:
    for name in ("storage.bicep", "target-container.bicep"):
        account = next(one for one in FILES[name].objects if "allowSharedKeyAccess" in one)
        assert (account["allowSharedKeyAccess"], account["allowBlobPublicAccess"]) == ("false", "false")
        assert all(one["publicAccess"] == "None" for one in FILES[name].objects if "publicAccess" in one)
    assert "DisableLocalAuth: true" in FILES["monitoring.bicep"].text
    assert "daysAfterModificationGreaterThan: days" in FILES["target-container.bicep"].text


def test_threads_are_enough_for_what_comes_at_once() -> None:
    queues = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]
    number = {k: int(v) for k, v in re.findall(r"param (\w+) int = (\d+)", FILES["app.bicep"].text)}
    assert number["threads"] >= number["httpConcurrency"] > 1, "the default for Python is 1"
    assert number["threads"] >= queues["batchSize"] + queues["newBatchThreshold"]
    assert number["maximumInstanceCount"] >= 40
