"""Closed by default: what no line opens may not be asked for, and reads like what does not exist."""

from typing import Any

import pytest

from shared.config.desk_file import Desk
from shared.config.plans import Ground
from shared.config.policy import Decision, decide
from shared.config.rights import asker
from shared.domain.clouds import PUBLIC
from shared.domain.problems import Problem
from shared.domain.request import parse_request
from tests.kits.restores import CONTAINER, INSTANCE, SECRET, SERVER, VAULT

STAGE, OTHER = f"{VAULT}/backupInstances/pg-stage-01", f"{VAULT}/backupInstances/other"
FOREIGN = INSTANCE.replace("pgVault", "otherVault")
FILES = {"kind": "files", "container": "https://acct.blob.core.windows.net/c01"}
WHOLE: dict[str, Any] = {
    "allow": {
        "instances": [f"{VAULT}/backupInstances/*"],
        "containers": ["https://acct.blob.core.windows.net/*", CONTAINER],
    },
    "instances": {
        "pg-prod-01": {"id": INSTANCE, "targets": ["drills", "audit"], "explicitTargets": True},
        "pg-stage-01": {"id": STAGE, "targets": ["drills"]},
    },
    "targets": {
        "drills": {"kind": "files", "container": CONTAINER},
        "audit": {"kind": "files", "container": "https://acct.blob.core.windows.net/audit"},
        "server": {"kind": "database", "server": SERVER, "credentialsSecret": SECRET},
    },
    "channels": {name: {"kind": "slack", "url": {"env": "SLACK"}} for name in ("dba", "dba-night")},
}
EVERY_WAY: list[dict[str, Any]] = [
    {"instance": "pg-prod-01", "target": "drills"},
    {"instance": INSTANCE, "target": "drills"},
    {"instance": "pg-prod-01", "target": FILES},
    {"instance": OTHER, "target": "drills"},
    {"instance": OTHER, "target": FILES},
    {"instance": "pg-prod-01", "target": "drills", "callback": "dba"},
]


def decided(http: dict[str, Any], asked: dict[str, Any], release: str = "0.2") -> Decision | Problem:
    desk = Desk.model_validate({**WHOLE, "http": http})
    try:
        return decide(parse_request(asked), asker(desk, "http", release), desk, Ground(PUBLIC))
    except Problem as problem:
        return problem


def taken(http: dict[str, Any], release: str = "0.2") -> list[bool]:
    return [isinstance(decided(http, asked, release), Decision) for asked in EVERY_WAY]


@pytest.mark.parametrize(
    ("http", "may"),
    [
        ({}, [False] * 6),
        ({"instances": []}, [False] * 6),
        ({"instances": ["*"]}, [False] * 6),
        ({"targets": ["drills"]}, [False] * 6),
        ({"targets": ["drills"], "callbacks": ["dba"]}, [False] * 6),
        ({"instances": ["*"], "targets": ["drills"]}, [True, True, False, False, False, False]),
        ({"instances": ["pg-prod-01"], "targets": ["drills"]}, [True, True, False, False, False, False]),
        ({"instances": ["pg-stage-01"], "targets": ["drills"]}, [False] * 6),
        ({"explicit": True}, [False, False, False, False, True, False]),
        ({"instances": ["*"], "explicit": True}, [False, False, True, False, True, False]),
        ({"instances": ["*"], "targets": ["drills"], "explicit": True}, [True, True, True, True, True, False]),
        ({"instances": ["*"], "targets": ["drills"], "callbacks": ["dba"]}, [True, True, False, False, False, True]),
    ],
)
def test_a_source_may_ask_for_what_its_lines_open_and_nothing_else(http: dict[str, Any], may: list[bool]) -> None:
    assert taken(http) == may


@pytest.mark.parametrize(
    ("http", "may"),
    [
        ({}, [True] * 6),
        ({"instances": ["*"]}, [True] * 6),
        ({"instances": ["pg-prod-01"]}, [True, True, True, False, False, True]),
        ({"targets": ["drills"]}, [True, True, False, True, False, True]),
        ({"targets": ["drills"], "explicit": True}, [True, True, True, True, True, True]),
        ({"instances": [], "targets": []}, [False] * 6),
    ],
)
def test_what_0_1_0_accepted_is_judged_by_its_defaults(http: dict[str, Any], may: list[bool]) -> None:
    assert taken(http, "0.1") == may


OPEN: dict[str, Any] = {
    "instances": ["pg-stage-01"],
    "targets": ["drills"],
    "explicit": True,
    "callbacks": ["dba-night"],
}


@pytest.mark.parametrize(
    ("field", "forbidden", "absent"),
    [
        ("instance", {"instance": "pg-prod-01"}, {"instance": "pg-prod-02"}),
        ("instance", {"instance": INSTANCE}, {"instance": FOREIGN}),
        ("target", {"target": "audit"}, {"target": "adult"}),
        ("target", {"target": "server"}, {"target": "servers"}),
        ("callback", {"callback": "dba"}, {"callback": "dba2"}),
    ],
)
def test_the_forbidden_reads_like_the_absent_and_shows_nothing_of_what_is_hidden(
    field: str, forbidden: dict[str, Any], absent: dict[str, Any]
) -> None:
    asked = {"instance": "pg-stage-01", "target": "drills"}
    closed: dict[str, Any] = {"instances": [], "targets": []}
    for http in (OPEN, closed):
        one, two = decided(http, {**asked, **forbidden}), decided(http, {**asked, **absent})
        assert isinstance(one, Problem)
        assert isinstance(two, Problem)
        plain = [str(p.body()).replace(f"'{said[field]}'", "…") for p, said in ((one, forbidden), (two, absent))]
        assert plain[0] == plain[1]
        shown = str(one.body()).replace(f"'{forbidden[field]}'", "…")
        assert not any(hidden in shown for hidden in ("pg-prod", "audit", "server", "'dba'"))


def test_the_nearest_names_are_those_that_the_source_may_ask_for() -> None:
    one = decided(OPEN, {"instance": "pg-prod-01", "target": "drills"})
    assert isinstance(one, Problem)
    assert one.more == {"closest": ["pg-stage-01"]}
    assert one.detail == "'pg-prod-01' is no instance that http may ask for; did you mean pg-stage-01?"
