"""What a refused request's row keeps of its fields: what could be read, short."""

from typing import Any

import pytest

from shared.domain.problems import Problem
from shared.workflow.intake import Caller
from tests.kits.world import World


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 300),
        (7, 7),
        (1.5, 1.5),
        (True, True),
        (["a"], None),
        ({"n" * 61: "x" * 301, "number": 1, "list": []}, {"n" * 60: "x" * 300, "number": 1}),
        ({f"n{n}": "x" for n in range(11)}, {f"n{n}": "x" for n in range(10)}),
    ],
)
def test_a_field_is_kept_short(said: Any, kept: Any) -> None:
    refused = (
        World()
        .process()
        .intake.refuse({"reason": said, "colour": "red"}, Problem(422, "No", "no"), Caller("q"))
        .restore
    )
    assert refused.asked == {"reason": kept}
    assert refused.reason == (kept if isinstance(kept, str) else None)


@pytest.mark.parametrize(
    ("ticket", "kept"),
    [
        ({"system": "jira", "id": "A-1", "ref": "r", "url": "https://x.example/1", "mood": "bad"}, {
            "system": "jira", "id": "A-1", "ref": "r", "url": "https://x.example/1",
        }),
        ({"mood": "bad"}, None),
        ("A-1", None),
    ],
)  # fmt: skip
def test_of_a_ticket_its_own_parts_are_kept(ticket: Any, kept: Any) -> None:
    refused = World().process().intake.refuse({"ticket": ticket}, Problem(422, "No", "no"), Caller("queue")).restore
    assert refused.ticket == kept


@pytest.mark.parametrize("who", ["authenticated as ada", "ada"])
def test_who_asked_is_kept_unless_it_claims_a_proof(who: str) -> None:
    refused = World().process().intake.refuse({"requestedBy": who}, Problem(422, "No", "no"), Caller("queue")).restore
    assert refused.requested_by == (who if who == "ada" else None)


@pytest.mark.parametrize("reply", [None, "events"])
def test_the_way_back_of_a_refused_request_is_its_callers(reply: str | None) -> None:
    refused = World().process().intake.refuse({}, Problem(422, "No", "no"), Caller("queue", reply=reply)).restore
    assert refused.channels == ((reply,) if reply else ())
    assert (refused.instance, refused.vault, refused.closed_at) == ("", "", refused.accepted_at)


def test_the_words_of_a_refusal_have_2000_characters_at_the_most_and_the_timeline_500() -> None:
    refused = World().process().intake.refuse({}, Problem(422, "No", "n" * 3000), Caller("queue"), "!" * 150).restore
    assert refused.error
    assert len(refused.error.message) == 2000
    assert refused.error.message.endswith("!" * 100)
    assert len(refused.timeline[0].note or "") == 500
