"""Templates into answers: jinja2 with every value escaped and cleaned, and the headers of every page."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.api.http import Answer
from shared.domain.text import plain
from shared.domain.version import VERSION
from shared.notices.facts import span

FOLDER = Path(__file__).parent / "templates"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
HTML = "text/html"  # the worker adds the charset


def page(template: str, status: int = 200, refresh: int | None = None, **values: Any) -> Answer:
    """A page as an answer."""
    text = _environment().get_template(template).render(values)
    again = {"Refresh": str(refresh)} if refresh else {}
    return Answer(status, text.encode(errors="replace"), {**HEADERS, **again}, HTML)


def stylesheet() -> Answer:
    """The one stylesheet; its address carries the version, so that browsers may cache it."""
    kept = {**HEADERS, "Cache-Control": "public, max-age=86400"}
    return Answer(200, (FOLDER / "style.css").read_bytes(), kept, "text/css")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["when"] = when
    made.filters["span"] = span
    made.globals["version"] = VERSION
    return made


def _cleaned(value: Any) -> Any:
    """No text that hides or reorders others reaches a page; None is nothing."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else plain(value)
    return "" if value is None else value


def when(at: datetime | str | None) -> Markup:
    """A moment, as people and machines read it."""
    if not at:
        return Markup("–")
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    shown = moment.isoformat(" ", "seconds")[:19]
    return Markup(f'<time datetime="{moment.isoformat()}">{shown} UTC</time>')  # noqa: S704 - digits alone
