"""A real Chromium without a window, which calls no other host; and axe, which finds what some people cannot use."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from local.setup.browser import ADVICE, AXE, find_browser

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--font-render-hinting=none",
)  # fmt: skip
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that the set-up brought; without one the test fails, and says what to do."""
    found = find_browser()
    assert found, f"{ADVICE} Or run: python3 -m local test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.program, args=[*QUIET], env={"PATH": "/usr/bin:/bin", **found.environ}
        )
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A tab whose requests are written down; one to another host is refused and remembered."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.elsewhere: list[str] = []
        self.messages: list[str] = []
        context.route("**/*", self._route)
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self._heard(message.text))
        self.page.on("pageerror", lambda error: self._heard(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.set_default_timeout(60_000)

    def _heard(self, message: str) -> None:
        self.messages.append(message)

    def _dialog(self, dialog: Dialog) -> None:
        self.messages.append(dialog.message)
        dialog.dismiss()

    def _route(self, route: Any) -> None:
        if route.request.url.startswith((f"{self.url}/", "data:")):
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()

    def open(self, path: str) -> Page:
        """The page /desk/<path>."""
        self.page.goto(f"{self.url}/desk/{path}".rstrip("/"))
        return self.page


def violations(page: Page) -> list[str]:
    """What axe finds wrong: rule, words, and where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wide = page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    return int(wide)


def shot(page: Page, path: Path) -> None:
    """A picture of the first screen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, animations="disabled")
