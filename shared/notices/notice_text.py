"""The text of a notice for people: the headline, the age of the data, the facts, what to do next. Pure.

The module of each kind of channel puts it into its own markup: a chat message, a ticket's comment.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import quote

from shared.domain.text import fit, plain, size, unlinked
from shared.frozen import frozen
from shared.notices.facts import Facts, NextStep, span

Tone = Literal["good", "warning", "attention", "default"]
MOST_STEPS = 8
CHAT_ROOMS = ((400, 8_000), (400, 4_000), (400, 2_000), (400, 0), (150, 0))  # of a step's words, and of all commands
DESK_LINK = "Open in Restore Desk"
VAULT_LINK = "Open the vault in the portal"
_TONES: dict[str, Tone] = {
    "succeeded": "good", "checked": "good", "overdue": "warning", "refused": "warning", "withdrawn": "warning",
    "failed": "attention", "lost": "attention", "duplicateJob": "attention",
    "cleanupFailed": "attention", "verified": "good", "verificationFailed": "attention",
    "verificationInconclusive": "warning", "pointStale": "warning", "pointFresh": "good",
}  # fmt: skip
_NEXT = {
    "accepted": "Nothing to do now: it runs when its turn comes.",
    "submitted": "Nothing to do now: Azure is at work.",
    "overdue": "Look at the job in the vault. The restore is watched on and keeps its turn until the job ends.",
    "cleanupFailed": "Read container.why of this restore, mend that, then POST to /api/restores/<id>/cleanup.",
    "duplicateJob": "Look at both jobs in the vault: the older one is followed. Discard what the other one delivers.",
    "succeeded": "Connect to the new database and check it before it is used.",
    "verified": "Nothing to do: what was delivered can be loaded.",
    "verificationFailed": "Do not rely on this recovery point: restore an older one.",
    "verificationInconclusive": "Mend what was in the way, then POST to /api/restores/<id>/verify.",
    "failed": "Mend what the error names, then ask again.",
    "refused": "Correct what is named here, then ask again.",
    "withdrawn": "Nothing to do: ask again when it is wanted.",
    "checked": "To restore for real, ask again without dryRun.",
    "standing": "Nothing new was started. To ask for something else, change the request, then approve it again.",
    "pointFresh": "Nothing to do now.",
    "test": "Nothing to do: this is a test of the channel.",
}


@frozen
class Row:
    """A fact under its label; an exact one (a path, a URL, an id) is there to be copied."""

    label: str
    text: str
    exact: bool = False


@frozen
class Link:
    """One of the places a notice links to: the restore's own page, the ticket, the vault."""

    text: str
    url: str


@frozen
class Notice:
    """A notice before any markup; every text of it is one clean line."""

    headline: str
    point: str | None
    rows: tuple[Row, ...]
    steps: tuple[NextStep, ...]
    links: tuple[Link, ...]
    api: str
    mark: str
    tone: Tone


def notice_of(facts: Facts, portal: str, ticket_sites: frozenset[str] = frozenset(), desk_url: str = "") -> Notice:
    """The notice of an event; a link to its ticket only where that leads to one of the sites."""
    found = (_row(*row) for row in _rows(facts))
    name = unlinked(facts.name)
    return Notice(
        headline=plain(f"{facts.title}: {name}" if name else facts.title),
        point=plain(facts.point_said) if facts.point_said else None,
        rows=tuple(row for row in found if row.text),
        steps=_steps(facts),
        links=tuple(link for link in (_page(facts, desk_url), *_others(facts, portal, ticket_sites)) if link),
        api=plain(f"GET {facts.path}"),
        mark=mark(facts.event_id),
        tone="warning" if facts.event == "succeeded" and facts.warnings else _TONES.get(facts.event, "default"),
    )


def mark(event_id: str) -> str:
    """What stands in every comment of ours: by it a comment is known as ours, and a second one of an event is seen."""
    return f"(restore-desk {event_id})"


def one_text(notice: Notice) -> str:
    """Headline and point in one line, for channels that show only one."""
    return f"{notice.headline}. {notice.point or ''}".strip()


def said(notice: Notice, words: int, commands: int, usable: Callable[[str], bool] = bool) -> Iterator[NextStep]:
    """The next steps, numbered. Words are cut if they are long; a command is whole or left out."""
    left, missing = commands, len(notice.steps) > MOST_STEPS
    for number, step in enumerate(notice.steps[:MOST_STEPS], 1):
        head = f"{number}. " if len(notice.steps) > 1 else "Next: "
        command = step.command if step.command and size(step.command) <= left and usable(step.command) else None
        left -= size(command or "")
        missing = missing or bool(step.command and not command)
        yield NextStep(words=fit(head + step.words, words), command=command)
    if missing:
        yield NextStep(words=f"The commands are in nextStep of the answer to {notice.api}.")


def _steps(facts: Facts) -> tuple[NextStep, ...]:
    """The facts' own steps; else what they say in one text; else what follows the event by itself."""
    if facts.steps:
        cleaned = ((plain(step.words), plain(step.command or "")) for step in facts.steps)
        return tuple(NextStep(words=words, command=command or None) for words, command in cleaned if words)
    words = plain(facts.next_step or _NEXT.get(facts.event, ""))
    return (NextStep(words=words),) if words else ()


def _row(label: str, text: str | None, exact: bool = False) -> Row:
    return Row(label, plain(text or ""), exact)


def _rows(facts: Facts) -> list[tuple[str, str | None, bool]]:
    database = ("Database", unlinked(_database(facts)), False)
    if facts.about == "instance":
        return [database]
    return [
        database,
        ("To", facts.destination or facts.target, True),
        ("Asked by", unlinked(_asked_by(facts)), False),
        ("Reason", unlinked(facts.reason or ""), False),
        ("Took", _took(facts), False),
        ("Verification", unlinked(facts.verification or ""), False),
        ("Error", _error(facts), False),
        ("Warnings", "; ".join(facts.warnings), False),
        ("Job", facts.job.id if facts.job else None, True),
        ("Restore", facts.restore, True),
    ]


def _database(facts: Facts) -> str:
    vault = facts.vault.rsplit("/", 1)[-1]
    other = f" ({facts.database})" if facts.database and facts.database != facts.name else ""
    return f"{facts.name}{other}, from vault {vault}" if vault else f"{facts.name}{other}"


def _asked_by(facts: Facts) -> str:
    ticket = facts.ticket or {}
    by = facts.requested_by or "nobody named"
    through = " ".join(part for part in (ticket.get("system"), ticket.get("id")) if part) or facts.source
    return f"{by}, through {through}"


def _took(facts: Facts) -> str | None:
    parts = [span(facts.took_seconds)] if facts.took_seconds is not None else []
    job = facts.job
    if job and job.seconds:
        parts.append(f"the job itself {span(job.seconds)}")
    if job and job.bytes:
        parts.append(f"{_bytes(job.bytes)} moved")
    return ", ".join(parts)


def _bytes(number: int) -> str:
    units = ("bytes", "KiB", "MiB", "GiB", "TiB")
    step = min((number.bit_length() - 1) // 10, len(units) - 1) if number > 0 else 0
    return f"{number} bytes" if step == 0 else f"{number / 1024**step:.1f} {units[step]}"


def _error(facts: Facts) -> str | None:
    error = facts.error
    if error is None:
        return None
    said = f"{error.code}: {error.message}" + (f" ({error.detail})" if error.detail else "")
    return unlinked(said) if error.stage == "request" else said  # ours may quote the caller; Azure's links may help


def _page(facts: Facts, desk_url: str) -> Link | None:
    """The page of the restore or instance; a sample notice is of none."""
    place = facts.path.replace("/api/", "/desk/", 1).removesuffix("/recovery-points")
    url = _web(f"{desk_url}{place}") if desk_url else None
    return Link(DESK_LINK, url) if url and facts.event != "test" else None


def _others(facts: Facts, portal: str, ticket_sites: frozenset[str]) -> tuple[Link | None, ...]:
    return _ticket(facts, ticket_sites), _vault(facts, portal)


def _ticket(facts: Facts, sites: frozenset[str]) -> Link | None:
    ticket = facts.ticket or {}
    url = _web(ticket.get("url", ""))
    if url is None or "/".join(url.split("/", 3)[:3]).lower() not in sites:
        return None  # any caller may say a URL: a button that leads to a stranger's login page is a trap
    name = re.sub(r"[^\w.#/ -]", "", ticket.get("id", ""))[:60]  # no sign that could end a link's text
    return Link(plain(f"Open ticket {name}"), url)


def _vault(facts: Facts, portal: str) -> Link | None:
    url = f"{portal}/#resource{quote(facts.vault, errors='replace')}/overview"
    return Link(VAULT_LINK, url) if facts.vault.lower().startswith("/subscriptions/") and len(url) <= 700 else None


def _web(url: str) -> str | None:
    """An https URL, encoded so that it cannot leave the link it is put in; others are not linked."""
    encoded = quote(url, safe=":/?#@!$&'*+,;=%-._~", errors="replace")
    return encoded if encoded.startswith("https://") and len(encoded) <= 2000 else None
