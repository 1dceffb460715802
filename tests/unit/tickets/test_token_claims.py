"""Each claim of a source's token: with all others as they should be, it decides alone."""

from datetime import timedelta
from typing import Any

import pytest

from shared.config.desk_file import TicketSource
from shared.domain.clouds import PUBLIC
from shared.tickets.entra_tokens import SKEW_SECONDS, check_claims
from shared.tickets.signatures import Unverified
from tests.kits.restores import NOW

OTHER = "99999999-2222-3333-4444-555555555555"
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
