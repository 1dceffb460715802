"""The limits of desk.toml: exactly the limit is taken, one more is a fault; settings show no secret."""

from typing import Any

import pytest

from shared.config.desk_file import Desk, parse_desk
from shared.config.settings import Settings
from shared.config.verify import MAX_BYTES, CheckEntry, too_large
from shared.domain.problems import Ours
from tests.kits.restores import INSTANCE, TARGETS

ENV = {"env": "NAME"}
ACCOUNT = f"{TARGETS}/Microsoft.Storage/storageAccounts/drillstore"
OWN = {"kind": "files", "account": ACCOUNT, "keepHours": 24, "verify": "none"}
HOOK = {"kind": "webhook", "url": "https://hook.example", "secret": ENV}
TICKETS = {"kind": "jira", "secret": ENV, "when": "`true`", "request": "body"}
CHECK = {"database": "emp", "sql": "select true"}
TENANT = "11111111-2222-3333-4444-555555555555"


def instance(**more: Any) -> dict[str, Any]:
    return {"instances": {"pg": {"id": INSTANCE, **more}}}


def target(**more: Any) -> dict[str, Any]:
    return {"targets": {"own": OWN | more}}


def channel(**more: Any) -> dict[str, Any]:
    return {"channels": {"hook": HOOK | more}}


def tickets(**more: Any) -> dict[str, Any]:
    return {"tickets": {"jira": TICKETS | more}}


def page(tenant: str = TENANT, *roles: str) -> dict[str, Any]:
    return {"page": {"tenant": tenant, "roles": {role: {} for role in roles}}}


LIMITS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (instance(cooldownHours=0), instance(cooldownHours=-0.5), "greater than or equal to 0"),
    (instance(cooldownHours=744), instance(cooldownHours=744.5), "less than or equal to 744"),
    (instance(cooldownHours=1.5), instance(cooldownHours="1"), "valid number"),
    (instance(staleAfterDays=0.1), instance(staleAfterDays=0), "greater than 0"),
    (instance(staleAfterDays=3660), instance(staleAfterDays=3660.5), "less than or equal to 3660"),
    (instance(staleAfterDays=2), instance(staleAfterDays="2"), "valid number"),
    (instance(databases=["x" * 63]), instance(databases=["x" * 64]), "at most 63"),
    (instance(databases=["x"]), instance(databases=[""]), "at least 1"),
    (instance(databases=[f"d{n}" for n in range(200)]), instance(databases=[f"d{n}" for n in range(201)]), "200"),
    (
        instance(checks={f"c{n}": CHECK for n in range(50)}),
        instance(checks={f"c{n}": CHECK for n in range(51)}),
        "at most 50",
    ),
    (instance(checks={"c": CHECK | {"sql": "x" * 4000}}), instance(checks={"c": CHECK | {"sql": "x" * 4001}}), "4000"),
    (instance(checks={"c": CHECK}), instance(checks={"c": CHECK | {"sql": ""}}), "at least 1"),
    (target(keepHours=1), target(keepHours=0.5), "greater than or equal to 1"),
    (target(keepHours=24 * 366), target(keepHours=24 * 366 + 1), "less than or equal to 8784"),
    (channel(secret=[ENV, ENV]), channel(secret=[ENV, ENV, ENV]), "at most 2"),
    (channel(secret=[ENV]), channel(secret=[]), "at least 1"),
    (
        {"channels": {"jira": {"kind": "jira", "refs": ["x" * 200]}}},
        {"channels": {"jira": {"kind": "jira", "refs": ["x" * 201]}}},
        "match pattern",
    ),
    (tickets(header="X-Any-1"), tickets(header="X Any"), "match pattern"),
    (tickets(tenant=TENANT), tickets(tenant=TENANT + "0"), "match pattern"),
    (page(TENANT, "Desk.Reader"), page(TENANT), "at least 1"),
    (page(TENANT, "x" * 120), page(TENANT, "x" * 121), "match pattern"),
    (page(TENANT, "R"), page("x" * 36, "R"), "match pattern"),
]


@pytest.mark.parametrize(("most", "more", "words"), LIMITS)
def test_the_limit_itself_is_taken_and_one_more_is_a_fault(
    most: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    Desk.model_validate(most)
    with pytest.raises(ValueError, match=words):
        Desk.model_validate(more)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"container": "https://acct.blob.core.windows.net/c01"}, "either a container or an account"),
        ({"account": None}, "either a container or an account"),
        ({"keepHours": None}, "an account needs keepHours"),
        ({"verify": None}, "an account needs verify"),
        ({"containerId": "/x"}, "containerId belongs to a container"),
        ({"account": None, "container": "https://a.blob.core.windows.net/c01", "verify": None}, "belong to an account"),
        ({"account": None, "container": "https://a.blob.core.windows.net/c01", "keepHours": None}, "belong to an acc"),
        ({"account": INSTANCE}, "storageAccounts is due"),
    ],
)
def test_a_files_target_is_a_container_or_an_account_with_all_it_needs(changes: dict[str, Any], words: str) -> None:
    said = {name: value for name, value in (OWN | changes).items() if value is not None}
    with pytest.raises(ValueError, match=words):
        Desk.model_validate({"targets": {"own": said}})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secret": None}, 'auth = "signature" needs a secret'),
        ({"secret": None, "auth": "header"}, 'auth = "header" needs a secret'),
        ({"auth": "entra", "tenant": TENANT, "audience": "a"}, "needs tenant, audience and clients"),
        ({"auth": "entra", "tenant": TENANT, "clients": ["c"]}, "needs tenant, audience and clients"),
        ({"auth": "entra", "audience": "a", "clients": ["c"]}, "needs tenant, audience and clients"),
    ],
)
def test_a_ticket_source_has_what_its_way_of_proof_needs(changes: dict[str, Any], words: str) -> None:
    said = {name: value for name, value in (TICKETS | changes).items() if value is not None}
    with pytest.raises(ValueError, match=words):
        Desk.model_validate({"tickets": {"x": said}})


@pytest.mark.parametrize(
    "changes",
    [
        {"auth": "entra", "tenant": TENANT, "audience": "a", "clients": ["c"], "secret": None},
        {"kind": "servicenow", "auth": "header"},
        {"kind": "servicenow", "auth": "entra", "tenant": TENANT, "audience": "a", "clients": ["c"], "secret": None},
    ],
)
def test_a_ticket_source_that_has_it_is_taken(changes: dict[str, Any]) -> None:
    said = {name: value for name, value in (TICKETS | changes).items() if value is not None}
    assert Desk.model_validate({"tickets": {"x": said}}).tickets["x"].reply is None


def test_what_the_file_leaves_out_is_closed() -> None:
    desk = Desk()
    assert (desk.instances, desk.targets, desk.channels, desk.tickets, desk.page) == ({}, {}, {}, {}, None)
    for rights in (desk.http, desk.queue):
        assert (rights.instances, rights.targets, rights.explicit, rights.callbacks) == ((), (), False, ())
    pg = Desk.model_validate(instance()).instances["pg"]
    assert (pg.targets, pg.channels, pg.cooldown_hours, pg.stale_after_days, pg.explicit_targets) == (
        (), (), 0, None, False
    )  # fmt: skip
    assert (pg.identity, pg.databases, pg.checks) == (None, (), {})
    hook = Desk.model_validate(channel()).channels["hook"]
    assert (hook.user, hook.internal, hook.refs, hook.encoding, hook.default) == (None, True, (), "none", False)
    jira = Desk.model_validate(tickets()).tickets["jira"]
    assert (jira.clients, jira.scopes, jira.bots, jira.reply, jira.key) == ((), (), (), None, None)
    role = Desk.model_validate(page(TENANT, "R")).page
    assert role
    assert (role.roles["R"].acts, role.roles["R"].instances) == ((), ())


def test_a_role_of_the_page_names_what_the_file_has() -> None:
    said = {"page": {"tenant": TENANT, "roles": {"R": {"targets": ["none"]}}}}
    with pytest.raises(ValueError, match=r"page\.roles\.R\.targets names none"):
        Desk.model_validate(said)


def checks(size: int) -> tuple[tuple[str, ...], dict[str, CheckEntry]]:
    """Databases and one check whose JSON is of that size."""
    names = tuple(f"d{n:061}" for n in range(100))
    frame = 20 + len('[[],{"c":{"database":"d","sql":""}}]') + 100 * 64 + 99 * 2 + 2 + 3
    return names, {"c": CheckEntry.model_construct(database="d", sql="x" * (size - frame))}


def test_what_a_verification_carries_is_32_kib_of_checks_at_the_most() -> None:
    exact = next(size for size in range(MAX_BYTES - 50, MAX_BYTES + 50) if too_large(*checks(size)))
    names, found = checks(exact)
    text = len(f'[["{'", "'.join(names)}"], {{"c": {{"database": "d", "sql": "{found["c"].sql}"}}}}]')
    assert text + 20 == MAX_BYTES + 1, "20 bytes of each check are for its answer"
    many = tuple(f"d{n}{'x' * 57}" for n in range(200))
    big = {f"c{n}": CHECK | {"sql": "x" * 1000} for n in range(30)}
    with pytest.raises(ValueError, match="too large"):
        Desk.model_validate(instance(databases=many, checks=big))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "desk.toml is not TOML: "),
        ("colour = 1", "desk.toml: colour: there is no such key"),
        ("[http]\ntargets = ['none']", "desk.toml: http.targets names none, which the file does not define"),
        ("[channels.a]\nkind = 'webhook'\nurl = 5", "channels.a.url"),
        ("[targets.a]\nkind = 'files'", "targets.a: a files target has either a container or an account"),
    ],
)
def test_a_fault_of_the_file_is_said_with_its_place(text: str, words: str) -> None:
    with pytest.raises(Ours) as caught:
        parse_desk(text)
    assert str(caught.value).startswith(words) or words in str(caught.value)
    assert not [line for line in str(caught.value).split("; ") if "FromEnvironment" in line.partition(": ")[0]]


def test_no_secret_stands_in_the_repr_of_the_settings() -> None:
    said = repr(Settings(connection_string="AccountKey=topsecret", environ={"TOKEN": "topsecret"}))
    assert "topsecret" not in said
    assert "faults" in said
