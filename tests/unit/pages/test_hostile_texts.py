"""No text from outside changes a page around it, hides on it, or turns it round."""

from html.parser import HTMLParser
from typing import Any

import pytest

from shared.api.http import Answer
from shared.domain.restore import AzureError, Job, SubTask
from shared.storage import row_keys
from shared.storage.dead_letters import dead_request
from shared.storage.shared_state import Pause
from tests.kits.hostile_texts import TEXTS
from tests.kits.page_kit import Browser, page_world, text
from tests.kits.world import World, running


class Skeleton(HTMLParser):
    """The tags and attribute names of a page, without its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))


def skeleton(answer: Answer) -> list[tuple[str, tuple[str, ...]]]:
    found = Skeleton()
    found.feed(text(answer))
    return found.tags


def spoilt(said: str) -> tuple[World, Browser, str]:
    """A world in which a text stands in every field that a page shows."""
    world = page_world()
    browser = Browser(world)
    line = "".join(ch for ch in said if ch.isprintable()) or "x"
    restore = running(world, browser.process, "pg-a", "k", reason=line[:2000], requestedBy=line[:500],
                      ticket={"system": line[:100], "id": line[:100]})  # fmt: skip
    ledger = browser.process.parts.ledger
    found = ledger.load(restore)
    assert found
    task = SubTask(name=said, status=said)
    error = AzureError(stage="job", code=said, message=said, detail=said, recommended_action=(said,))
    changed: dict[str, Any] = {
        "error": error, "trouble": said, "warnings": (said,), "waiting_for": None,
        "job": Job(id="j", status=said, tasks=(task,)),
        "timeline": tuple(entry.model_copy(update={"note": said}) for entry in found.timeline),
    }  # fmt: skip
    ledger.save(found, found.model_copy(update=changed))
    process = browser.process
    process.parts.board.set_paused(Pause(said, said, world.clock.now()), world.clock.now())
    row = dead_request(found.model_copy(update={"error": error, "source": said}), world.clock.now())
    process.parts.ledger.store.commit(row_keys.partition(restore), [row])
    return world, browser, restore


@pytest.fixture(scope="module")
def harmless() -> tuple[Browser, str]:
    _, browser, restore = spoilt("harmless")
    return browser, restore


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_no_text_changes_the_page_around_it(number: int, harmless: tuple[Browser, str]) -> None:
    said = TEXTS[number]
    other, expected = harmless
    _, browser, restore = spoilt(said)
    for path in ("", "restores", "restores/{}", "dead-letters"):
        assert skeleton(browser.get(path.format(restore))) == skeleton(other.get(path.format(expected))), path
    empty, full = skeleton(other.get("restores", {"by": "zz"})), skeleton(other.get("restores", {"by": "harmless"}))
    for name in ("by", "ticket"):
        assert skeleton(browser.get("restores", {name: said})) in (empty, full)
    choice = {"instance": "pg-a", "target": "drills", "reason": "".join(ch for ch in said if ch.isprintable())}
    confirm = skeleton(other.get("ask/confirm", {**choice, "reason": "harmless"}))
    assert skeleton(browser.get("ask/confirm", choice)) == confirm
    assert skeleton(browser.get("nowhere" + said)) == skeleton(other.get("nowhere"))


def test_no_text_hides_or_turns_round_what_stands_beside_it() -> None:
    hidden = "\u202eegdelnwo\u202c a\u200bb \x00\x1b[2J"
    _, browser, restore = spoilt(hidden)
    for path in ("", "restores", "dead-letters", f"restores/{restore}"):
        shown = text(browser.get(path))
        assert "egdelnwo" in shown, path
        assert not set(shown) & set("\u202e\u202c\u200b\x00\x1b"), path


def test_there_are_sixty_of_them() -> None:
    assert len(set(TEXTS)) == 60
