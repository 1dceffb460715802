"""Asking for a restore on the page: the confirm page, who may ask, and choices that cannot be."""

import pytest

from shared.domain.restore import Phase
from tests.kits.desk_kit import DESK_MODEL
from tests.kits.page_kit import CHOICE, OPERATOR, PAGE, READER, REQUESTER, Browser, page_world, person, words


def test_a_confirm_page_is_one_restore_however_often_it_is_sent() -> None:
    world = page_world()
    browser = Browser(world)
    form = browser.fields("ask/confirm", CHOICE)
    places = {browser.post("ask/confirm", form).headers["Location"] for _ in range(3)}
    (restore,) = world.restores()
    assert places == {f"/desk/restores/{restore.id}"}
    assert (restore.source, restore.requested_by) == ("page", "ada@contoso.com")
    assert restore.authenticated_as == "99999999-8888-4777-8666-555555555555/aaaaaaaa-0000-4000-8000-000000000001"
    assert restore.roles == tuple(PAGE.roles)
    world.settle(browser.process)
    assert world.restores()[0].phase is Phase.SUCCEEDED


def test_the_confirm_page_says_what_will_happen() -> None:
    world = page_world()
    said = words(Browser(world).get("ask/confirm", CHOICE))
    for part in ("Restore pg-a?", "The data is from 2026-10-01", "are missing in it", "drills-pg-a",
                 "The server that was backed up is not touched", "events (webhook)", "ada@contoso.com"):  # fmt: skip
        assert part in said, said


def test_who_may_not_ask_cannot() -> None:
    world = page_world()
    form = Browser(world).fields("ask/confirm", CHOICE)
    for roles in ((READER,), (OPERATOR,)):
        reader = Browser(world, person(roles=roles))
        assert reader.get("ask").status == 403
        assert reader.get("ask/confirm", CHOICE).status == 403
        assert reader.post("ask/confirm", form).status == 403
    assert world.restores() == []


@pytest.mark.parametrize(
    "changed",
    [{"instance": "pg-zzz"}, {"target": "elsewhere"}, {"point": "no such point"}, {"point": "before", "before": "x"},
     {"point": "before", "before": "2999-01-01T00:00"}, {"database": "x"}, {"reason": "a\x00b"}, {"key": "x"},
     {"instance": "/subscriptions/x"}],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_refused_before_anything_is_written(changed: dict[str, str]) -> None:
    world = page_world()
    browser = Browser(world)
    form = {**browser.fields("ask/confirm", CHOICE), **changed}
    answer = browser.post("ask/confirm", form)
    assert answer.status in (403, 422) or "point" in changed, words(answer)
    if answer.status == 303:  # a point that does not exist is refused when points are read
        world.settle(browser.process)
    assert all(restore.phase is Phase.REFUSED for restore in world.restores())


def test_a_role_that_is_taken_away_before_submission_refuses_the_restore() -> None:
    world = page_world()
    browser = Browser(world, person(roles=(REQUESTER,)))
    browser.post("ask/confirm", browser.fields("ask/confirm", CHOICE))
    roles = {REQUESTER: PAGE.roles[READER], OPERATOR: PAGE.roles[REQUESTER]}  # another's role may ask now
    world.desk = DESK_MODEL.model_copy(update={"page": PAGE.model_copy(update={"roles": roles})})
    world.settle(browser.process)
    (restore,) = world.restores()
    assert restore.phase is Phase.REFUSED
    assert "no longer allows" in (restore.error.message if restore.error else "")
    assert world.azure.posted == []


def test_a_dry_run_ends_checked() -> None:
    world = page_world()
    browser = Browser(world)
    browser.post("ask/confirm", browser.fields("ask/confirm", {**CHOICE, "dryRun": "yes"}))
    world.settle(browser.process)
    assert [restore.phase for restore in world.restores()] == [Phase.CHECKED]
