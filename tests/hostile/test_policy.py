"""A thousand hostile requests: each is refused by a field's name, or stays within what desk.toml opens."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.config.desk_file import Desk
from shared.config.policy import Decision, decide
from shared.config.rights import asker
from shared.domain.problems import Problem
from shared.domain.request import parse_request
from tests.kits.restores import (
    CONTAINER,
    CONTAINER_ID,
    GUARD,
    INSTANCE,
    SECRET,
    SERVER,
    SUBSCRIPTION,
    TARGETS,
    VAULT,
)
from tests.unit.config.test_policy import ALLOW, FILES, FOREIGN, GROUND, OTHER, STAGE, a_desk

NAMES = st.sampled_from(["pg-prod-01", "pg-stage-01", "drills", "each", "retired", "PG-PROD-01", "dba", "", "..", "*"])
IDS = st.sampled_from([INSTANCE, STAGE, OTHER, FOREIGN, VAULT, SERVER, CONTAINER_ID, INSTANCE.upper(), GUARD])
HOSTS = st.sampled_from(
    [
        "acct.blob.core.windows.net",
        "ACCT.blob.core.windows.net",
        "acct.blob.core.windows.net.evil.com",
        "evil.com",
        "deskaccount.blob.core.windows.net",
        "drillaccount.blob.core.windows.net",
        "acct.blob.core.windows.net:443",
        "x@acct.blob.core.windows.net",
        "acct.blob.core.windows.net%2f",
        "acct.blob.core.windows.net/..",
        "desk-kv",
    ]
)
TAILS = st.sampled_from(["", "?sig=x", "#", "/", "/..", "%2e", "\\", "\n", " ", "//x", "/*", "\u0000", "\u202e"])
URLS = st.builds(
    lambda scheme, host, name, tail: f"{scheme}{host}/{name}{tail}",
    st.sampled_from(["https://", "http://", "HTTPS://", "//", "https:\\\\", ""]),
    HOSTS,
    st.sampled_from(["c01", "$web", "C01", "secrets/dbauth3", "a--b", "drills", ".."]),
    TAILS,
)
TEXTS = NAMES | IDS | st.builds(str.__add__, IDS, TAILS) | URLS | st.text(max_size=12) | st.sampled_from([CONTAINER])
SCALARS = TEXTS | st.none() | st.booleans() | st.integers() | st.floats()
FIELDS = st.sampled_from(
    ["kind", "container", "containerId", "prefix", "server", "database", "credentialsSecret", "id", "atOrBefore", "x"]
)
OBJECTS = (
    st.dictionaries(FIELDS, SCALARS, max_size=4)
    | st.fixed_dictionaries({"kind": st.just("files"), "container": URLS}, optional={"containerId": IDS})
    | st.fixed_dictionaries(
        {"kind": st.just("database"), "server": IDS, "database": TEXTS, "credentialsSecret": URLS | st.just(SECRET)}
    )
)
MORE = st.sampled_from(
    [
        "recoveryPoint",
        "database",
        "location",
        "dryRun",
        "crossRegion",
        "resourceGuardRequests",
        "callback",
        "reason",
        "rehydration",
        "maxAgeHours",
        "ticket",
        "idempotencyKey",
        "requestedBy",
        "admin",
        "plan",
        "__proto__",
    ]
)
REQUESTS = st.builds(
    lambda instance, target, more: {**more, "instance": instance, "target": target},
    TEXTS,
    TEXTS | OBJECTS | SCALARS,
    st.dictionaries(MORE, SCALARS | OBJECTS | st.lists(SCALARS, max_size=2), max_size=1) | st.just({}),
)
# half of them are nearly right, so that what is accepted is seen as often as what is refused
NEARLY = st.builds(
    lambda instance, target, more: {"instance": instance, "target": target, **more},
    st.sampled_from(["pg-prod-01", "pg-stage-01", "pg-stage-01", INSTANCE.upper(), STAGE, OTHER, OTHER, FOREIGN]),
    st.sampled_from(["drills", "each", "retired"])
    | st.builds(
        lambda host, name: {"kind": "files", "container": f"https://{host}/{name}"},
        st.sampled_from(["acct.blob.core.windows.net", "drillaccount.blob.core.windows.net"]) | HOSTS,
        st.sampled_from(["c01", "drills", "acct", "$web", "a--b"]),
    )
    | st.builds(
        lambda server, secret: {"kind": "database", "server": server, "database": "x1", "credentialsSecret": secret},
        st.sampled_from([SERVER, SERVER.upper(), VAULT]),
        st.sampled_from([SECRET, SECRET.replace("desk-kv", "other-kv")]),
    ),
    st.sampled_from([{}, {}, {}, {"database": "x1"}, {"dryRun": True}, {"callback": "dba"}, {"plan": {}}]),
)
SOURCES = st.sampled_from(["http", "http", "http", "queue", "tickets/jira"])


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=NEARLY | REQUESTS, source=SOURCES)
@example(value={"instance": OTHER, "target": FILES}, source="http")
@example(value={"instance": "pg-stage-01", "target": FILES}, source="http")
def test_a_hostile_request_is_refused_by_its_field_or_stays_within_desk_toml(value: Any, source: str) -> None:
    desk = a_desk(allow={**ALLOW, "servers": [f"{TARGETS}/*"], "secrets": ["https://desk-kv.vault.azure.net/*"]})
    found = outcome(value, source, desk)
    if isinstance(found, Problem):
        assert found.where
        assert found.detail
        assert found.status in (403, 422)
    else:
        assert_within(found, value, source)


def outcome(value: Any, source: str, desk: Desk) -> Decision | Problem:
    try:
        return decide(parse_request(value), asker(desk, source), desk, GROUND)
    except Problem as problem:
        return problem


def assert_within(found: Decision, value: Any, source: str) -> None:
    """The oracle: the few places that desk.toml opens, said once more in plain string comparisons."""
    plan, instance = found.plan, found.instance.text
    assert source != "tickets/jira"
    assert instance in (INSTANCE, STAGE) or instance.lower().startswith(f"{VAULT}/backupInstances/".lower())
    if source == "queue":
        assert (found.name, plan.name) == ("pg-prod-01", "drills")
    if found.name == "pg-prod-01":
        assert plan.container in (CONTAINER, "https://eachaccount.blob.core.windows.net/drills-pg-prod-01")
    if plan.kind == "files":
        account, container = str(plan.container).removeprefix("https://").split("/")
        assert account in ("acct.blob.core.windows.net", "drillaccount.blob.core.windows.net") or plan.name == "each"
        assert container.replace("-", "").isalnum()
        assert plan.container_id is None or plan.container_id.lower().endswith(f"/containers/{container}")
    else:
        assert str(plan.server).lower().startswith(f"{TARGETS}/Microsoft.DBforPostgreSQL/servers/".lower())
        assert str(plan.secret).startswith("https://desk-kv.vault.azure.net/secrets/")
    assert f"/subscriptions/{SUBSCRIPTION}/" in instance.lower()
    assert not any(mark in f"{plan.destination}{instance}" for mark in ("%", "..", "\\", "?", "#", "@", "\n", " "))
    assert value["instance"].lower() in (str(found.name).lower(), instance.lower())
