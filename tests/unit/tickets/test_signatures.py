"""Webhooks are taken only from who they say they are."""

import hashlib
import hmac
import importlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.config.desk_file import Desk, TicketSource, parse_desk
from shared.domain.problems import Ours, Problem
from shared.notices.standard_webhooks import key
from shared.tickets.mapping import map_event
from shared.tickets.registry import NAMES, check_sources, kind_of
from shared.tickets.sender import verify
from shared.tickets.signatures import Unverified, fresh
from tests.kits.signed_calls import OCTO, Signed, source

SPARE = "whsec_" + "B" * 32
_MODULES = {kind: importlib.import_module(f"tests.unit.tickets.kinds.test_{kind}") for kind in NAMES}
VECTORS: dict[str, Signed] = {
    **{kind: module.VECTOR for kind, module in _MODULES.items() if kind_of(kind).signature},
    "header": Signed(source("servicenow", "header"), OCTO, {"X-Desk-Secret": OCTO}, b"{}"),
}
SIGNED = [kind for kind in NAMES if kind_of(kind).signature]
STAMPED = [kind for kind in NAMES if (signature := kind_of(kind).signature) and signature.expires]


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
    call.verify(call.secret, SPARE)
    call.verify(SPARE, call.secret)


@pytest.mark.parametrize("name", STAMPED)
@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=400)])
def test_a_call_signed_long_ago_or_ahead_is_a_replay(name: str, away: timedelta) -> None:
    call = VECTORS[name]
    with pytest.raises(Unverified, match="5 minutes"):
        replace(call, now=call.now + away).verify()


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


NOW = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "taken"), [(0, True), (300, True), (301, False), (-300, True), (-300.5, False), (-301, False)]
)
def test_a_signature_is_fresh_for_five_minutes_either_way(seconds: float, taken: bool) -> None:
    at = NOW - timedelta(seconds=seconds)
    if taken:
        fresh(at, NOW)
        return
    with pytest.raises(Unverified, match="signed over 5 minutes ago"):
        fresh(at, NOW)


@pytest.mark.parametrize(("size", "taken"), [(15, False), (16, True)])
def test_a_key_has_sixteen_bytes_at_the_least(size: int, taken: bool) -> None:
    import base64

    text = base64.b64encode(b"k" * size).decode()
    for secret in (text, f"whsec_{text}", text.rstrip("=")):
        if taken:
            assert key("x", secret) == b"k" * size
            continue
        with pytest.raises(Ours, match="must be whsec_"):
            key("x", secret)
    with pytest.raises(Ours):
        key("x", "no base64!" * 4)


def test_a_source_shows_no_event_in_its_repr() -> None:
    from shared.tickets.mapping import _Mapping

    source = TicketSource.model_validate(
        {"kind": "generic", "auth": "header", "secret": {"env": "S"}, "when": "`true`", "request": "body"}
    )
    assert "topsecret" not in repr(_Mapping("x", source, {"body": {"a": "topsecret"}}))


def test_a_source_that_cannot_be_used_says_so() -> None:
    from shared.tickets.registry import kind_of

    source = TicketSource.model_construct(
        kind="servicenow", auth="signature", header="X", secret=None, when="body.(", request="body", key=None, bots=()
    )
    with pytest.raises(Unverified, match="servicenow does not sign its calls"):
        verify(source, ("s" * 16,), {}, b"{}", NOW)
    with pytest.raises(KeyError):
        kind_of("nothing")
    with pytest.raises(Problem, match=r"tickets\.x\.when: ") as caught:
        map_event("x", source, {"body": {}, "headers": {}, "form": {}})
    assert "it saw" not in caught.value.detail
