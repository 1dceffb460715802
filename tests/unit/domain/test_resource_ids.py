"""Azure's names: ids, container and secret URLs, allow patterns; whatever could mean two things is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import resource_ids
from shared.domain.clouds import CHINA, GOVERNMENT, PUBLIC, Cloud
from shared.domain.resource_ids import BadName
from tests.kits.restores import CONTAINER_ID, INSTANCE, SECRET, SERVER, SUBSCRIPTION, VAULT

HEAD = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"


def test_an_id_and_those_above_it() -> None:
    found = resource_ids.parse_id(INSTANCE, resource_ids.INSTANCE)
    assert (found.subscription, found.resource_group, found.type) == (SUBSCRIPTION, "vaultRG", resource_ids.INSTANCE)
    assert found.parent().text == VAULT
    assert (found.parent().type, found.parent().name) == (resource_ids.VAULT, "pgVault")
    assert resource_ids.parse_id(CONTAINER_ID, resource_ids.CONTAINER).names == ("drillaccount", "default", "drills")


def test_case_does_not_matter_to_azure_nor_to_us() -> None:
    assert resource_ids.parse_id(INSTANCE.upper(), resource_ids.INSTANCE).key == INSTANCE.lower()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not an ARM id"),
        ("pg-prod-01", "not an ARM id"),
        (VAULT, "this is the id of a Microsoft.DataProtection/backupVaults"),
        (SERVER, "this is the id of a Microsoft.DBforPostgreSQL/servers"),
        (f"{INSTANCE}/", "after the resource group comes one"),
        (f"{INSTANCE}/recoveryPoints/x", "this is the id of a .*recoveryPoints"),
        (f"/{INSTANCE}", "not an ARM id"),
        (INSTANCE.replace(SUBSCRIPTION, "xxxx"), "is not a subscription id"),
        (INSTANCE.replace("/providers/", "/providers/providers/"), "after the resource group comes one"),
        (INSTANCE.replace("vaultRG", "vault%52G"), "may not contain"),
        (INSTANCE.replace("vaultRG", ".."), "may not contain"),
        (INSTANCE.replace("/vaultRG", "\\vaultRG"), "may not contain"),
        (INSTANCE.replace("vaultRG", "a b"), "is not the name"),
        (INSTANCE.replace("vaultRG", ""), "is not the name"),
        (INSTANCE.replace("vaultRG", "rg."), "is not the name"),
        (INSTANCE.replace("vaultRG", "*"), "is not the name"),
        (INSTANCE.replace("vaultRG", "v\u0430ult"), "may not contain"),  # a Cyrillic a
        (f"{INSTANCE}?x=1", "may not contain"),
        (f"{INSTANCE}#x", "may not contain"),
        (f"{INSTANCE}\n", "is not the name"),
        (f"https://management.azure.com{INSTANCE}", "not an ARM id"),
    ],
)
def test_what_is_no_instance_id(text: str, why: str) -> None:
    with pytest.raises(BadName, match=why):
        resource_ids.parse_id(text, resource_ids.INSTANCE)


@pytest.mark.parametrize(
    ("text", "cloud", "account"),
    [
        ("https://acct.blob.core.windows.net/drills", PUBLIC, "acct"),
        ("https://acct.z13.blob.storage.azure.net/drills", PUBLIC, "acct"),
        ("https://acct.blob.core.usgovcloudapi.net/drills", GOVERNMENT, "acct"),
        ("https://acct.blob.core.chinacloudapi.cn/drills", CHINA, "acct"),
        (f"https://acct.blob.core.windows.net/{'a' * 63}", PUBLIC, "acct"),
        ("https://acct.blob.core.windows.net/a-1-b", PUBLIC, "acct"),
    ],
)
def test_a_container(text: str, cloud: Cloud, account: str) -> None:
    assert resource_ids.parse_container(text, cloud).account == account


BLOB = "https://acct.blob.core.windows.net"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{BLOB}",
        f"{BLOB}/",
        f"{BLOB}/drills/",
        f"{BLOB}/drills/folder",
        f"{BLOB}//drills",
        f"{BLOB}/$web",
        f"{BLOB}/$root",
        f"{BLOB}/$logs",
        f"{BLOB}/Drills",
        f"{BLOB}/ab",
        f"{BLOB}/a--b",
        f"{BLOB}/-ab",
        f"{BLOB}/ab-",
        f"{BLOB}/{'a' * 64}",
        f"{BLOB}/{'a-' * 40}a",
        f"{BLOB}/drills?sv=2022&sig=x",
        f"{BLOB}/drills#x",
        f"{BLOB}/dr%69lls",
        f"{BLOB}/../drills",
        f"{BLOB}/dri lls",
        f"{BLOB}/drills\n",
        f"{BLOB}:443/drills",
        f"{BLOB}\\@evil.com/drills",
        "https://user@acct.blob.core.windows.net/drills",
        "https://acct.blob.core.windows.net.evil.com/drills",
        "https://evil.com/acct.blob.core.windows.net",
        "https://acct.blob.core.windows.netx/drills",
        "https://acct-blob.core.windows.net/drills",
        "https://a.b.blob.core.windows.net/drills",
        "https://ACCT.blob.core.windows.net/drills",
        "https://acct.file.core.windows.net/drills",
        "https://acct.blob.core.chinacloudapi.cn/drills",
        "http://acct.blob.core.windows.net/drills",
        "HTTPS://acct.blob.core.windows.net/drills",
        "//acct.blob.core.windows.net/drills",
    ],
)
def test_what_no_restore_goes_to(text: str) -> None:
    with pytest.raises(BadName):
        resource_ids.parse_container(text, PUBLIC)


def test_why_the_websites_container_is_none() -> None:
    with pytest.raises(BadName, match="website's container is public"):
        resource_ids.parse_container(f"{BLOB}/$web", PUBLIC)


@pytest.mark.parametrize(
    ("text", "cloud"),
    [
        (SECRET, PUBLIC),
        (f"{SECRET}/0123456789abcdef", PUBLIC),
        ("https://kv1.vault.usgovcloudapi.net/secrets/a", GOVERNMENT),
        ("https://kv1.vault.azure.cn/secrets/a", CHINA),
    ],
)
def test_a_secret(text: str, cloud: Cloud) -> None:
    assert resource_ids.parse_secret(text, cloud) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://desk-kv.vault.azure.net/keys/a",
        "https://desk-kv.vault.azure.net/secrets",
        "https://desk-kv.vault.azure.net/secrets/",
        "https://desk-kv.vault.azure.net/secrets/a/b/c",
        "https://desk-kv.vault.azure.net/secrets/a_b",
        "https://desk-kv.vault.azure.net.evil.com/secrets/a",
        "https://vault.azure.net/secrets/a",
        "https://desk-kv.vault.azure.cn/secrets/a",
        "http://desk-kv.vault.azure.net/secrets/a",
    ],
)
def test_what_is_no_secret(text: str) -> None:
    with pytest.raises(BadName):
        resource_ids.parse_secret(text, PUBLIC)


@pytest.mark.parametrize(
    ("pattern", "text", "covered"),
    [
        (f"{VAULT}/backupInstances/*", INSTANCE, True),
        (f"{VAULT}/backupInstances/*".upper(), INSTANCE, True),
        (f"{VAULT}/*", INSTANCE, True),
        (f"/subscriptions/{SUBSCRIPTION}/*", INSTANCE, True),
        (INSTANCE, INSTANCE, True),
        (f"{VAULT}/backupInstances/pg-prod-*", INSTANCE, True),
        (f"{VAULT}/backupInstances/pg-stage-*", INSTANCE, False),
        (f"{VAULT}/backupInstances/pg-prod", INSTANCE, False),
        (VAULT, INSTANCE, False),
        (f"{INSTANCE}/*", INSTANCE, False),
        (f"{VAULT}x/*", INSTANCE, False),
        (INSTANCE.replace("pgVault", "*"), INSTANCE, True),
        (INSTANCE.replace("vaultRG/providers", "*"), INSTANCE, False),  # stays within its segment
        (f"{BLOB}/*", f"{BLOB}/drills", True),
        (f"{BLOB}/drills-*", f"{BLOB}/drills-a", True),
        (f"{BLOB}/drills-*", f"{BLOB}/drills", False),
        (f"{BLOB}/drills", f"{BLOB}/drills-a", False),
        (f"{BLOB}/*", "https://acct.blob.core.windows.net.evil.com/drills", False),
        (f"{BLOB}/*", "https://xacct.blob.core.windows.net/drills", False),
        (f"{BLOB}.*/drills", f"{BLOB}/drills", False),
        ("https://acc?.blob.core.windows.net/*", f"{BLOB}/drills", False),
        ("https://acct.blob.core.windows.ne./*", f"{BLOB}/drills", False),  # a dot is a dot
    ],
)
def test_what_a_pattern_covers(pattern: str, text: str, covered: bool) -> None:
    assert resource_ids.allowed(text, (pattern,)) is covered


@pytest.mark.parametrize(
    "pattern", ["*", "", "subscriptions/x", "http://a/*", "https://a//b", "/subscriptions/../*", "/subscriptions/%2e/*"]
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(BadName):
        resource_ids.check_pattern(pattern)


@settings(max_examples=500, deadline=None)
@given(
    account=st.text(alphabet="abAB01.-@:%/", min_size=1, max_size=8),
    suffix=st.sampled_from(["core.windows.net", "core.windows.net.evil.com", "evil.com", "CORE.windows.net"]),
    container=st.text(alphabet="abAB01-$%/.?*", max_size=8),
)
def test_a_container_that_is_taken_has_one_account_on_azures_host(account: str, suffix: str, container: str) -> None:
    try:
        found = resource_ids.parse_container(f"https://{account}.blob.{suffix}/{container}", PUBLIC)
    except BadName:
        return
    assert found.text == f"https://{found.account}.blob.core.windows.net/{found.container}"
    assert found.account.isalnum()
    assert found.container == container


@pytest.mark.parametrize(
    "text",
    [
        "http://drillaccount.blob.core.windows.net/drills",
        "HTTPS://drillaccount.blob.core.windows.net/drills",
        "https://drillaccount.blob.core.windows.net//drills",
        "drillaccount.blob.core.windows.net/drills",
    ],
)
def test_a_container_is_https_with_single_slashes(text: str) -> None:
    with pytest.raises(BadName, match="begins with https:// and has single slashes"):
        resource_ids.parse_container(text, PUBLIC)
    assert (
        resource_ids.parse_container("https://drillaccount.blob.core.windows.net/drills", PUBLIC).container == "drills"
    )


@pytest.mark.parametrize("text", ["https://drillaccount.blob.core.windows.net:443/drills", "https://a:b/drills"])
def test_a_container_with_a_port_is_told_so(text: str) -> None:
    with pytest.raises(BadName, match="has no port and no user"):
        resource_ids.parse_container(text, PUBLIC)
