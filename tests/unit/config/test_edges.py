"""Policy, plans and settings at their edges: names that are almost the same, accounts, regions, what is not a URL."""

import os
from pathlib import Path
from typing import Any

import pytest

from shared.config.desk_file import FromEnvironment
from shared.config.outbound_urls import dialled, of_service, retired
from shared.config.plans import (
    Ground,
    check_file,
    container_url,
    derived_id,
    filled,
    has_name_of_its_own,
    owners_of,
    server_plan,
)
from shared.config.policy import find_instance
from shared.config.rights import UPGRADE, anybody, asker, askers
from shared.config.secrets import SHORTEST, resolve
from shared.config.settings import from_environment, of_process
from shared.config.target_entries import FilesEntry
from shared.config.verify import level_of
from shared.domain.clouds import CHINA, GOVERNMENT, PUBLIC
from shared.domain.problems import Ours, Problem, invalid, unknown
from shared.domain.request import parse_request
from shared.domain.resource_ids import parse_container
from shared.domain.restore import Plan
from shared.domain.text import MARK, fit, size, within
from shared.domain.wrong_fields import SHOWN, said_of, seen
from tests.kits.restores import CONTAINER, INSTANCE, SECRET, SERVER, TARGETS
from tests.unit.config.test_policy import GROUND, STAGE, a_desk, decided

ACCOUNT = f"{TARGETS}/Microsoft.Storage/storageAccounts/drillstore"
OWN = {"kind": "files", "account": ACCOUNT, "keepHours": 24, "verify": "listed"}
GUID = "d30fa52e-20c9-55e4-b891-fa7af34b1b1d"


def vaulted(**changes: Any) -> Any:
    targets = {"own": OWN | changes, "drills": {"kind": "files", "container": CONTAINER}}
    instances = {"pg-prod-01": {"id": INSTANCE, "targets": ["own", "drills"]}}
    return a_desk(targets=targets, instances=instances, http={"instances": ["*"], "targets": ["own", "drills"],
                  "explicit": True}, queue={})  # fmt: skip


# --- accounts ---------------------------------------------------------------------------------------------------------
def test_an_accounts_target_makes_a_plan_without_a_container() -> None:
    found = decided(desk=vaulted(), target="own")
    assert (found.plan.account, found.plan.container, found.plan.keep_hours) == (ACCOUNT, None, 24)
    assert found.verification
    assert found.verification.level == "listed"
    assert container_url(ACCOUNT.upper(), "rd-x-1", GROUND) == "https://drillstore.blob.core.windows.net/rd-x-1"


def test_the_desks_own_account_is_no_target() -> None:
    own = Ground(PUBLIC, "drillstore")
    with pytest.raises(Problem, match="the desk's own storage account") as caught:
        decided(desk=vaulted(), ground=own, target="own")
    assert (caught.value.status, caught.value.where) == (403, "target.account")
    (fault,) = check_file(vaulted(), own)
    assert fault.startswith("targets.own: this is the desk's own storage account")
    assert check_file(vaulted(), Ground(PUBLIC)) == []


def test_an_accounts_containers_are_for_named_instances() -> None:
    with pytest.raises(Problem, match="for instances that desk"):
        decided(desk=vaulted(), instance=STAGE, target="own")


@pytest.mark.parametrize(
    ("asked", "least", "level"),
    [
        (None, "none", "none"),
        (None, "decoded", "decoded"),
        ("loaded", "listed", "loaded"),
        ("listed", "listed", "listed"),
    ],
)
def test_a_request_may_be_verified_as_its_target_says_or_more(asked: Any, least: Any, level: str) -> None:
    said = {"verify": asked} if asked else {}
    request = parse_request({"instance": "a", "target": "own", **said})
    assert level_of(request, Plan(kind="files", account=ACCOUNT), least) == level


@pytest.mark.parametrize(("account", "asked", "least", "words"), [
    (None, "listed", "none", "only files in a separate container"),
    (ACCOUNT, "listed", "decoded", "target own verifies decoded"),
    (ACCOUNT, "none", "listed", "target own verifies listed"),
])  # fmt: skip
def test_a_request_is_never_verified_less(account: str | None, asked: str, least: Any, words: str) -> None:
    request = parse_request({"instance": "a", "target": "own", "verify": asked})
    with pytest.raises(Problem, match=words) as caught:
        level_of(request, Plan(kind="files", account=account, name="own"), least)
    assert caught.value.where == "verify"
    none = parse_request({"instance": "a", "target": "own", "verify": "none"})
    assert level_of(none, Plan(kind="files"), "none") == "none"


# --- instances and targets --------------------------------------------------------------------------------------------
def test_an_instance_is_found_by_its_name_or_by_an_id_that_is_allowed() -> None:
    desk = a_desk()
    assert find_instance("pg-prod-01", desk)[1] == "pg-prod-01"
    assert find_instance(INSTANCE.upper().replace("MICROSOFT.DATAPROTECTION", "Microsoft.DataProtection"), desk)[1]
    for said, status, words in (
        (INSTANCE.replace("pgVault", "x"), 403, "no pattern of allow.instances covers this id"),
        ("pg-prod-1", 422, "did you mean pg-prod-01 or pg-stage-01?"),
    ):
        with pytest.raises(Problem) as caught:
            find_instance(said, desk)
        assert (caught.value.status, caught.value.where) == (status, "instance")
        assert words in caught.value.detail


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("PG_Prod--01", "drills-pg-prod-01"),
        ("-a-", "drills-a"),
        ("x" * 80, "drills-" + "x" * 56),
        ("x" * 55 + "-y", "drills-" + "x" * 55),
    ],
)
def test_the_name_of_an_instance_in_its_container(name: str, container: str) -> None:
    entry = a_desk(targets={"each": {"kind": "files", "container": "https://a.blob.core.windows.net/drills-{instance}"}},
                   instances={}, http={}, queue={}).targets["each"]  # fmt: skip
    assert isinstance(entry, FilesEntry)
    assert filled(entry, name).container == f"https://a.blob.core.windows.net/{container}"
    fixed = "https://a.blob.core.windows.net/" + "y" * 70 + "{instance}"
    assert filled(entry.model_copy(update={"container": fixed}), "abc").container == fixed.replace("{instance}", "")
    held = entry.model_copy(update={"container_id": "/x/{instance}"})
    assert (filled(held, "abc").container_id, filled(entry, "abc").container_id) == ("/x/abc", None)


@pytest.mark.parametrize(
    ("name", "own"), [(f"pg-{GUID}", True), (f"pg-{GUID}".upper(), True), ("pg", False), (f"{'x' * 40}-{GUID}", False)]
)
def test_a_name_of_its_own_ends_in_a_whole_guid(name: str, own: bool) -> None:
    entry = a_desk().targets["each"]
    assert isinstance(entry, FilesEntry)
    assert has_name_of_its_own(entry, name) is own


def test_whose_container_it_is() -> None:
    desk = a_desk()
    assert owners_of("https://eachaccount.blob.core.windows.net/drills-pg-prod-01", desk) == {"pg-prod-01"}
    assert owners_of(CONTAINER, desk) == set()
    assert owners_of("https://eachaccount.blob.core.windows.net/drills-pg-stage-01", desk) == set()


def test_two_names_that_become_one_container_are_a_fault() -> None:
    entry = {"id": INSTANCE, "targets": ["each", "drills"]}
    desk = a_desk(instances={"pg.a": entry, "pg-a": entry, "pg-prod-01": entry}, queue={})
    (fault,) = check_file(desk, GROUND)
    assert fault == (
        "instances.pg-a: https://eachaccount.blob.core.windows.net/drills-pg-a is the container of pg.a, too: "
        "rename one of the two"
    )


def test_the_id_of_a_container_is_derived_where_desk_toml_knows_the_account() -> None:
    known = parse_container(CONTAINER.replace("drills", "other"), PUBLIC) if "drillaccount" not in CONTAINER else None
    url = known or parse_container("https://drillaccount.blob.core.windows.net/other", PUBLIC)
    assert str(derived_id(url, a_desk())).endswith(
        "/storageAccounts/drillaccount/blobServices/default/containers/other"
    )
    assert derived_id(parse_container("https://foreign.blob.core.windows.net/other", PUBLIC), a_desk()) is None


@pytest.mark.parametrize(
    ("server", "database", "secret", "words"),
    [
        (SERVER.replace("/servers/", "/flexibleServers/"), "new", SECRET, "flexible servers as files only"),
        (SERVER, "postgres", SECRET, "a system database"),
        (SERVER, "Template0", SECRET, "a system database"),
        (SERVER, "azure_sys", SECRET, "a system database"),
        (SERVER, "new", "https://x.example/secrets/a", "is not a Key Vault host"),
        ("/x", "new", SECRET, "not an ARM id"),
    ],
)
def test_a_server_that_cannot_be_restored_to(server: str, database: str, secret: str, words: str) -> None:
    with pytest.raises(Problem, match=words):
        server_plan(server, database, secret, GROUND)
    assert server_plan(SERVER, "postgres2", SECRET, GROUND).destination == f"{SERVER}/databases/postgres2"


# --- who may ask ------------------------------------------------------------------------------------------------------
def test_a_source_that_may_ask_for_nothing_is_told_how_to_open_it() -> None:
    closed = asker(a_desk(http={}), "http")
    assert UPGRADE in closed.no_instance("pg-prod-01").detail
    assert UPGRADE in closed.no_target("drills", "pg-prod-01", a_desk()).detail
    assert "lists no channel" in closed.no_callback("dba").detail
    open_ = asker(a_desk(), "http")
    assert open_.no_instance("/x").detail.endswith("and no pattern of allow.instances covers it")
    assert open_.no_instance("pg").where == "instance"
    assert "that http may use for an instance by its id" in open_.no_target("drill", None, a_desk()).detail
    assert "did you mean dba?" in open_.no_callback("dbaa").detail
    named = asker(a_desk(), "queue")
    assert named.no_instance("/x").detail.endswith("it is none of its instances")


def test_the_ways_of_a_person_are_those_of_the_roles_that_may_ask() -> None:
    roles = {"Reader": {}, "Asker": {"instances": ["*"], "targets": ["drills"]}, "Other": {"instances": ["pg-prod-01"]}}
    desk = a_desk(page={"tenant": f"{'1' * 8}-1111-1111-1111-{'1' * 12}", "roles": roles})
    found = askers(desk, "page", ("Asker", "Reader", "Gone", "Other"))
    assert [(one.source, one.instances, one.targets) for one in found] == [
        ("page", ("pg-prod-01", "pg-stage-01"), ("drills",)),
        ("page", ("pg-prod-01",), ()),
    ]
    assert [(one.ids, one.places) for one in found] == [(False, False)] * 2
    for desk_, roles_ in ((desk, ("Reader",)), (desk, ()), (a_desk(), ("Asker",))):
        (nothing,) = askers(desk_, "page", roles_)
        assert (nothing.source, nothing.instances, nothing.targets, nothing.callbacks) == ("page", (), (), ())
        assert (nothing.ids, nothing.places) == (False, False)
    all_ = anybody(a_desk())
    assert (all_.ids, all_.places, all_.instances) == (True, True, ("pg-prod-01", "pg-stage-01"))


@pytest.mark.parametrize(
    ("http", "instances", "ids", "places"),
    [
        ({}, ("pg-prod-01", "pg-stage-01"), True, True),
        ({"instances": ["pg-prod-01"]}, ("pg-prod-01",), False, True),
        ({"targets": ["drills"]}, ("pg-prod-01", "pg-stage-01"), True, False),
        ({"instances": ["pg-prod-01"], "targets": []}, ("pg-prod-01",), False, False),
        ({"instances": ["pg-prod-01"], "targets": [], "explicit": True}, ("pg-prod-01",), True, True),
    ],
)
def test_a_row_of_release_0_1_is_judged_by_what_was_open_then(
    http: dict[str, Any], instances: tuple[str, ...], ids: bool, places: bool
) -> None:
    (found,) = askers(a_desk(http=http), "http", (), "0.1")
    assert (found.instances, found.ids, found.places) == (instances, ids, places)
    assert found.targets == (tuple(http["targets"]) if "targets" in http else ("drills", "each", "retired"))
    assert found.callbacks == ("dba",)


# --- URLs and secrets -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://x.example/a b", "printable ASCII only"),
        ("https://x.example\\a", "no backslash"),
        ("https://[::1", "cannot be read"),
        ("https://x.example:99999/", "cannot be read"),
        ("https://x.example:0/", "must begin with https:// and name a host"),
        ("http://x.example/", "must begin with https:// and name a host"),
        ("https:///a", "must begin with https:// and name a host"),
        ("https://user@x.example/", "no user, password or fragment"),
        ("https://x.example/#a", "no user, password or fragment"),
        ("https://[::1]/", "not an IP address"),
        ("https://1.2.3.4/", "not an IP address"),
        ("https://a.0x7f/", "not an IP address"),
        ("https://localhost/", "back to this machine"),
        ("https://a.localhost./", "back to this machine"),
        ("https://a..b/", "is no host name"),
        ("https://-a.example/", "is no host name"),
        ("https://a.webhook.office.com/", "are retired"),
        ("http://127.0.0.1/", "must begin with https://"),
    ],
)
def test_a_url_that_is_not_dialled(url: str, words: str) -> None:
    with pytest.raises(Ours) as caught:
        dialled("channels.x", url)
    assert words in str(caught.value)
    assert str(caught.value).startswith("channels.x: ")


def test_a_url_that_is_dialled() -> None:
    assert dialled("x", "https://x.example/a//") == "https://x.example/a"
    assert dialled("x", "http://127.0.0.1:5/a", insecure_loopback=True) == "http://127.0.0.1:5/a"
    for url in ("http://127.0.0.2/", "http://u@127.0.0.1/", "http://localhost/"):
        with pytest.raises(Ours):
            dialled("x", url, insecure_loopback=True)


@pytest.mark.parametrize(
    ("url", "gone"),
    [
        ("https://webhook.office.com/a", True),
        ("https://x.webhook.office.com/a", True),
        ("https://xwebhook.office.com/a", False),
        ("https://outlook.office.com/webhook/a", True),
        ("https://outlook.office365.com/WebhookB2/a", True),
        ("https://outlook.office.com/mail", False),
        ("https://x.example/webhook/a", False),
    ],
)
def test_a_connector_that_microsoft_switched_off(url: str, gone: bool) -> None:
    assert retired(url) is gone


@pytest.mark.parametrize(
    ("url", "service", "cloud", "fits"),
    [
        ("https://a.queue.core.windows.net/q", "queue", PUBLIC, True),
        ("https://a.queue.core.windows.net/q", "queue", CHINA, False),
        ("https://abc.z12.queue.storage.azure.net/q", "queue", PUBLIC, True),
        ("https://abc.z123.queue.storage.azure.net/q", "queue", PUBLIC, False),
        ("https://abc.z12.queue.storage.azure.net/q", "eventgrid", PUBLIC, False),
        ("https://t.westus-1.eventgrid.azure.net/", "eventgrid", PUBLIC, True),
        ("https://t.eventgrid.azure.us/", "eventgrid", GOVERNMENT, True),
        ("https://xqueue.core.windows.net/q", "queue", PUBLIC, False),
    ],
)
def test_a_token_goes_to_its_own_service(url: str, service: str, cloud: Any, fits: bool) -> None:
    if fits:
        of_service("x", url, service, cloud)
        return
    with pytest.raises(Ours, match="the URL's host must end in"):
        of_service("x", url, service, cloud)


@pytest.mark.parametrize(("length", "taken"), [(SHORTEST, True), (SHORTEST - 1, False)])
def test_a_secret_has_sixteen_characters(length: int, taken: bool) -> None:
    ref, environ = FromEnvironment(env="S"), {"S": f" {'x' * length} "}
    if taken:
        assert resolve(ref, environ) == ("x" * 16,)
        assert resolve([ref, ref], environ) == ("x" * 16,) * 2
        return
    with pytest.raises(Ours, match="S is shorter than 16 characters"):
        resolve(ref, environ)


# --- settings ---------------------------------------------------------------------------------------------------------
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


# --- the domain's words -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("pg-prod", ["pg-prod-01", "x"], "'pg-prod' is no target of desk.toml; did you mean pg-prod-01?"),
        ("zzz", ["a"], "'zzz' is no target of desk.toml; there is: a"),
        ("zzz", [], "'zzz' is no target of desk.toml; there are: none"),
        ("zzz", [f"a{n:02}" for n in range(12)], f"there are: {', '.join(f'a{n:02}' for n in range(10))}"),
    ],
)
def test_an_unknown_name_is_said_with_those_there_are(name: str, known: list[str], words: str) -> None:
    found = unknown("target", name, "target", known)
    assert found.detail.endswith(words)
    assert (found.status, found.where, found.title) == (422, "target", "Unknown target")
    assert unknown("phase", "x", "phase", ["a"]).detail.startswith("'x' is no phase;")


def test_a_problem_says_its_field() -> None:
    found = invalid("a.b", "bad")
    assert str(found) == "a.b: bad"
    assert found.body()["field"] == "a.b"
    plain = Problem(409, "t", "d", more={"phase": "lost"})
    assert (str(plain), plain.body()) == (
        "d", {"type": "about:blank", "title": "t", "status": 409, "detail": "d", "phase": "lost"}
    )  # fmt: skip


def test_a_cloud_is_known_by_its_host_and_effective_port() -> None:
    for endpoint, found in (
        ("https://management.azure.com", True),
        ("https://MANAGEMENT.azure.com.:443/x", True),
        ("https://management.azure.com:444", False),
        ("http://management.azure.com", False),
        ("https://management.azure.com:x", False),
        ("https://management.azure.com:99999", False),
    ):
        assert PUBLIC.is_at(endpoint) is found, endpoint
    assert PUBLIC.issuers("t") == ("https://login.microsoftonline.com/t/v2.0", "https://sts.windows.net/t/")
    assert CHINA.keys("t") == "https://login.partner.microsoftonline.cn/t/discovery/v2.0/keys"


class Endless:
    """What no JSON can hold."""


def test_what_was_sent_is_shown_short_and_without_secrets() -> None:
    assert seen("x" * SHOWN) == '"' + "x" * 53 + "… (cut)" or len(seen("x" * SHOWN)) <= SHOWN
    assert seen("x" * (SHOWN + 1)).endswith(" (61 characters)")
    assert not seen("x" * SHOWN).endswith("characters)")
    assert seen(["a"]) == '["a"]'
    assert seen(Endless()) == seen({1: {2}}) == "something that cannot be shown"
    assert "abcdef" not in seen("https://x.example/?sig=abcdefgh")


@pytest.mark.parametrize(
    ("line", "where", "words"),
    [
        ({"type": "extra_forbidden"}, "requestor", "there is no field 'requestor'; there are: instance, requestedBy"),
        ({"type": "extra_forbidden"}, "requested_by", "there is no field 'requested_by'; did you mean requestedBy?"),
        ({"type": "missing"}, "instance", "it is missing, and it is required; send a name of desk.toml, or the ARM id"),
        ({"type": "missing"}, "other", "it is missing, and it is required"),
        ({"type": "x", "msg": "m", "input": 5}, "other", "5 was sent: m"),
        ({"type": "x", "msg": "m", "input": 5}, "dryRun", "5 was sent; send true or false, without quotes"),
        ({"type": "value_error", "msg": "Value error, m", "input": 5}, "a.dryRun", "5 was sent (m); send true or"),
    ],
)
def test_a_wrong_field_is_said_in_words(line: dict[str, Any], where: str, words: str) -> None:
    assert said_of(line, where, ["instance", "requestedBy"]).startswith(words.partition("; there are")[0])


def test_what_cannot_be_cut_to_its_limit_is_cut_as_far_as_it_goes() -> None:
    many = {f"name-{n}": 5 for n in range(1000)}
    assert within(many, 100) == many
    assert within({"a": "x" * 500}, 10_000) == {"a": "x" * 500}
    cut = within({"a": "x" * 500, "b": ["y" * 100] * 20, "c": [5] * 50}, 900)
    assert len(str(cut)) < 1200
    assert cut["b"][-1] == f"… {20 - len(cut['b']) + 1} more (cut)"
    assert all(part == 5 for part in cut["c"])
    assert within({"a": "\ud800"}, 100) == {"a": "\ufffd"}


@pytest.mark.parametrize(("limit", "text"), [(20, "x" * 20), (19, "x" * (19 - len(MARK)) + MARK), (len(MARK), MARK)])
def test_a_text_is_cut_to_exactly_its_limit(limit: int, text: str) -> None:
    assert fit("x" * 20, limit) == text
    assert size("a\U0001f600") == 3
    assert fit("ab   cdefghijkl", len(MARK) + 4) == "ab" + MARK
