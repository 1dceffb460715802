"""A person's whole story on a whole stack, without JavaScript: ask, follow, resend, pause, resume, withdraw."""

import re
from collections.abc import Iterator

import pytest

from local.host.triggers.sign_in import principal
from local.stack.stack import Options, Stack
from tests.kits.chromium import PHONE, Watched, chromium

pytestmark = pytest.mark.slow
TENANT = "99999999-8888-4777-8666-555555555555"  # of samples/desk.toml
ROLES = ("RestoreDesk.Reader", "RestoreDesk.Requester", "RestoreDesk.Operator")
ADA = principal("ada@contoso.com", ROLES, TENANT, "aaaaaaaa-0000-4000-8000-000000000001")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(Options(speed=240, pace=240, person=ADA)) as running:
        yield running


def test_from_asking_to_the_end_and_the_stop_switch(stack: Stack) -> None:
    with chromium() as browser:
        context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
        tab = Watched(context, stack.url)
        page = tab.open("")
        assert "Signed in as ada@contoso.com" in page.inner_text("footer")
        restore = _asked(tab, "pg-prod-01", "quarterly drill")
        page.get_by_text("This page refreshes itself").or_(page.get_by_text("What to do next")).first.wait_for()
        page.locator("h1 .phase.succeeded").wait_for()  # no reload of ours: the Refresh header brings it
        assert "the files are delivered, and not loaded" in page.inner_text("main")
        assert "deskctl load" in page.inner_text("main")
        _resent(tab, stack, restore)
        _done(tab, "pause", "the network is worked on")
        assert "The desk is paused by ada@contoso.com" in page.inner_text("main")
        waiting = _asked(tab, "pg-prod-02", "not wanted after all")
        _done(tab, f"restores/{waiting}/withdraw", "asked by mistake")
        assert "was withdrawn: nothing was started" in page.inner_text("main")
        assert "by ada@contoso.com (authenticated as ada@contoso.com): asked by mistake" in page.inner_text("main")
        _done(tab, "resume", "the network works")
        assert "The desk is paused" not in page.inner_text("main")
        context.close()
    assert tab.elsewhere == []
    view = stack.http.get(f"/api/restores/{restore}").json()
    assert (view["via"], view["requestedBy"], view["phase"]) == ("page", "ada@contoso.com", "succeeded")


def _asked(tab: Watched, instance: str, reason: str) -> str:
    """Asks as a person does, by links, fields and buttons; the id of the restore."""
    page = tab.open("ask")
    page.get_by_role("link", name=instance, exact=True).click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="What will happen?").click()
    assert "are missing in it" in page.inner_text("main")
    page.get_by_role("button", name="Restore it").click()
    page.locator("h1", has_text="Restore of").wait_for()
    found = re.search(r"/desk/restores/([a-z0-9-]+)$", page.url)
    assert found, page.url
    return found[1]


def _done(tab: Watched, path: str, reason: str) -> None:
    page = tab.open(path)
    page.get_by_label("Reason").fill(reason)
    page.locator("main button").click()
    page.wait_for_url(lambda url: not url.endswith(path))


def _resent(tab: Watched, stack: Stack, restore: str) -> None:
    """The first notice comes a second time."""
    page = tab.page
    page.get_by_role("link", name="Send again… notice 1,").click()
    page.get_by_label("Reason").fill("the channel was down")
    page.get_by_role("button", name="Send again").click()
    page.wait_for_url(lambda url: url.endswith(restore))
    first = stack.http.get(f"/api/restores/{restore}").json()["notices"][0]
    for _ in range(300):
        came = [one for one in stack.channels.ends.arrived if one.webhook_id == first["eventId"]]
        if len([one for one in came if one.channel == first["channel"]]) > 1:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the notice {first['eventId']} came once only")


HEADERS = ("x-ms-client-principal", "X-MS-CLIENT-PRINCIPAL", "x-ms-client-principal-name")


@pytest.mark.parametrize("name", HEADERS)
def test_who_forges_a_principal_stays_who_signed_in(stack: Stack, name: str) -> None:
    forged = principal("mallory@evil.example", ROLES, TENANT, "bbbbbbbb-0000-4000-8000-000000000002")
    answer = stack.http.get("/desk", headers={name: forged})
    assert answer.status_code == 200
    assert "ada@contoso.com" in answer.text
    assert "mallory" not in answer.text


def test_another_host_name_is_not_answered_while_somebody_is_signed_in(stack: Stack) -> None:
    for host in ("desk.evil.example", "127.0.0.1.evil.example"):
        assert stack.http.get("/desk", headers={"host": host}).status_code == 421


def test_a_post_from_another_site_or_without_a_token_changes_nothing(stack: Stack) -> None:
    form = {"reason": "x", "token": "1.x"}
    for headers in ({"origin": "https://evil.example"}, {"origin": stack.url}, {}):
        assert stack.http.post("/desk/pause", data=form, headers=headers).status_code == 403
    assert "paused" not in stack.http.get("/api/restores").json()
