"""A token is fetched anew before it ends; no call begins or ends after its deadline, TLS included."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from shared.azure.arm_client import Tokens
from shared.azure.data_protection import DataProtection
from shared.domain.clouds import CHINA, GOVERNMENT, PUBLIC, Cloud
from shared.domain.problems import Trouble
from shared.wire.bounded_http import bounded, bounded_transport
from shared.wire.http import Http, NotSent
from tests.kits.raw_server import raw_server, whole
from tests.unit.azure.kit import azure, calls, says


@dataclass
class Token:
    token: str
    expires_on: int


def test_a_token_is_fetched_anew_five_minutes_before_it_ends_and_after_a_401() -> None:
    given = [Token("one", 2**40), Token("two", 0), Token("three", 2**40)]
    left = list(given)
    tokens = Tokens(lambda: left.pop(0))
    assert [tokens(), tokens()] == ["one", "one"]
    tokens.forget()
    assert [tokens(), tokens(), tokens()] == ["two", "three", "three"]


@pytest.mark.parametrize(("seconds", "anew"), [(290, True), (400, False)])
def test_a_token_has_five_minutes_left(seconds: int, anew: bool) -> None:
    ends = int(datetime.now(UTC).timestamp()) + seconds
    given = [Token("one", ends), Token("two", ends)]
    tokens = Tokens(lambda: given.pop(0))
    assert [tokens(), tokens()] == ["one", "two" if anew else "one"]


def test_no_token_is_trouble_that_names_its_kind_alone() -> None:
    def fails() -> str:
        raise OSError("secret words")

    with pytest.raises(Trouble, match=r"^no token for Azure \(OSError\)$"):
        DataProtection(calls(says(200)), fails).ready()
    azure(says(200)).ready()


@pytest.mark.parametrize(("cloud", "instance"), [(PUBLIC, False), (GOVERNMENT, False), (CHINA, False)])
def test_microsofts_clouds_are_on_its_own_list_of_authorities(cloud: Cloud, instance: bool) -> None:
    assert cloud.sign_in == {"authority": cloud.authority, "disable_instance_discovery": instance}


# --- time and TLS -----------------------------------------------------------------------------------------------------
def test_a_deadline_that_has_passed_lets_nothing_begin() -> None:
    with raw_server(whole(b"ok")) as server, httpx.Client(transport=bounded_transport()) as client:
        with pytest.raises(httpx.TimeoutException, match="deadline passed"):
            bounded(client, "GET", server.url, 0, 100)
        assert server.served == 0
        assert bounded(client, "GET", server.url, 5, 100)[0].content == b"ok"


def test_tls_begins_within_the_deadline_too() -> None:
    with raw_server(whole(b"no TLS")) as server:
        url = server.url.replace("http://", "https://")
        with (
            httpx.Client(timeout=30, transport=bounded_transport(verify=ssl.create_default_context())) as client,
            pytest.raises((httpx.ConnectError, httpx.TimeoutException)),
        ):
            bounded(client, "GET", url, 5, 100)
        with pytest.raises(NotSent):
            Http(ssl.create_default_context).call("GET", url, {}, None, 5, 100)
