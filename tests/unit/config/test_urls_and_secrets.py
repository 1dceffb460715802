"""Which URL is dialled, which service gets its token, and what counts as a secret."""

from typing import Any

import pytest

from shared.config.desk_file import FromEnvironment
from shared.config.outbound_urls import dialled, of_service, retired
from shared.config.secrets import SHORTEST, resolve
from shared.domain.clouds import CHINA, GOVERNMENT, PUBLIC
from shared.domain.problems import Ours


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
