"""Who may see the page: nobody but people of the tenant whom the platform signed in and desk.toml gives a role."""

import base64
import json

import pytest

from shared.pages.access import same_site
from tests.kits.desk_kit import desk_with
from tests.kits.page_kit import ALL, HOST, OID, PAGE, TENANT, Browser, page_world, person, text, words
from tests.kits.world import World, running

PATHS = ("", "restores", "instances", "instances/pg-a", "ask", "channels", "dead-letters", "pause", "nowhere")


def encoded(**changes: object) -> str:
    """A principal with some of its parts replaced."""
    value = json.loads(base64.b64decode(person()))
    return base64.b64encode(json.dumps({**value, **changes}).encode()).decode()


def claims(*pairs: tuple[str, object]) -> str:
    return encoded(claims=[{"typ": kind, "val": value} for kind, value in pairs])


ROLES = ("roles", ALL[2])
STRANGERS = {
    "nobody": ("", 401, "Sign in to see"),
    "no base64": ("!!", 401, "Sign in to see"),
    "no JSON": (base64.b64encode(b"x").decode(), 401, "Sign in to see"),
    "a list": (base64.b64encode(b"[]").decode(), 401, "Sign in to see"),
    "deep": (base64.b64encode(b"[" * 50_000).decode(), 401, "Sign in to see"),
    "another provider": (encoded(auth_typ="google"), 401, "Sign in to see"),
    "no provider": (encoded(auth_typ=None), 401, "Sign in to see"),
    "no claims": (encoded(claims="x"), 401, "Sign in to see"),
    "no object id": (claims(("tid", TENANT), ROLES), 401, "Sign in to see"),
    "object id that is none": (claims(("tid", TENANT), ("oid", "ada\nx"), ROLES), 401, "Sign in to see"),
    "two object ids": (claims(("tid", TENANT), ("oid", OID), ("oid", OID[:-1] + "9"), ROLES), 401, "Sign in to see"),
    "another tenant": (person(tenant=TENANT[:-1] + "0"), 403, "another organisation"),
    "two tenants": (claims(("tid", TENANT), ("tid", "x"), ("oid", OID), ROLES), 403, "another organisation"),
    "no role": (person(roles=()), 403, "no role here yet"),
    "a role that desk.toml does not name": (person(roles=("Global Admin",)), 403, "no role here yet"),
}


@pytest.mark.parametrize("case", STRANGERS)
def test_a_stranger_is_shown_nothing_and_may_do_nothing(case: str) -> None:
    header, status, said = STRANGERS[case]
    world = page_world()
    restore = running(world, world.process())
    stranger = Browser(world, header)
    stranger.header = header
    before = world.store.writes  # type: ignore[attr-defined]
    for path in (*PATHS, f"restores/{restore}"):
        answer = stranger.get(path)
        assert (answer.status, said in words(answer)) == (status, True), path
        assert "pg-a" not in text(answer)
        assert restore not in text(answer)
        assert stranger.post(path, {"token": "1.x", "reason": "x"}).status == status
    assert world.store.writes == before  # type: ignore[attr-defined]


def test_without_sign_in_a_forged_header_is_not_believed() -> None:
    answer = Browser(page_world(), person(), sign_in=False).get()
    assert answer.status == 403
    assert "WEBSITE_AUTH_ENABLED" in words(answer)
    assert "How it is turned on" in words(answer)


def test_without_the_table_page_it_says_how_it_is_turned_on() -> None:
    answer = Browser(World(desk=desk_with(page=None)), person()).get()
    assert answer.status == 404
    assert '[page] tenant = "<your tenant\'s id>"' in words(answer)


def test_a_desk_toml_that_cannot_be_read_closes_the_page_and_keeps_its_faults_to_itself() -> None:
    from shared.domain.problems import Ours

    answer = Browser(World(desk=Ours("secret detail of desk.toml")), person()).get()
    assert answer.status == 503
    assert "secret detail" not in text(answer)


def test_claims_by_their_long_names_and_any_case_of_the_tenant_are_known() -> None:
    long = "http://schemas.microsoft.com/identity/claims/"
    header = claims(
        (f"{long}tenantid", TENANT.upper()), (f"{long}objectidentifier", OID),
        ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", ALL[0]), ("name", "Ada \u202eL."),
    )  # fmt: skip
    answer = Browser(page_world(), header).get()
    assert answer.status == 200
    assert "Signed in as Ada L." in words(answer)


SITES = [
    ({"origin": f"https://{HOST}"}, True),
    ({"origin": "https://desk.public.example"}, True),
    ({"origin": f"HTTPS://{HOST.upper()}"}, True),
    ({"origin": f"http://{HOST}"}, False),
    ({"origin": f"https://{HOST}:8443"}, False),
    ({"origin": f"https://{HOST}.evil.example"}, False),
    ({"origin": "https://evil.example"}, False),
    ({"origin": "null"}, False),
    ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
    ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
    ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, False),
    ({}, False),
]


@pytest.mark.parametrize(("headers", "good"), SITES)
def test_where_a_form_may_come_from(headers: dict[str, str], good: bool) -> None:
    assert same_site({"host": HOST, **headers}, "https://desk.public.example") is good


def test_a_loopback_host_is_taken_without_tls() -> None:
    assert same_site({"host": "127.0.0.1:7071", "origin": "http://127.0.0.1:7071"}, "")
    assert not same_site({"host": "127.0.0.1:7071", "origin": "http://127.0.0.1:7072"}, "")


def test_every_answer_carries_the_policy_and_is_kept_by_nobody() -> None:
    browser = Browser(page_world())
    for answer in (*(browser.get(path) for path in PATHS), Browser(page_world(), sign_in=False).get()):
        policy = answer.headers["Content-Security-Policy"]
        assert policy == (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script" not in text(answer)
        assert "style=" not in text(answer)


def test_the_roles_of_the_sample_are_checked_when_desk_toml_is_read() -> None:
    from shared.config.desk_file import parse_desk
    from shared.domain.problems import Ours
    from tests.kits.desk_kit import DESK

    page = f'{DESK}\n[page]\ntenant = "{TENANT}"\n[page.roles]\n'
    assert parse_desk(f'{page}"R" = {{ instances = ["pg-a"], targets = ["drills"], acts = ["pause"] }}').page
    for wrong in ('"R" = { instances = ["pg-zzz"] }', '"R" = { targets = ["nowhere"] }', '"R" = { acts = ["drop"] }',
                  '"R" = { who = "x" }', '"R R" = {}'):  # fmt: skip
        with pytest.raises(Ours):
            parse_desk(page + wrong)
    assert PAGE.roles[ALL[0]].instances == ()
