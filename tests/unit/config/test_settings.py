"""The settings: what each variable sets, what is derived from others, what is missing or cannot be used."""

import os
from pathlib import Path
from typing import Any

import pytest

from shared.config.settings import Settings, from_environment, of_process
from shared.domain.clouds import CLOUDS, PUBLIC

ROOT = Path("/app")
OWN = {
    "ARM_STORAGE_SUFFIX": "storage.contoso.example",
    "ARM_KEY_VAULT_SUFFIX": ".vault.contoso.example",
    "ARM_EVENT_GRID_SUFFIX": "events.contoso.example",
    "ARM_PORTAL": "https://portal.contoso.example/",
    "ARM_AUTHORITY": "https://login.contoso.example",
}
LOCAL = "http://127.0.0.1:7071"
ONE_FOR_EACH = {
    "AzureWebJobsStorage": "AccountName=desk;AccountKey=x",
    "AzureWebJobsStorage__queueServiceUri": "https://q.example",
    "AzureWebJobsStorage__tableServiceUri": "https://t.example",
    "AzureWebJobsStorage__clientId": "client",
    "ARM_SCOPE": "scope",
    "DATA_PROTECTION_API_VERSION": "2025-01-01",
    "DESK_CONFIG": "other.toml",
    "ARM_CA_BUNDLE": "/ca.pem",
    "RETENTION_DAYS": "400",
}


def settings(**environ: str) -> Settings:
    return from_environment({"AzureWebJobsStorage": "AccountName=desk"} | environ, ROOT)


def test_each_variable_sets_its_own_value() -> None:
    found = from_environment(ONE_FOR_EACH, ROOT)
    assert (found.connection_string, found.queue_url, found.table_url) == (
        "AccountName=desk;AccountKey=x",
        "https://q.example",
        "https://t.example",
    )
    assert (found.client_id, found.arm_scope, found.api_version) == ("client", "scope", "2025-01-01")
    assert (found.desk_config, found.ca_bundle, found.retention_days) == (Path("/app/other.toml"), "/ca.pem", 400)
    assert found.environ == ONE_FOR_EACH


def test_what_is_not_set_or_empty_has_its_default() -> None:
    for environ in ({}, dict.fromkeys(set(ONE_FOR_EACH) - {"AzureWebJobsStorage"}, ""), {"ARM_ENDPOINT": ""}):
        found = settings(**environ)
        assert (found.queue_url or None, found.table_url or None, found.client_id, found.ca_bundle) == (None,) * 4
        assert (found.cloud, found.arm_endpoint, found.arm_scope) == (PUBLIC, PUBLIC.arm, PUBLIC.scope)
        assert (found.api_version, found.desk_config) == ("2024-04-01", Path("/app/desk.toml"))
        assert (found.pace_factor, found.retention_days, found.local, found.principals) == (1.0, 0, False, False)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_accounts_name_gives_its_urls_in_the_cloud_of_the_endpoint(cloud: Any) -> None:
    account = {
        "AzureWebJobsStorage": "",
        "AzureWebJobsStorage__accountName": "deskstore",
        "ARM_ENDPOINT": cloud.arm + "/",
    }
    found = from_environment(account, ROOT)
    assert (found.cloud, found.arm_endpoint, found.arm_scope) == (cloud, cloud.arm, cloud.scope)
    assert found.queue_url == f"https://deskstore.queue.{cloud.storage_suffix}"
    assert found.table_url == f"https://deskstore.table.{cloud.storage_suffix}"
    assert (found.connection_string, found.own_account) == (None, "deskstore")
    said = {**account, "AzureWebJobsStorage__tableServiceUri": "https://else.table.x.net"}
    assert from_environment(said, ROOT).table_url == "https://else.table.x.net"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AzureWebJobsStorage": ""},
        {"AzureWebJobsStorage__queueServiceUri": "https://q.example"},
        {"AzureWebJobsStorage__tableServiceUri": "https://t.example"},
    ],
)
def test_without_a_store_it_is_named(environ: dict[str, str]) -> None:
    assert "AzureWebJobsStorage is not set" in from_environment(environ, ROOT).faults["AzureWebJobsStorage"]


def test_an_account_of_a_cloud_that_is_not_known_has_no_address() -> None:
    given = {"AzureWebJobsStorage__accountName": "desk", "ARM_ENDPOINT": "https://management.contoso.example"}
    assert set(from_environment(given, ROOT).faults) == {"ARM_ENDPOINT", "AzureWebJobsStorage"}


def test_two_urls_are_a_store() -> None:
    urls = {f"AzureWebJobsStorage__{name}ServiceUri": f"https://{name}.example" for name in ("queue", "table")}
    assert from_environment(urls, ROOT).connection_string is None


def test_a_token_goes_to_no_endpoint_without_tls_but_one_on_this_machine() -> None:
    found = settings(ARM_ENDPOINT="http://management.azure.com", **OWN)
    assert "ARM_ENDPOINT must be https" in found.faults["ARM_ENDPOINT"]
    assert settings(ARM_ENDPOINT="https://management.azure.com:443").local is False
    for host in ("127.0.0.1:1", "localhost:1", "[::1]:1"):
        found = settings(ARM_ENDPOINT=f"http://{host}")
        assert (found.local, found.faults) == (True, {})


def test_the_pace_is_quickened_on_this_machine_only() -> None:
    assert settings(DESK_PACE="60", ARM_ENDPOINT=LOCAL).pace_factor == 60
    assert settings(ARM_ENDPOINT=LOCAL).pace_factor == 1
    assert settings(DESK_PACE="60").pace_factor == 1
    bad = settings(DESK_PACE="quick", ARM_ENDPOINT=LOCAL)
    assert (bad.pace_factor, list(bad.faults)) == (1, ["DESK_PACE"])


@pytest.mark.parametrize(
    ("text", "days", "bad"), [("30", 30, 0), ("", 0, 0), ("soon", 0, 1), ("inf", 0, 1), ("nan", 0, 1)]
)
def test_a_retention_that_cannot_be_read_removes_nothing_and_is_named(text: str, days: int, bad: int) -> None:
    found = settings(RETENTION_DAYS=text)
    assert found.retention_days == days
    assert [("RETENTION_DAYS" in one) for one in found.faults.values()] == [True] * bad


@pytest.mark.parametrize(("said", "trusted"), [("true", True), ("True", True), ("false", False), ("1", False)])
def test_the_platforms_headers_are_true_only_where_it_authenticates(said: str, trusted: bool) -> None:
    assert settings(WEBSITE_AUTH_ENABLED=said).principals is trusted


@pytest.mark.parametrize(
    ("connection", "account"),
    [
        ("DefaultEndpointsProtocol=https;AccountName=deskstore;AccountKey=a==", "deskstore"),
        ("TableEndpoint=https://tables.table.core.windows.net/;SharedAccessSignature=sv=1", "tables"),
        ("QueueEndpoint=https://queues.queue.core.windows.net/;SharedAccessSignature=sv=1", "queues"),
        ("BlobEndpoint=https://blobs.blob.core.windows.net/;SharedAccessSignature=sv=1", "blobs"),
        ("UseDevelopmentStorage=true", None),
    ],
)
def test_the_desks_own_account_is_known_from_its_connection_string(connection: str, account: str | None) -> None:
    assert settings(AzureWebJobsStorage=connection).own_account == account


def test_the_table_says_which_account_is_the_desks_own() -> None:
    found = settings(AzureWebJobsStorage__tableServiceUri="https://ledger.table.core.windows.net")
    assert found.own_account == "ledger"


def test_no_secret_shows() -> None:
    assert "AccountKey" not in repr(from_environment(ONE_FOR_EACH, ROOT))


def test_a_known_cloud_is_known_by_its_host_and_its_effective_port() -> None:
    for endpoint in (
        "https://Management.AZURE.com",
        "https://management.azure.com:443/",
        "https://management.azure.com.",
    ):
        assert settings(ARM_ENDPOINT=endpoint).cloud == PUBLIC
    for endpoint in ("https://management.azure.com:8443", "https://management.azure.com.evil.example"):
        assert "no cloud that the desk knows" in settings(ARM_ENDPOINT=endpoint).faults["ARM_ENDPOINT"]


def test_an_arm_that_is_not_known_is_refused_unless_its_cloud_is_described() -> None:
    arm = "https://management.contoso.example"
    refused = settings(ARM_ENDPOINT=arm).faults["ARM_ENDPOINT"]
    assert "management.contoso.example is the ARM of no cloud" in refused
    assert all(name in refused for name in OWN)
    for name in OWN:
        assert f"set {name}, too" in settings(ARM_ENDPOINT=arm, **{**OWN, name: ""}).faults["ARM_ENDPOINT"]
    found = settings(ARM_ENDPOINT=arm, **OWN)
    cloud = found.cloud
    assert (cloud.storage_suffix, cloud.vault_suffix) == ("storage.contoso.example", "vault.contoso.example")
    assert (cloud.eventgrid_suffix, cloud.portal) == ("events.contoso.example", "https://portal.contoso.example")
    assert cloud.issuers("t") == ("https://login.contoso.example/t/v2.0", "https://login.contoso.example/t/")
    assert (found.arm_scope, settings(ARM_ENDPOINT=arm, ARM_SCOPE="s", **OWN).arm_scope) == (f"{arm}/.default", "s")
    assert not any("azure" in str(part) or "windows.net" in str(part) for part in vars(cloud).values())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ARM_STORAGE_SUFFIX", "https://core.windows.net"),
        ("ARM_KEY_VAULT_SUFFIX", "vault azure net"),
        ("ARM_EVENT_GRID_SUFFIX", "*"),
        ("ARM_PORTAL", "http://portal.example"),
        ("ARM_PORTAL", "https://portal.example/path"),
        ("ARM_AUTHORITY", "http://127.0.0.1:1"),
        ("ARM_ENDPOINT", "https://management.azure.com/subscriptions"),
        ("ARM_ENDPOINT", "https://user@management.azure.com"),
        ("ARM_ENDPOINT", "https://management.azure.com?x=1"),
        ("ARM_ENDPOINT", "https://management.azure.com#x"),
        ("ARM_ENDPOINT", "https://management.azure.com:port"),
        ("ARM_ENDPOINT", "https://[x"),
        ("ARM_ENDPOINT", "https://"),
        ("ARM_ENDPOINT", "management.azure.com"),
    ],
)
def test_a_part_of_a_cloud_that_is_none_is_named(name: str, text: str) -> None:
    found = settings(**{**OWN, "ARM_ENDPOINT": "https://management.contoso.example", name: text})
    assert name in found.faults["ARM_ENDPOINT"]


def test_an_emulator_stands_for_public_azure_or_for_the_cloud_that_is_described() -> None:
    assert settings(ARM_ENDPOINT=LOCAL).cloud == PUBLIC
    described = settings(ARM_ENDPOINT=LOCAL, **{**OWN, "ARM_AUTHORITY": "http://127.0.0.1:8/authority"})
    assert described.cloud.storage_suffix == "storage.contoso.example"
    assert described.cloud.keys("t") == "http://127.0.0.1:8/authority/t/discovery/v2.0/keys"


def test_the_settings_of_this_process_are_those_of_its_environment(tmp_path: Path) -> None:
    assert of_process(tmp_path) == from_environment(os.environ, tmp_path)


@pytest.mark.parametrize(
    ("text", "days", "fault"),
    [("", 0, False), ("90", 90, False), ("90.7", 90, False), ("x", 0, True), ("inf", 0, True), ("1e400", 0, True)],
)
def test_the_days_of_the_retention(text: str, days: int, fault: bool) -> None:
    found = from_environment({"RETENTION_DAYS": text, "AzureWebJobsStorage": "x"}, Path())
    assert (found.retention_days, "RETENTION_DAYS" in found.faults) == (days, fault)


@pytest.mark.parametrize(
    ("environ", "account"),
    [
        ({"AzureWebJobsStorage__tableServiceUri": "https://a.table.x"}, "a"),
        ({"AzureWebJobsStorage__tableServiceUri": "https:///"}, None),
        ({"AzureWebJobsStorage": "AccountName=b;TableEndpoint=https://c.table.x"}, "b"),
        ({"AzureWebJobsStorage": "QueueEndpoint=https://d.queue.x;BlobEndpoint=https://e.blob.x"}, "d"),
        ({"AzureWebJobsStorage": "BlobEndpoint=https://e.blob.x"}, "e"),
        ({"AzureWebJobsStorage": "nonsense"}, None),
        ({}, None),
    ],
)
def test_the_desks_own_account(environ: dict[str, str], account: str | None) -> None:
    assert from_environment(environ, Path()).own_account == account
