"""The words of a notice: spans, sizes, lines, links and steps, each at the border where it changes."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.restore import AzureError, Job, Phase, Point
from shared.notices.facts import TITLES, Facts, NextStep, facts_of, point_said, span, title_of
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import MOST_STEPS, notice_of, one_text, said
from tests.kits.restores import NOW, VAULT, a_restore

PORTAL = "https://portal.azure.com"
SITES = frozenset({"https://contoso.service-now.com"})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (0.4, "0 s"),
        (0.6, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (7199, "1 h 59 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (86400 + 3599, "1 d"),
        (86400 + 3600, "1 d 1 h"),
        (10 * 86400 + 23 * 3600 + 59 * 60, "10 d 23 h"),
    ],
)
def test_a_length_of_time(seconds: float, words: str) -> None:
    assert span(seconds) == words


def facts(**changes: Any) -> Facts:
    return facts_of(a_restore(Phase.SUBMITTED), "submitted", NOW).model_copy(update=changes)


def row(label: str, **changes: Any) -> str | None:
    found = [row.text for row in notice_of(facts(**changes), PORTAL, SITES).rows if row.label == label]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1024.0 KiB"),
        (1024**2, "1.0 MiB"),
        (1024**3, "1.0 GiB"),
        (1024**4, "1.0 TiB"),
        (1024**5 * 3, "3072.0 TiB"),
    ],
)
def test_what_was_moved(size: int, words: str) -> None:
    job = Job(id="j", status="Completed", bytes=size)
    assert row("Took", took_seconds=60.0, job=job) == f"1 min 0 s, {words} moved"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"took_seconds": 0.0}, "0 s"),
        ({"job": Job(id="j", status="x")}, None),
        ({"job": Job(id="j", status="x", seconds=90.0)}, "the job itself 1 min 30 s"),
        ({"job": Job(id="j", status="x", seconds=90.0, bytes=5), "took_seconds": 100.0},
         "1 min 40 s, the job itself 1 min 30 s, 5 bytes moved"),
    ],
)  # fmt: skip
def test_how_long_it_took(changes: dict[str, Any], words: str | None) -> None:
    assert row("Took", **changes) == words


@pytest.mark.parametrize(
    ("label", "changes", "words"),
    [
        ("Database", {"database": None}, "pg-prod-01, from vault pgVault"),
        ("Database", {"database": "emp"}, "pg-prod-01 (emp), from vault pgVault"),
        ("Database", {"database": "pg-prod-01"}, "pg-prod-01, from vault pgVault"),
        ("Database", {"database": "emp", "instance_name": None}, "emp, from vault pgVault"),
        ("Database", {"vault": "", "database": "emp"}, "pg-prod-01 (emp)"),
        ("Asked by", {}, "ada@contoso.com, through http"),
        ("Asked by", {"requested_by": None}, "nobody named, through http"),
        ("Asked by", {"ticket": {"system": "jira", "id": "OPS-1"}}, "ada@contoso.com, through jira OPS-1"),
        ("Asked by", {"ticket": {"id": "OPS-1"}}, "ada@contoso.com, through OPS-1"),
        ("To", {"destination": None, "target": "drills"}, "drills"),
        ("To", {"destination": "there", "target": "drills"}, "there"),
        ("Job", {"job": None}, None),
        ("Job", {"job": Job(id="j-1", status="x")}, "j-1"),
        ("Reason", {"reason": None}, None),
        ("Verification", {"verification": "passed"}, "passed"),
        ("Warnings", {"warnings": ("a", "b")}, "a; b"),
        ("Error", {"error": AzureError(stage="job", code="X", message="m")}, "X: m"),
        ("Error", {"error": AzureError(stage="job", code="X", message="m", detail="d")}, "X: m (d)"),
        ("Error", {"error": AzureError(stage="job", code="X", message="https://a.b")}, "X: https://a.b"),
    ],
)
def test_a_line_of_a_notice(label: str, changes: dict[str, Any], words: str | None) -> None:
    assert row(label, **changes) == words


def test_a_refusal_of_ours_makes_no_link_of_what_the_caller_wrote() -> None:
    error = AzureError(stage="request", code="X", message="https://a.b")
    assert "https://a.b" not in str(row("Error", error=error))


def links(**changes: Any) -> list[tuple[str, str]]:
    return [(link.text, link.url) for link in notice_of(facts(**changes), PORTAL, SITES, "https://desk.x").links]


def test_a_notice_links_to_the_page_the_ticket_and_the_vault() -> None:
    found = links(ticket={"id": "R<1>", "url": "https://contoso.service-now.com/a b"})
    assert found == [
        ("Open in Restore Desk", f"https://desk.x/desk/restores/{facts().restore}"),
        ("Open ticket R1", "https://contoso.service-now.com/a%20b"),
        ("Open the vault in the portal", f"{PORTAL}/#resource{VAULT}/overview"),
    ]
    assert not [text for text, _ in links(event="test") if text == "Open in Restore Desk"]
    assert not [text for text, _ in links(vault="somewhere") if "portal" in text]
    page = links(path="/api/instances/pg/recovery-points")[0]
    assert page == ("Open in Restore Desk", "https://desk.x/desk/instances/pg")


@pytest.mark.parametrize(("length", "linked"), [(2000, True), (2001, False)])
def test_a_link_is_so_long_at_the_most(length: int, linked: bool) -> None:
    url = "https://contoso.service-now.com/"
    found = links(ticket={"id": "R1", "url": url + "x" * (length - len(url))})
    assert ("Open ticket R1" in dict(found)) is linked


@pytest.mark.parametrize(("length", "linked"), [(700, True), (701, False)])
def test_a_link_to_the_portal_is_so_long_at_the_most(length: int, linked: bool) -> None:
    frame = len(f"{PORTAL}/#resource/overview")
    vault = "/subscriptions/" + "x" * (length - frame - len("/subscriptions/"))
    assert ("Open the vault in the portal" in dict(links(vault=vault))) is linked


@pytest.mark.parametrize(
    "url", ["http://contoso.service-now.com/a", "https://evil.example/a", "https://contoso.service-now.com.evil/a", ""]
)
def test_a_ticket_elsewhere_is_not_linked(url: str) -> None:
    assert not [text for text, _ in links(ticket={"id": "R1", "url": url}) if "ticket" in text]


def steps_said(*steps: NextStep, commands: int = 100, usable: Any = bool) -> list[tuple[str, str | None]]:
    notice = notice_of(facts(steps=steps), PORTAL)
    return [(step.words, step.command) for step in said(notice, 400, commands, usable)]


def test_the_next_steps_are_numbered_where_there_are_several() -> None:
    one, two = NextStep(words="do this"), NextStep(words="then that", command="az x")
    missing = ("The commands are in nextStep of the answer to GET " + facts().path + ".", None)
    assert steps_said(one) == [("Next: do this", None)]
    assert steps_said(one, two) == [("1. do this", None), ("2. then that", "az x")]
    assert steps_said(two, commands=4) == [("Next: then that", "az x")]
    assert steps_said(two, commands=3) == [("Next: then that", None), missing]
    assert steps_said(two, two, commands=7) == [("1. then that", "az x"), ("2. then that", None), missing]
    assert steps_said(two, usable=lambda command: False) == [("Next: then that", None), missing]


def test_so_many_steps_and_no_more() -> None:
    step = NextStep(words="do")
    assert len(steps_said(*[step] * MOST_STEPS)) == MOST_STEPS
    more = steps_said(*[step] * (MOST_STEPS + 1))
    assert len(more) == MOST_STEPS + 1
    assert more[-1][0].startswith("The commands are in nextStep")


def test_a_step_of_nothing_that_can_be_seen_is_none() -> None:
    assert steps_said(NextStep(words="\u200b"), NextStep(words="do", command="\u200b")) == [("Next: do", None)]
    event = notice_of(facts(steps=(), next_step=None, event="submitted"), PORTAL)
    assert [step.words for step in event.steps] == ["Nothing to do now: Azure is at work."]
    assert [step.words for step in notice_of(facts(steps=(), next_step="say", event="x"), PORTAL).steps] == ["say"]
    assert notice_of(facts(steps=(), next_step=None, event="lost"), PORTAL).steps == ()


GOOD = {"succeeded", "checked", "verified", "pointFresh"}
WARNING = {"overdue", "refused", "withdrawn", "verificationInconclusive", "pointStale"}
ATTENTION = {"failed", "lost", "duplicateJob", "cleanupFailed", "verificationFailed"}


@pytest.mark.parametrize("event", sorted(TITLES))
def test_the_tone_of_an_event(event: str) -> None:
    tones = {"good": GOOD, "warning": WARNING, "attention": ATTENTION}
    tone = next((tone for tone, events in tones.items() if event in events), "default")
    assert notice_of(facts(event=event), PORTAL).tone == tone
    warned = notice_of(facts(event=event, warnings=("w",)), PORTAL).tone
    assert warned == ("warning" if event == "succeeded" else tone)


@pytest.mark.parametrize(
    ("event", "changes", "title"),
    [
        ("succeeded", {"outcome": "filesDelivered"}, "Files delivered, not loaded yet"),
        ("succeeded", {"outcome": "databaseCreated"}, "Database restored"),
        ("succeeded", {"outcome": "databaseCreated", "warnings": ("w",)}, "Database restored (with warnings)"),
        ("verified", {"outcome": "filesDelivered", "warnings": ("w",)}, "Backup verified"),
        ("standing", {}, "Requested before: its restore is succeeded"),
    ],
)
def test_a_headline(event: str, changes: dict[str, Any], title: str) -> None:
    assert title_of(a_restore(Phase.SUCCEEDED, **changes), event) == title


def test_the_facts_of_an_event_that_comes_after_the_end() -> None:
    closed = a_restore(Phase.SUCCEEDED, closed_at=NOW + timedelta(hours=1), outcome="filesDelivered", warnings=("w",))
    later = NOW + timedelta(hours=5)
    verified, cleanup = facts_of(closed, "verified", later, "passed"), facts_of(closed, "cleanupFailed", later, "kept")
    assert (verified.verification, verified.warnings, verified.took_seconds) == ("passed", ("w",), 3600)
    assert (cleanup.verification, cleanup.warnings) == (None, ("w", "kept"))
    assert facts_of(closed, "cleanupFailed", later).warnings == ("w",)
    assert facts_of(a_restore(), "accepted", later).took_seconds is None


def test_the_first_line_says_from_when_the_data_is() -> None:
    point = Point(id="p", time=NOW - timedelta(hours=10), tier="VaultStore")
    assert point_said(a_restore(point=point), NOW) == (
        "The data is from 2026-10-02 02:00 UTC, 10 h old; later changes are not in it."
    )
    assert point_said(a_restore(point=None), NOW) is None
    without = notice_of(facts(point_said=None), PORTAL)
    assert one_text(without) == f"{without.headline}."


def test_an_event_of_an_instance_has_one_line() -> None:
    assert [row.label for row in notice_of(facts(phase=None), PORTAL).rows] == ["Database"]
    assert (facts().about, facts(phase=None).about) == ("restore", "instance")


def test_no_secret_stands_in_a_repr() -> None:
    message = Message("POST", "https://topsecret", {"authorization": "topsecret"}, b"topsecret")
    channel = Resolved("dba", "webhook", "https://topsecret", ("topsecret",))
    assert "topsecret" not in repr(message) + repr(channel)
    assert (message.scope, message.before, channel.user, channel.internal) == (None, None, "", True)
    assert (channel.encoding, channel.desk_url, channel.ticket_sites) == ("none", "", frozenset())
