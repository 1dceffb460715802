"""Every page in a real Chromium: for a phone and a desk, light and dark, axe finds nothing, no text breaks out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from local.host.process import ROOT
from shared.domain.restore import AzureError, Job, SubTask
from shared.storage.shared_state import Pause
from tests.kits.chromium import DESK, PHONE, Watched, chromium, overflow, shot, violations
from tests.kits.hostile_texts import MARKER, TEXTS
from tests.kits.page_kit import Browser, page_world
from tests.kits.page_server import PageServer
from tests.kits.world import World, running

pytestmark = pytest.mark.slow
PICTURES = ROOT / "docs" / "page"
WRITE = os.environ.get("DESK_SCREENSHOTS") == "write"  # python -m local.build.screenshots


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as running_one:
        yield running_one


def stage() -> tuple[World, Browser, dict[str, str]]:
    """A desk at work: restores that ended, failed, run and wait; and the pages that show them."""
    world = page_world()
    desk = Browser(world)
    for number in range(5):
        world.azure.job_seconds = 90.0 + 40 * number
        ticket = {"system": "jira", "id": f"OPS-{number + 40}"}
        done = running(world, desk.process, "pg-a", f"done{number}", reason="quarterly drill", ticket=ticket)
        world.settle(desk.process)
        world.clock.advance(3 * 3600)
    world.azure.end_status = "Failed"
    failed = running(world, desk.process, "pg-b", "failed", reason="the test of the new target")
    world.settle(desk.process)
    world.azure.end_status = "Completed"
    world.put(b"{not a request")
    world.deliver(desk.process)
    live = running(world, desk.process, "pg-a", "live", reason="orders dropped at 09:40", requestedBy="bob@contoso.com")
    for _ in range(8):
        world.deliver(desk.process)
        desk.process.sweep.run()
        world.clock.advance(15)
    waiting = running(world, desk.process, "pg-a", "waiting", reason="a second look", requestedBy="eve@contoso.com")
    world.deliver(desk.process)
    desk.process.sweep.run()
    return world, desk, {
        "running": "",
        "restores": "restores",
        "restore": f"restores/{done}",
        "restore-failed": f"restores/{failed}",
        "restore-running": f"restores/{live}",
        "withdraw": f"restores/{waiting}/withdraw",
        "instances": "instances",
        "instance": "instances/pg-a",
        "ask": "ask",
        "ask-form": "ask?instance=pg-b",
        "ask-confirm": "ask/confirm?instance=pg-b&target=drills&point=latest&reason=orders+dropped+at+09%3A40",
        "dead-letters": "dead-letters",
        "channels": "channels",
        "no-such-page": "nowhere",
    }  # fmt: skip


@pytest.fixture(scope="module")
def staged() -> Iterator[tuple[str, dict[str, str]]]:
    _, desk, paths = stage()
    with PageServer(desk) as server:
        yield server.url, paths


LOOKS = [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)]


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=["light-desk", "dark-desk", "light-phone", "dark-phone"])
def test_every_page_can_be_used_by_everybody(
    browser: Chromium, staged: tuple[str, dict[str, str]], scheme: str, size: dict[str, int], tmp_path: Path
) -> None:
    url, paths = staged
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    tab = Watched(context, url)
    folder = PICTURES if WRITE else tmp_path
    faults = {}
    for name, path in paths.items():
        page = tab.open(path)
        faults[name] = violations(page)
        assert overflow(page) <= 0, f"{name} is too wide for {size['width']} px"
        if (scheme, size) == ("light", DESK) or (name == "restore-running" and (scheme, size) == ("dark", PHONE)):
            shot(page, folder / f"{name}{'' if size is DESK else '-phone-dark'}.png")
    context.close()
    assert {name: found for name, found in faults.items() if found} == {}
    assert tab.elsewhere == []
    assert [m for m in tab.messages if "404" not in m] == []


def test_each_page_has_its_picture_in_the_docs() -> None:
    _, _, paths = stage()
    have = {path.stem for path in PICTURES.glob("*.png")}
    assert have == {*paths, "restore-running-phone-dark"}, "run: .venv/bin/python -m local.build.screenshots"
    assert all(path.stat().st_size < 200_000 for path in PICTURES.glob("*.png"))


def hostile() -> tuple[World, Browser, list[str]]:
    """Restores of which each carries one hostile text in every field that a page shows."""
    world = page_world()
    desk = Browser(world)
    ledger, found = desk.process.parts.ledger, []
    for number, said in enumerate(TEXTS):
        line = "".join(ch for ch in said if ch.isprintable()) or "x"
        restore = running(world, desk.process, "pg-a", f"k{number}", reason=line[:2000], requestedBy=line[:500],
                          ticket={"system": line[:100], "id": line[:100]})  # fmt: skip
        known = ledger.load(restore)
        assert known
        error = AzureError(stage="job", code=said, message=said, detail=said, recommended_action=(said,))
        job = Job(id="j", status=said, tasks=(SubTask(name=said, status=said),))
        told = tuple(entry.model_copy(update={"note": said}) for entry in known.timeline)
        more = {"error": error, "trouble": said, "warnings": (said,), "job": job, "timeline": told}
        ledger.save(known, known.model_copy(update=more))
        found.append(restore)
    world.clock.advance(1)
    desk.process.parts.board.set_paused(Pause(TEXTS[0], TEXTS[9], world.clock.now()), world.clock.now())
    return world, desk, found


def test_sixty_hostile_texts_run_nothing_break_nothing_and_call_nobody(browser: Chromium) -> None:
    _, desk, restores = hostile()
    with PageServer(desk) as server:
        context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
        tab = Watched(context, server.url)
        for path in ("", "restores", "dead-letters", *(f"restores/{restore}" for restore in restores)):
            page = tab.open(path)
            assert page.evaluate(f"window.{MARKER}") is None, path
            assert overflow(page) <= 0, path
            assert page.locator("footer").is_visible(), path
            assert page.evaluate("document.querySelectorAll('script, iframe, img, object, embed').length") == 0
            assert page.url.startswith(f"{server.url}/desk")
        context.close()
    assert tab.elsewhere == []
    assert tab.messages == []
    assert len(restores) == 60
