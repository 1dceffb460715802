"""One row for each half of a condition in the values that rooms share, with the other half as it should be."""

from datetime import timedelta
from typing import Any

import pytest

from shared.azure.limits import impossible
from shared.azure.port import VaultFacts
from shared.config.desk_file import Desk, TicketSource
from shared.domain.clouds import PUBLIC
from shared.domain.restore import Plan, Restore
from shared.domain.wrong_fields import said_of
from shared.notices.resolved import ticket_sites
from shared.tickets.entra_tokens import SKEW_SECONDS, check_claims
from shared.tickets.registry import kind_of
from shared.tickets.signatures import Unverified
from tests.kits.restores import CONTAINER, CONTAINER_ID, DATABASE, FILES, NOW, SINGLE, a_restore

OTHER = "99999999-2222-3333-4444-555555555555"


def refused(plan: Plan, vault: VaultFacts, **changes: Any) -> str | None:
    found = impossible(a_restore(**changes), plan, SINGLE, vault)
    return found.code if found else None


def elsewhere(text: str | None) -> str:
    return str(text).replace("11111111", "99999999")


@pytest.mark.parametrize(
    ("state", "plan", "code"),
    [
        ("Enabled", FILES.model_copy(update={"container_id": None}), None),
        (None, FILES.model_copy(update={"container_id": None}), None),
        ("Disabled", FILES.model_copy(update={"container_id": None}), "ContainerIdNeeded"),
        ("Disabled", FILES, None),
        (
            "PermanentlyDisabled",
            FILES.model_copy(update={"container_id": elsewhere(CONTAINER_ID)}),
            "OtherSubscription",
        ),
        ("Disabled", DATABASE, None),
        ("Disabled", DATABASE.model_copy(update={"server": elsewhere(DATABASE.server)}), "OtherSubscription"),
        ("Enabled", DATABASE.model_copy(update={"server": elsewhere(DATABASE.server)}), None),
    ],
)
def test_a_vault_that_restores_to_its_own_subscription_alone(state: str | None, plan: Plan, code: str | None) -> None:
    assert refused(plan, VaultFacts("westus", None, state)) == code


@pytest.mark.parametrize(
    ("vault", "location", "cross_region", "code"),
    [
        (VaultFacts("westus", "eastus"), "westus", False, None),
        (VaultFacts("westus", "eastus"), "eastus", False, "OtherRegion"),
        (VaultFacts("westus", "eastus"), "northeurope", False, None),
        (VaultFacts("westus", "westus"), "westus", False, None),
        (VaultFacts("westus", None), None, False, None),
        (VaultFacts("westus", "eastus", None, "Enabled"), "eastus", True, None),
        (VaultFacts("westus", "eastus", None, "enabled"), "eastus", True, None),
        (VaultFacts("westus", "eastus", None, "Enabled"), "westus", True, "OtherRegion"),
        (VaultFacts("westus", "eastus", None, "Disabled"), "eastus", True, "CrossRegionRestoreNotEnabled"),
        (VaultFacts("westus", "eastus", None, None), "eastus", True, "CrossRegionRestoreNotEnabled"),
        (VaultFacts("westus", None, None, "Enabled"), "eastus", True, "CrossRegionRestoreNotEnabled"),
    ],
)
def test_the_region_that_a_vault_can_restore_to(
    vault: VaultFacts, location: str | None, cross_region: bool, code: str | None
) -> None:
    assert refused(FILES.model_copy(update={"location": location}), vault, cross_region=cross_region) == code


def prefixed(**changes: Any) -> Restore:
    return a_restore(id="r", **changes)


def test_the_prefix_of_an_attempts_files() -> None:
    assert prefixed(plan=None).file_prefix(1) == "pg-prod-01-r-1"
    assert prefixed(plan=None, instance_name=None).file_prefix(2) == "restore-r-2"
    assert prefixed(plan=FILES.model_copy(update={"prefix": "q3"})).file_prefix(1) == "q3-r-1"
    assert prefixed(plan=FILES).file_prefix(1) == "pg-prod-01-r-1"


def test_where_a_plan_leads() -> None:
    assert FILES.destination == CONTAINER
    assert DATABASE.destination == f"{DATABASE.server}/databases/emp21"
    own = Plan(kind="files", account="/a")
    assert own.destination == "/a, in a container of its own"
    assert own.model_copy(update={"container": "c"}).destination == "c"
    assert prefixed().age_of_point(NOW.replace(hour=3)) == 3600
    assert prefixed(point=None).age_of_point(NOW) is None


def test_a_name_is_known_in_any_spelling() -> None:
    words = said_of({"type": "extra_forbidden"}, "D_R_Y_R_U_N", ["dryRun", "instance"])
    assert words.endswith("did you mean dryRun?")


def test_links_lead_to_the_sites_of_the_ticket_channels_that_can_be_used() -> None:
    env = {"env": "S"}
    channels = {
        "sn": {"kind": "servicenow", "url": "https://Contoso.service-now.com/x", "user": "u", "secret": env},
        "gh": {"kind": "github", "secret": env},
        "hook": {"kind": "webhook", "url": "https://hook.example", "secret": env},
        "gone": {"kind": "jira", "url": {"env": "MISSING"}, "user": "u", "secret": env},
    }
    desk = Desk.model_validate({"channels": channels})
    assert ticket_sites(desk, {}) == {"https://contoso.service-now.com", "https://github.com"}


@pytest.mark.parametrize(
    ("ticket", "ref"),
    [
        ({"table": "incident", "sys_id": "x"}, "incident/x"),
        ({"table": "incident"}, ""),
        ({"sys_id": "x"}, ""),
        ({}, ""),
    ],
)
def test_a_servicenow_ref_has_table_and_record(ticket: dict[str, str], ref: str) -> None:
    assert kind_of("servicenow").ticket({"ticket": ticket}).get("ref", "") == ref


TENANT = "11111111-2222-3333-4444-555555555555"
SOURCE = TicketSource.model_validate(
    {"kind": "generic", "auth": "entra", "tenant": TENANT, "audience": "aud", "clients": ["App-1"], "scopes": ["s"],
     "when": "`true`", "request": "body"}
)  # fmt: skip
AT = NOW.timestamp()
CLAIMS: dict[str, Any] = {
    "iss": PUBLIC.issuers(TENANT)[0], "tid": TENANT, "aud": "aud", "nbf": AT, "exp": AT + 1, "azp": "app-1",
    "idtyp": "app",
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"iss": PUBLIC.issuers(TENANT)[1]},
        {"aud": "api://aud"},
        {"nbf": AT + SKEW_SECONDS},
        {"azp": None, "appid": "APP-1"},
        {"idtyp": None, "roles": ["r"]},
        {"idtyp": "user", "scp": "x s"},
    ],
)
def test_a_token_that_is_taken(changes: dict[str, Any]) -> None:
    assert check_claims(CLAIMS | changes, SOURCE, NOW, PUBLIC).lower() == "app-1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"iss": "x"}, "another tenant"),
        ({"tid": OTHER}, "another tenant"),
        ({"aud": "x"}, "another audience"),
        ({"nbf": AT + SKEW_SECONDS + 1}, "expired or is not valid yet"),
        ({"exp": AT}, "expired or is not valid yet"),
        ({"exp": None}, "expired or is not valid yet"),
        ({"exp": "x"}, "expired or is not valid yet"),
        ({"nbf": False}, "expired or is not valid yet"),
        ({"azp": "app-2"}, "not among this source's clients"),
        ({"azp": 5}, "not among this source's clients"),
        ({"idtyp": None}, "neither an application's own"),
        ({"idtyp": None, "roles": ["r"], "scp": "x"}, "neither an application's own"),
        ({"idtyp": "user", "scp": "x"}, "neither an application's own"),
        ({"idtyp": "user", "scp": ["s"]}, "neither an application's own"),
    ],
)
def test_a_token_that_is_not_taken(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Unverified, match=words):
        check_claims(CLAIMS | changes, SOURCE, NOW + timedelta(0), PUBLIC)
