"""Webhooks are taken only from who they say they are."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.config.desk_file import Desk, FromEnvironment, TicketSource, parse_desk
from shared.domain.problems import Ours
from shared.notices.standard_webhooks import key, sign
from shared.tickets.registry import NAMES, check_sources
from shared.tickets.sender import verify
from shared.tickets.signatures import Unverified

NOW = datetime(2026, 7, 14, 12, 0, 30, tzinfo=UTC)
OCTO = "It's a Secret to Everybody"
ZENDESK = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_AT = datetime.fromtimestamp(1614265330, UTC)


def source(kind: str, auth: str = "signature") -> TicketSource:
    ref = FromEnvironment(env="S")
    return TicketSource.model_validate(
        {"kind": kind, "auth": auth, "secret": ref, "when": "`true`", "request": "body", "instances": ("*",)}
    )


@dataclass(frozen=True)
class Signed:
    """A call that its system signed, and the moment it arrives."""

    source: TicketSource
    secret: str
    headers: dict[str, str]
    raw: bytes
    now: datetime = NOW

    def verify(self, *secrets: str) -> None:
        verify(self.source, secrets or (self.secret,), self.headers, self.raw, self.now)


# The vectors of the vendors' documentation.
VECTORS = {
    "github": Signed(
        source("github"),
        OCTO,
        {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        b"Hello, World!",
    ),
    "jira": Signed(
        source("jira"),
        OCTO,
        {"X-Hub-Signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
        b"Hello World!",
    ),
    "zendesk": Signed(
        source("zendesk"),
        ZENDESK,
        {
            "X-Zendesk-Webhook-Signature": "U0oImhpik2dffl3h4ofQIl06BTX8ckVUuq7bcBDSIfk=",
            "X-Zendesk-Webhook-Signature-Timestamp": "2026-07-14T12:00:00Z",
        },
        b'{"ticket_id":"35436"}',
    ),
    "generic": Signed(
        source("generic"),
        STANDARD,
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        b'{"test": 2432232314}',
        STANDARD_AT,
    ),
    "header": Signed(source("servicenow", "header"), OCTO, {"X-Desk-Secret": OCTO}, b"{}"),
}
SIGNED = [name for name in VECTORS if name != "header"]
STAMPED = ["zendesk", "generic"]


@pytest.mark.parametrize("name", VECTORS)
def test_the_vector_is_verified(name: str) -> None:
    VECTORS[name].verify()


@pytest.mark.parametrize("name", VECTORS)
def test_header_names_come_in_any_casing(name: str) -> None:
    call = VECTORS[name]
    replace(call, headers={header.upper(): text for header, text in call.headers.items()}).verify()


@pytest.mark.parametrize("name", SIGNED)
def test_one_flipped_bit_of_the_body_is_noticed(name: str) -> None:
    call = VECTORS[name]
    for at in range(len(call.raw)):
        flipped = call.raw[:at] + bytes([call.raw[at] ^ 1]) + call.raw[at + 1 :]
        with pytest.raises(Unverified):
            replace(call, raw=flipped).verify()


@pytest.mark.parametrize("name", VECTORS)
def test_one_changed_character_of_any_header_is_noticed(name: str) -> None:
    call = VECTORS[name]
    for header, text in call.headers.items():
        for at in range(len(text)):
            other = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
            with pytest.raises(Unverified):
                replace(call, headers={**call.headers, header: other}).verify()


@pytest.mark.parametrize("name", VECTORS)
def test_a_missing_header_is_noticed(name: str) -> None:
    call = VECTORS[name]
    for header in call.headers:
        with pytest.raises(Unverified):
            replace(call, headers={h: t for h, t in call.headers.items() if h != header}).verify()


@pytest.mark.parametrize("name", VECTORS)
def test_another_secret_or_none_verifies_nothing(name: str) -> None:
    call = VECTORS[name]
    for secrets in (("another secret of somebody",), ("",), ("  ",), (call.secret, ""), ("@Microsoft.KeyVault(x)",)):
        with pytest.raises(Unverified):
            call.verify(*secrets)
    with pytest.raises(Unverified, match="no secret"):
        verify(call.source, (), call.headers, call.raw, call.now)


@pytest.mark.parametrize("name", SIGNED)
def test_a_call_signed_under_an_empty_secret_is_not_taken(name: str) -> None:
    call, forged = VECTORS[name], hmac.digest(b"", VECTORS[name].raw, hashlib.sha256).hex()
    with pytest.raises(Unverified):
        replace(call, headers=dict.fromkeys(call.headers, f"sha256={forged}")).verify("")


@pytest.mark.parametrize("name", VECTORS)
def test_either_of_two_secrets_will_do_while_one_is_rotated(name: str) -> None:
    call = VECTORS[name]
    spare = "whsec_" + "B" * 32
    call.verify(call.secret, spare)
    call.verify(spare, call.secret)


@pytest.mark.parametrize("name", STAMPED)
@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=400)])
def test_a_call_signed_long_ago_or_ahead_is_a_replay(name: str, away: timedelta) -> None:
    call = VECTORS[name]
    with pytest.raises(Unverified, match="5 minutes"):
        replace(call, now=call.now + away).verify()


@pytest.mark.parametrize("stamp", ["", "soon", "99999999999999", "2026-13-01T00:00:00Z", "１６１４２６５３３０"])
def test_an_unreadable_time_is_no_time(stamp: str) -> None:
    raw = b"{}"
    headers = sign([key("x", STANDARD)], "m", STANDARD_AT, raw) | {"webhook-timestamp": stamp}
    with pytest.raises(Unverified):
        replace(VECTORS["generic"], raw=raw, headers=headers).verify()


def test_older_methods_are_not_taken() -> None:
    call = VECTORS["jira"]
    weak = "sha1=" + hmac.digest(OCTO.encode(), call.raw, hashlib.sha1).hex()
    with pytest.raises(Unverified):
        replace(call, headers={"X-Hub-Signature": weak}).verify()


def test_no_reason_shows_a_secret_or_a_signature() -> None:
    for call in VECTORS.values():
        with pytest.raises(Unverified) as caught:
            call.verify("another secret of somebody")
        assert "another secret" not in str(caught.value)
        assert not any(text in str(caught.value) for text in call.headers.values())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace('secret = { env = "S" }', ""), "needs a secret"),
        (lambda text: text.replace('"signature"', '"entra"'), "tenant, audience and clients"),
    ],
)
def test_a_source_that_could_not_be_verified_is_refused_at_load(change: Callable[[str], str], why: str) -> None:
    text = '[tickets.a]\nkind = "generic"\nauth = "signature"\nsecret = { env = "S" }\nwhen = "x"\nrequest = "y"\n'
    assert check_sources(parse_desk(text)) == []
    with pytest.raises(Ours, match=why):
        parse_desk(change(text))


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("servicenow", 'servicenow does not sign its calls: use auth = "header" or "entra"'),
        (
            "githup",
            f"kind is 'githup', and must be one of {', '.join(NAMES)}; did you mean github?",
        ),
    ],
)
def test_a_kind_that_is_none_or_does_not_sign_is_a_fault_of_the_file(kind: str, fault: str) -> None:
    assert check_sources(Desk(tickets={"a": source(kind)})) == [f"tickets.a: {fault}"]
