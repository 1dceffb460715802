"""The lines, links, tone and steps of a notice."""

from typing import Any

import pytest

from shared.domain.restore import AzureError, Job
from shared.notices.facts import NextStep
from shared.notices.notice_text import notice_of, one_text, said
from shared.notices.sample import sample_facts
from tests.unit.notices.kit import AT, PORTAL, facts, notice, row


def test_a_notice_says_from_where_to_where_by_whom_and_why() -> None:
    found = notice(warnings=("w1", "w2"))
    assert row(found, "Database") == "pg-prod-01 (orders), from vault backup-vault"
    assert row(found, "To") == "https://contosorestores.blob.core.windows.net/drills"
    assert row(found, "Asked by") == "alex@contoso.com, through servicenow RITM0012345"
    assert (row(found, "Reason"), row(found, "Warnings")) == ("quarterly drill", "w1; w2")
    assert row(found, "Took") == "38 min 0 s, the job itself 31 min 0 s, 12.4 GiB moved"
    assert row(found, "Restore") == "01JC0000000000000000SAMPLE"
    assert [one.label for one in found.rows if one.exact] == ["To", "Job", "Restore"]
    assert one_text(found) == f"{found.headline}. {found.point}"


def test_what_is_not_known_leaves_no_empty_line() -> None:
    nothing = {"instance_name": None, "database": "orders", "vault": "", "requested_by": None, "ticket": None}
    more = {"destination": None, "job": None, "reason": None, "took_seconds": None, "point_said": None}
    found = notice(**nothing, **more)
    assert row(found, "Database") == "orders"
    assert row(found, "Asked by") == "nobody named, through tickets/servicenow"
    assert row(found, "To") == "drills"
    assert {row(found, label) for label in ("Reason", "Took", "Error", "Warnings", "Job")} == {None}
    assert (found.point, found.links) == (None, ())
    assert one_text(found) == f"{found.headline}."
    assert row(notice(ticket={"id": "7"}), "Asked by") == "alex@contoso.com, through 7"
    assert row(notice(ticket={}), "Asked by") == "alex@contoso.com, through tickets/servicenow"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (5 * 2**40, "5.0 TiB"),
        (2**53, "8192.0 TiB"),
    ],
)
def test_bytes_are_said_in_the_largest_unit_that_fits(number: int, text: str) -> None:
    job = Job(id="j", status="Completed", bytes=number)
    assert row(notice(job=job, took_seconds=None), "Took") == f"{text} moved"


def test_an_error_of_ours_makes_no_link_and_azures_keeps_its_own() -> None:
    ours = AzureError(stage="request", code="No", message="see https://x.example")
    azures = AzureError(stage="job", code="E1", message="see https://aka.ms/x", detail="more")
    assert "https://" not in (row(notice(error=ours), "Error") or "")
    assert row(notice(error=azures), "Error") == "E1: see https://aka.ms/x (more)"


@pytest.mark.parametrize(
    ("event", "tone"),
    [("succeeded", "good"), ("checked", "good"), ("accepted", "default"), ("overdue", "warning"),
     ("refused", "warning"), ("withdrawn", "warning"), ("failed", "attention"), ("lost", "attention"),
     ("duplicateJob", "attention")],
)  # fmt: skip
def test_the_tone_is_the_events(event: str, tone: str) -> None:
    assert notice_of(sample_facts(event, AT), PORTAL).tone == tone


def test_a_success_with_warnings_is_said_with_a_warnings_tone() -> None:
    assert notice(warnings=("w",)).tone == "warning"
    assert notice_of(facts("failed", warnings=("w",)), PORTAL).tone == "attention"


def link(url: str) -> list[str]:
    return [one.url for one in notice(ticket={"id": "7", "url": url}).links if "ticket" in one.text]


def test_only_https_and_nothing_too_long_is_linked() -> None:
    whole = "https://x.example/" + "a" * (2000 - len("https://x.example/"))
    assert link(whole) == [whole]
    assert link(whole + "a") == []
    assert link("http://x.example/") == []
    assert link("https://X.Example/a") == ["https://X.Example/a"]
    for other in (
        *("x.example.evil.com", "evil.com", "x.example@evil.com", "user@x.example", "x.example:8443", "evil.com#x"),
        *("xx.example", "x.example.", "x.example%2eevil.com", "x.example\\@evil.com", "@x.example"),
    ):
        assert link(f"https://{other}/login") == [], other
    assert link('https://x.example/a b"<>') == ["https://x.example/a%20b%22%3C%3E"]
    named = notice(ticket={"id": "A](b)" + "c" * 100, "url": "https://x.example"}).links[0]
    assert named.text == "Open ticket Ab" + "c" * 58


def test_the_vault_is_linked_where_its_id_is_one() -> None:
    assert notice(vault="/Subscriptions/x").links[-1].url == f"{PORTAL}/#resource/Subscriptions/x/overview"
    assert [one.text for one in notice(vault="other", ticket=None).links] == []
    edge = 700 - len(f"{PORTAL}/#resource/overview")
    for length, linked in ((edge, 1), (edge + 1, 0)):
        vault = "/subscriptions/".ljust(length, "x")
        assert len(notice(vault=vault, ticket=None).links) == linked


def steps(count: int, **more: Any) -> list[NextStep]:
    made = tuple(NextStep(words=f"do {n}", command="c" * 10) for n in range(count))
    return list(said(notice(steps=made), 400, **{"commands": 1000, **more}))


def test_steps_are_numbered_and_commands_whole_or_referred_to() -> None:
    assert [step.words for step in steps(1)] == ["Next: do 0"]
    assert [step.words for step in steps(2)] == ["1. do 0", "2. do 1"]
    assert len(steps(8)) == 8
    nine = steps(9)
    assert (len(nine), nine[7].words) == (9, "8. do 7")
    assert nine[8].words.startswith("The commands are in nextStep")
    cut = steps(3, commands=25)
    assert [step.command for step in cut] == ["c" * 10, "c" * 10, None, None]
    assert [step.command for step in steps(2, commands=20)] == ["c" * 10] * 2
    assert [step.command for step in steps(1, usable=lambda command: False)] == [None, None]


def test_where_there_are_no_steps_the_events_own_follows() -> None:
    none: dict[str, Any] = {"steps": (), "next_step": None}
    assert [step.words for step in notice_of(facts("accepted", **none), PORTAL).steps] == [
        "Nothing to do now: it runs when its turn comes."
    ]
    assert [step.words for step in notice(steps=(), next_step="Look.").steps] == ["Look."]
    blank = (NextStep(words=" "), NextStep(words="a", command=" "))
    assert notice(steps=blank).steps == (NextStep(words="a", command=None),)
