"""Bearer tokens of Entra: of our tenant, for us, in time, of a client that may call."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.config.desk_file import TicketSource
from shared.domain.clouds import CHINA, CLOUDS, GOVERNMENT, PUBLIC, Cloud
from shared.domain.problems import Trouble
from shared.tickets.entra_tokens import TenantKeys, read_keys
from shared.tickets.sender import verify
from shared.tickets.signatures import Unverified

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"
SOURCE = TicketSource.model_validate(
    {
        "kind": "servicenow",
        "auth": "entra",
        "tenant": TENANT,
        "audience": "restore-desk",
        "clients": (CLIENT,),
        "scopes": ("Restores.Ask",),
        "when": "`true`",
        "request": "body",
    }
)
KEY, STRANGER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
JWK = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "k1", "use": "sig"}
JWKS = json.dumps({"keys": [JWK, {"kty": "EC", "kid": "k2"}]}).encode()
CLAIMS = {
    "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "aud": "restore-desk",
    "tid": TENANT,
    "azp": CLIENT,
    "idtyp": "app",
    "nbf": NOW.timestamp() - 60,
    "exp": NOW.timestamp() + 3600,
}


def token(claims: dict[str, Any], signer: Any = KEY, algorithm: str = "RS256", key_id: str = "k1") -> str:
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, signer, algorithm, {"kid": key_id})


class Tenant:
    """The tenant's keys, as Entra serves them; counts who asks."""

    def __init__(self, cloud: Cloud = PUBLIC) -> None:
        self.cloud = cloud
        self.asked: list[str] = []
        self.now = NOW
        self.keys = TenantKeys(cloud, self.fetch, lambda: self.now)

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return JWKS

    def verify(self, text: str) -> str | None:
        return verify(SOURCE, (), {"Authorization": text}, b"{}", self.now, self.keys, self.cloud)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"aud": "api://restore-desk"},
        {"nbf": NOW.timestamp() + 300, "exp": NOW.timestamp() + 1},
        {"nbf": None},
        {"iss": f"https://sts.windows.net/{TENANT}/", "azp": None, "appid": CLIENT.upper()},
        {"idtyp": None, "roles": ["Restore.Ask"]},
        {"idtyp": "user", "scp": "openid Restores.Ask"},
    ],
)
def test_a_token_for_us_names_who_calls(change: dict[str, Any]) -> None:
    assert str(Tenant().verify(f"Bearer {token(CLAIMS | change)}")).lower() == CLIENT


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tid": CLIENT}, "another tenant"),
        ({"iss": f"https://login.microsoftonline.com/{CLIENT}/v2.0"}, "another tenant"),
        ({"iss": None}, "another tenant"),
        ({"aud": "somebody-else"}, "another audience"),
        ({"aud": ["restore-desk"]}, "another audience"),
        ({"exp": NOW.timestamp()}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": "9999999999"}, "expired"),
        ({"nbf": "0"}, "expired"),
        ({"nbf": NOW.timestamp() + 301}, "not valid yet"),
        ({"nbf": False}, "not valid yet"),
        ({"azp": "77777777-7777-8888-9999-000000000000"}, "not among"),
        ({"azp": None}, "not among"),
        ({"azp": None, "appid": 7}, "not among"),
        ({"idtyp": None}, "neither an application's own"),
        ({"idtyp": "user"}, "neither an application's own"),
        ({"idtyp": "user", "roles": ["Restore.Ask"]}, "neither an application's own"),
        ({"idtyp": None, "scp": "user_impersonation", "roles": ["Restore.Ask"]}, "neither an application's own"),
        ({"idtyp": None, "scp": "Restores.AskFor"}, "neither an application's own"),
        ({"idtyp": None, "roles": []}, "neither an application's own"),
    ],
)
def test_a_token_that_is_not_for_us_is_not_taken(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Unverified, match=why):
        Tenant().verify(f"Bearer {token(CLAIMS | change)}")


OWN = replace(PUBLIC, name="", authority="https://login.contoso.example", sts="https://login.contoso.example")
LOGIN = {
    PUBLIC: ("https://login.microsoftonline.com", "https://sts.windows.net"),
    GOVERNMENT: ("https://login.microsoftonline.us", "https://sts.windows.net"),
    CHINA: ("https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn"),
    OWN: ("https://login.contoso.example", "https://login.contoso.example"),
}


@pytest.mark.parametrize("cloud", [*CLOUDS, OWN], ids=lambda cloud: cloud.name or "own")
def test_each_cloud_has_its_own_authority_and_takes_no_other_clouds_tokens(cloud: Cloud) -> None:
    authority, sts = LOGIN[cloud]
    tenant = Tenant(cloud)
    taken = (f"{authority}/{TENANT}/v2.0", f"{sts}/{TENANT}/")
    for issuer in taken:
        assert tenant.verify(f"Bearer {token(CLAIMS | {'iss': issuer})}") == CLIENT
    assert tenant.asked == [f"{authority}/{TENANT}/discovery/v2.0/keys"]
    foreign = [one for pair in LOGIN.values() for one in (f"{pair[0]}/{TENANT}/v2.0", f"{pair[1]}/{TENANT}/")]
    for issuer in {*foreign} - {*taken}:
        with pytest.raises(Unverified, match="another tenant"):
            tenant.verify(f"Bearer {token(CLAIMS | {'iss': issuer})}")


def test_a_token_signed_by_somebody_else_is_not_taken() -> None:
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pem = STRANGER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    good = token(CLAIMS)
    forged = [
        token(CLAIMS, pem),
        token(CLAIMS, "", "none"),
        token(CLAIMS, "0" * 64, "HS256"),
        token(CLAIMS, key_id="k9"),
        token(CLAIMS, key_id="k2"),
        good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        f"{good.split('.')[0]}.e30.{good.split('.')[2]}",
        "x.y.z",
        "é",
        "." * 10,
        "a" * 30_000,
    ]
    for text in (*forged, public.decode()):
        with pytest.raises(Unverified):
            Tenant().verify(f"Bearer {text}")
    for header in ("", good, f"Basic {good}", "Bearer", "Bearer "):
        with pytest.raises(Unverified):
            Tenant().verify(header)


def test_a_crowd_of_tokens_is_one_fetch_and_one_that_failed_is_not_repeated_at_once() -> None:
    tenant, go, fails = Tenant(), threading.Event(), [True]

    def fetch(url: str) -> bytes:
        tenant.asked.append(url)
        assert go.wait(20)
        if fails[0]:
            raise Trouble("Entra is away")
        return JWKS

    def tried(key_id: str) -> str:
        try:
            return str(tenant.verify(f"Bearer {token(CLAIMS, key_id=key_id)}"))
        except (Trouble, Unverified) as error:
            return str(error)

    object.__setattr__(tenant.keys, "fetch", fetch)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(tried, f"made up {n}") for n in range(8)]
        go.set()
        assert {answer.result(20) for answer in answers} == {"Entra is away"}
    fails[0] = False
    assert (tried("k1"), len(tenant.asked)) == ("Entra is away", 1)
    tenant.now += timedelta(seconds=11)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tried, ["k1"] * 8)) == {CLIENT}
    assert len(tenant.asked) == 2


def test_the_keys_are_kept_and_an_unknown_one_does_not_fetch_each_time() -> None:
    tenant = Tenant()
    for _ in range(3):
        tenant.verify(f"bearer {token(CLAIMS)}")
        with pytest.raises(Unverified):
            tenant.verify(f"Bearer {token(CLAIMS, key_id='unknown')}")
    assert tenant.asked == [f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"]
    tenant.now += timedelta(minutes=6)
    with pytest.raises(Unverified):
        tenant.verify(f"Bearer {token(CLAIMS, key_id='unknown')}")
    assert len(tenant.asked) == 2


@pytest.mark.parametrize(
    ("key_id", "seconds", "fetches"),
    [("k1", 86_400, 1), ("k1", 86_401, 2), ("unknown", 300, 1), ("unknown", 301, 2)],
)
def test_keys_are_believed_for_a_day_and_a_missing_one_for_five_minutes(
    key_id: str, seconds: float, fetches: int
) -> None:
    tenant = Tenant()
    tenant.verify(f"Bearer {token(CLAIMS)}")
    tenant.now += timedelta(seconds=seconds)
    with suppress(Unverified):
        tenant.keys(TENANT, key_id)
    assert len(tenant.asked) == fetches


@pytest.mark.parametrize(("seconds", "fetches"), [(9, 1), (10, 2)])
def test_what_could_not_be_fetched_is_tried_again_after_ten_seconds(seconds: float, fetches: int) -> None:
    tenant = Tenant()

    def fetch(url: str) -> bytes:
        tenant.asked.append(url)
        raise Trouble(f"try {len(tenant.asked)} failed")

    keys = TenantKeys(PUBLIC, fetch, lambda: tenant.now)
    for _ in range(2):
        with pytest.raises(Trouble, match="failed"):
            keys(TENANT, "k1")
        tenant.now += timedelta(seconds=seconds)
    assert len(tenant.asked) == fetches


def test_without_keys_nothing_is_verified() -> None:
    with pytest.raises(Unverified):
        verify(SOURCE, (), {"Authorization": f"Bearer {token(CLAIMS)}"}, b"{}", NOW)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"keys": 3}', b'{"keys": [{"kty": "RSA", "kid": "k"}]}'])
def test_keys_that_cannot_be_read_are_trouble_that_passes(body: bytes) -> None:
    with pytest.raises(Trouble):
        read_keys(body)
