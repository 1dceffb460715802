"""What closes a channel: secrets that are none, and URLs that are not dialled."""

import pytest

from shared.config.desk_file import Channel, FromEnvironment, parse_desk
from shared.config.outbound_urls import dialled
from shared.config.secrets import resolve
from shared.domain.problems import Ours
from shared.notices.messages import Kind
from shared.notices.resolved import resolve_channel

GOOD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REF = FromEnvironment(env="S")


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "S is not set"),
        ({"S": ""}, "S is not set"),
        ({"S": "  \n"}, "S is not set"),
        ({"S": "fifteen-letters"}, "shorter than 16"),
        ({"S": "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/x)"}, "Key Vault reference"),
    ],
)
def test_what_is_no_secret_is_named_and_not_shown(environ: dict[str, str], why: str) -> None:
    with pytest.raises(Ours, match=why) as caught:
        resolve(REF, environ)
    assert "fifteen-letters" not in str(caught.value)
    assert "kv.vault" not in str(caught.value)


def test_two_secrets_while_one_is_rotated_and_both_must_be_good() -> None:
    refs = [REF, FromEnvironment(env="T")]
    assert resolve(refs, {"S": GOOD, "T": GOOD + "x"}) == (GOOD, GOOD + "x")
    with pytest.raises(Ours, match="T is not set"):
        resolve(refs, {"S": GOOD})


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example/x", "https://"),
        ("https://10.0.0.1/x", "IP address"),
        ("https://[::1]/x", "IP address"),
        ("https://2130706433/", "IP address"),
        ("https://0x7f.1/", "IP address"),
        ("https://127.1./", "IP address"),
        ("https://localhost/x", "this machine"),
        ("https://user:password@hooks.example/x", "user, password"),
        ("https://hooks.example\\@evil.example/", "backslash"),
        ("https://hooks.example/ x", "printable"),
        ("https://hööks.example/x", "printable"),
        ("https://hooks.example/#x", "fragment"),
        ("https:///x", "name a host"),
        ("https://hooks.example:99999/x", "cannot be read"),
        ("https://[x/", "cannot be read"),
        ("file:///etc/passwd", "https://"),
        ("http://127.0.0.1:80/x", "https://"),
        ("https://contoso.webhook.office.com/webhookb2/x", "workflow"),
        ("https://outlook.office.com/webhook/x", "workflow"),
        ("https://CONTOSO.WEBHOOK.OFFICE.COM./webhookb2/x", "workflow"),
    ],
)
def test_a_url_that_is_not_dialled(url: str, why: str) -> None:
    with pytest.raises(Ours, match=why) as caught:
        resolve_channel("dba", Channel(kind="teams", url=REF), {"S": url})
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=y", "https://a.example"]
)
def test_a_url_that_is_dialled(url: str) -> None:
    assert dialled("channels.x", url) == url


def test_this_machine_is_dialled_only_where_a_local_run_permits_it() -> None:
    here = Channel(kind="slack", url=REF)
    assert resolve_channel("x", here, {"S": "http://127.0.0.1:8080/x"}, insecure_loopback=True).url.endswith("8080/x")
    for url in ("http://127.0.0.2/x", "http://localhost/x", "http://example.com/x", "http://u@127.0.0.1/x"):
        with pytest.raises(Ours):
            resolve_channel("x", here, {"S": url}, insecure_loopback=True)


def test_a_retired_connector_in_the_file_is_refused_at_load_with_the_way_out() -> None:
    text = '[channels.a]\nkind = "webhook"\nurl = "https://c.webhook.office.com/x"\nsecret = { env = "S" }\n'
    with pytest.raises(Ours, match="Post to a channel when a webhook request is received"):
        parse_desk(text)


def test_a_webhooks_secret_that_two_readers_would_read_differently_is_refused() -> None:
    one = Channel(kind="webhook", url="https://a.example/x", secret=REF)
    assert resolve_channel("x", one, {"S": GOOD}).secrets == (GOOD,)
    with pytest.raises(Ours, match="base64"):
        resolve_channel("x", one, {"S": "not base64, is it?"})


@pytest.mark.parametrize(("user", "found"), [(FromEnvironment(env="WHO"), "bot@x"), ("ada", "ada"), (None, "")])
def test_a_channels_user_is_in_the_file_or_in_the_environment(user: FromEnvironment | str | None, found: str) -> None:
    one = Channel(kind="jira", url="https://a.example", secret=REF, user=user)
    assert resolve_channel("x", one, {"S": GOOD, "WHO": "bot@x"}).user == found


def test_channels_that_have_a_usual_address_need_none() -> None:
    assert resolve_channel("x", Channel(kind="github", secret=REF), {"S": GOOD}).url == "https://api.github.com"
    assert (
        resolve_channel("x", Channel(kind="pagerduty", secret=REF), {"S": GOOD}).url == "https://events.pagerduty.com"
    )


@pytest.mark.parametrize(("kind", "service"), [("queue", "queue.core"), ("eventgrid", "eventgrid.azure")])
def test_a_token_for_a_service_goes_to_that_service_of_this_cloud_only(kind: Kind, service: str) -> None:
    here = Channel(kind=kind, url=REF)
    good = {"queue": "https://acct.queue.core.windows.net/q", "eventgrid": "https://t.westus-1.eventgrid.azure.net"}
    assert resolve_channel("x", here, {"S": good[kind]}).url == good[kind]
    suffix = {"queue": "queue.core.windows.net", "eventgrid": "eventgrid.azure.net"}[kind]
    other = {"queue": "queue.core.usgovcloudapi.net", "eventgrid": "eventgrid.azure.us"}[kind]
    host = good[kind].removeprefix("https://").split("/")[0]
    for wrong in (f"{host}.evil.example", f"evil{suffix}", f"acct.{other}", "evil.example"):
        with pytest.raises(Ours, match=service):
            resolve_channel("x", here, {"S": f"https://{wrong}/q"})
