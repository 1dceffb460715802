"""Acts on the page: each needs a role, a token of one's own for this act, and a form of ours; then it is done once."""

import json
import re
from collections.abc import Callable

import pytest

from shared.api.http import Answer, Call
from shared.domain.restore import Phase
from tests.kits.page_kit import (
    CHOICE,
    OID,
    OTHER_OID,
    READER,
    REQUESTER,
    TENANT,
    Browser,
    hidden,
    page_world,
    person,
    text,
    words,
)
from tests.kits.stories import no
from tests.kits.world import World, running


def stage() -> tuple[World, Browser, dict[str, str]]:
    """A world with a restore for every act, and where each act is."""
    world = page_world()
    browser = Browser(world)
    done = running(world, browser.process, "pg-a", "done")
    world.settle(browser.process)
    refused = running(world, browser.process, "pg-b", "late")
    browser.process.api.withdraw(Call({"id": refused}, {}, {}, json.dumps({"by": "x", "reason": "x"}).encode()))
    waiting = running(world, browser.process, "pg-far", "open")
    return world, browser, {
        "withdraw": f"restores/{waiting}/withdraw",
        "again": f"restores/{refused}/again",
        "resend": f"restores/{done}/notices/1/resend",
        "pause": "pause",
        "resume": "resume",
        "test": "channels/events/test",
    }  # fmt: skip


ACTS = ("withdraw", "again", "resend", "pause", "resume", "test")


def token(browser: Browser, path: str) -> dict[str, str]:
    """The fields of an act's form; the button of a channel stands on the page of all channels."""
    if not path.startswith("channels/"):
        return browser.fields(path)
    form = re.search(rf'action="/desk/{path}">(.*?)</form>', text(browser.get("channels")), re.DOTALL)
    assert form
    return hidden(form[1])


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_done_once_in_the_name_of_who_is_signed_in(act: str) -> None:
    world, browser, paths = stage()
    answer = browser.post(paths[act], {**token(browser, paths[act]), "reason": "because", "by": "somebody else"})
    assert answer.status == 303, words(answer)
    assert answer.headers["Location"].startswith("/desk")
    shown = browser.get(answer.headers["Location"].removeprefix("/desk").strip("/"))
    assert shown.status == 200
    assert "somebody else" not in text(shown)
    if act == "withdraw":
        found = next(r for r in world.restores() if r.id in paths[act])
        assert found.phase is Phase.WITHDRAWN
        assert found.timeline[-1].note == "by ada@contoso.com (authenticated as ada@contoso.com): because"
    if act == "again":
        assert {r.authenticated_as for r in world.restores() if r.again_of} == {f"{TENANT}/{OID}"}
    if act == "pause":
        assert "The desk is paused by ada@contoso.com" in words(shown)
    if act == "test":
        assert "by ada@contoso.com: delivered" in words(shown)


SPOILT: dict[str, Callable[[Browser, str, dict[str, str]], Answer]] = {
    "without token": lambda b, path, form: b.post(path, {"reason": "x"}),
    "with an empty one": lambda b, path, form: b.post(path, {**form, "token": ""}),
    "with a made-up one": lambda b, path, form: b.post(path, {**form, "token": f"{form['token'][:-4]}0000"}),
    "with another's": lambda b, path, form: b.post(
        path, {**form, "token": token(Browser(b.world, person(oid=OTHER_OID)), path)["token"]}
    ),
    "with another act's": lambda b, path, form: b.post(
        path, {**form, "token": token(b, "resume" if path == "pause" else "pause")["token"]}
    ),
    "from another site": lambda b, path, form: b.post(path, form, {"origin": "https://evil.example"}),
    "from nowhere": lambda b, path, form: b.post(path, form, {"origin": ""}),
    "as a reader": lambda b, path, form: Browser(b.world, person(roles=(READER,))).post(path, form),
    "as a requester": lambda b, path, form: Browser(b.world, person(roles=(REQUESTER,))).post(path, form),
    "as nobody": lambda b, path, form: b.post(path, form, {"x-ms-client-principal": ""}),
    "with sign-in off": lambda b, path, form: Browser(b.world, sign_in=False).post(path, form),
    "too large": lambda b, path, form: b.post(path, {**form, "reason": "x" * 40_000}),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_act_is_refused_and_changes_nothing(act: str, how: str) -> None:
    world, browser, paths = stage()
    form = token(browser, paths[act])
    before, posts = world.store.writes, len(world.posts.tried)  # type: ignore[attr-defined]
    answer = SPOILT[how](browser, paths[act], form | {"reason": "x"})
    assert answer.status in (401, 403, 413), words(answer)
    assert world.store.writes == before  # type: ignore[attr-defined]
    assert len(world.posts.tried) == posts


@pytest.mark.parametrize("act", ACTS)
def test_a_get_never_acts(act: str) -> None:
    world, browser, paths = stage()
    form = token(browser, paths[act])
    browser.get("ask/confirm", CHOICE)  # Azure's points are remembered
    before = world.store.writes  # type: ignore[attr-defined]
    assert browser.get(paths[act], form | {"reason": "x"}).status == 200
    assert browser.get("ask/confirm", {**CHOICE, **form}).status == 200
    assert world.store.writes == before  # type: ignore[attr-defined]


def test_a_token_is_good_for_twelve_hours() -> None:
    world, browser, paths = stage()
    form = token(browser, paths["pause"]) | {"reason": "x"}
    world.clock.advance(12 * 3600 - 10)
    assert browser.post("pause", form).status == 303
    world.clock.advance(20)
    assert browser.post("pause", form).status == 403


def test_tokens_hold_over_instances_of_the_app_and_a_new_key_row_ends_them() -> None:
    from shared.pages.tokens import KEY_ROW
    from shared.storage import row_keys
    from shared.storage.store import Change

    world = page_world()
    form = Browser(world).fields("pause") | {"reason": "x"}
    other = Browser(world)
    assert other.post("pause", form).status == 303
    world.store.commit(row_keys.DESK, [Change("put", KEY_ROW, {"key": b"k" * 32})])
    assert Browser(world).post("pause", form).status == 403
    assert other.post("pause", Browser(world).fields("pause") | {"reason": "x"}).status == 303


def test_what_is_not_possible_now_says_what_is() -> None:
    _, browser, paths = stage()
    form = token(browser, paths["withdraw"]) | {"reason": "x"}
    assert browser.post(paths["withdraw"], form).status == 303
    answer = browser.post(paths["withdraw"], form)
    assert answer.status == 409
    assert "cannot be withdrawn" in words(answer)
    assert browser.get(paths["withdraw"]).status == 409


def test_a_reason_is_needed() -> None:
    _, browser, paths = stage()
    answer = browser.post(paths["withdraw"], token(browser, paths["withdraw"]))
    assert (answer.status, "reason" in words(answer)) == (422, True)


def test_again_that_is_sent_twice_asks_once() -> None:
    _, browser, paths = stage()
    form = token(browser, paths["again"]) | {"reason": "x"}
    first, second = browser.post(paths["again"], form), browser.post(paths["again"], form)
    assert first.headers["Location"] == second.headers["Location"]


def test_again_is_asked_with_what_the_first_one_lacked() -> None:
    world = page_world()
    browser = Browser(world)
    world.clock.advance(7200)
    old = running(world, browser.process, "pg-a", "old", maxAgeHours=1)
    world.settle(browser.process)
    path = f"restores/{old}/again"
    assert 'is asked with {"maxAgeHours": 4}' in words(browser.get(path))
    assert browser.act(path, reason="it will do").status == 303
    world.settle(browser.process)
    assert [(one.asked["maxAgeHours"], one.phase) for one in world.restores() if one.again_of] == [(4, Phase.SUCCEEDED)]


def test_again_is_not_offered_where_somebody_must_change_the_request_first() -> None:
    world = page_world()
    browser = Browser(world)
    world.azure.script["validate"] = [no("FlexibleServerTakesFilesOnly")]
    restore = running(world, browser.process, "pg-a", "1")
    world.settle(browser.process)
    shown = browser.get(f"restores/{restore}")
    assert "<a target of kind files>" in words(shown)
    assert f"restores/{restore}/again" not in re.findall(r'href="/desk/([^"]+)"', text(shown))
    assert browser.get(f"restores/{restore}/again").status == 409
