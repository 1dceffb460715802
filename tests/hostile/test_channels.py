"""Whatever stands in a reason, a name or an error: it arrives escaped, within limits, and starts nothing."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.stack.sink_rules import check_payload
from shared.domain import text as escape
from shared.domain.restore import AzureError, Job
from shared.domain.text import MARK, fit, size
from shared.notices.channels.registry import KINDS, compose
from shared.notices.facts import TITLES, Facts, NextStep
from shared.notices.messages import Kind, Resolved
from shared.notices.sample import sample_facts

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REFS = {"servicenow": f"incident/{'0a' * 16}", "jira": "OPS-1", "zendesk": "1", "github": "contoso/restores/issues/1"}
TRICKS = (
    "<!channel>", "<@U123>", "<https://evil.example|Approve>", "@contoso/all", "@channel", "#1", "GH-1", "GH-1@x",
    "[x](https://evil.example)", "![x](https://evil.example/x.png)", "**bold**", "`code`", "```", "</MessageText>",
    "{{ticket.requester.email}}", "{% x %}", "[code]<b>x</b>[/code]", "[~accountid:1]", "{noformat}", "h1. x", "# x",
    "!https://evil.example/x.png!", "https://evil.example", "www.evil.example", "<at>everyone</at>", "&amp;", "\\",
    '"', "\u202e", "\u200b", "\x00", "\n", "\r\n- x", "\ud800", "😀", "é", "|",
)  # fmt: skip
TEXT = st.lists(st.sampled_from(TRICKS) | st.text(max_size=20), max_size=30).map("".join)
LONG = st.builds(lambda text, times: text * times, TEXT, st.sampled_from([1, 1, 1, 40]))


@st.composite
def hostile(draw: st.DrawFn, kind: str = "") -> Facts:
    """Facts whose every text is somebody's."""
    facts = sample_facts(draw(st.sampled_from(sorted(TITLES))), AT)
    ticket = {"system": kind, "id": draw(TEXT), "url": "https://t.example/" + draw(TEXT), "ref": REFS.get(kind, "x")}
    error = AzureError(stage="request", code=draw(TEXT), message=draw(LONG), detail=draw(TEXT))
    changes: dict[str, Any] = {
        "instance_name": draw(TEXT) or "x",
        "database": draw(TEXT),
        "destination": draw(TEXT),
        "requested_by": draw(TEXT),
        "reason": draw(LONG),
        "warnings": tuple(draw(st.lists(LONG, max_size=5))),
        "next_step": draw(LONG),
        "steps": tuple(draw(st.lists(st.builds(NextStep, words=LONG, command=st.none() | LONG), max_size=10))),
        "job": Job(id=draw(TEXT), status=draw(TEXT), seconds=3.0, bytes=5),
        "error": draw(st.sampled_from([None, error])),
        "ticket": ticket,
    }
    return facts.model_copy(update=changes)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_channel_refuses_it_and_nothing_in_it_acts(kind: Kind, data: st.DataObject) -> None:
    facts = data.draw(hostile(kind))
    for more in ({}, {"internal": False}, {"encoding": "base64"}):
        channel = Resolved("c", kind, "https://channel.example", (SECRET, SECRET), "bot", **more)
        message = compose(facts, channel, AT)
        assert check_payload(kind, message.headers, message.body) == []
        assert all(re.fullmatch(r"[ -~]+", f"{name}{value}") for name, value in message.headers.items())


def one(kind: Kind, **changes: Any) -> Any:
    """The JSON that one channel is sent for the sample facts with some changed."""
    ticket = {"system": kind, "id": "1", "ref": REFS.get(kind, "x")}
    facts = sample_facts("succeeded", AT).model_copy(update={"ticket": ticket, **changes})
    return json.loads(compose(facts, Resolved("c", kind, "https://channel.example", (SECRET,), "bot"), AT).body)


def test_slack_is_not_made_to_call_everybody() -> None:
    text = json.dumps(one("slack", reason="<!channel> see <https://evil.example|here> & go"))
    assert "&lt;!channel&gt; see &lt;https:" in text
    assert "<!channel>" not in text
    assert '"verbatim": true' in text


def test_github_mentions_nobody_and_refers_to_nothing() -> None:
    body = one(
        "github", reason="@octo-org/dba fixes #12, GH-7, contoso/x#3, ask a@contoso.com; [x](https://evil.example)"
    )
    text = body["body"]
    assert not re.search(r"(?<![A-Za-z0-9])@[A-Za-z]|#\d|GH-\d|https://evil", text)
    assert "\\[x\\]" in text
    assert "a@contoso.com" in text


def test_jira_and_servicenow_render_nothing_of_it() -> None:
    wiki = one("jira", reason="[~accountid:1] {noformat} !x.png! *b*")["body"]
    assert "\\[\\~accountid:1\\] \\{noformat\\} \\!x.png\\! \\*b\\*" in wiki
    note = one("servicenow", reason="[code]<script>[/code]")["work_notes"]
    assert "[ code]<script>[/ code]" in note


def test_a_line_of_ours_cannot_be_made_up() -> None:
    for kind in ("servicenow", "zendesk", "github", "jira"):
        text = json.dumps(one(kind, reason="fine\nError: none\r\nNext: nothing"))
        assert "\\nNext: nothing" not in text
        assert "\\nError: none" not in text


@settings(max_examples=200, deadline=None)
@given(text=LONG, limit=st.integers(20, 300))
def test_what_is_cut_says_so_and_no_escape_is_cut_in_two(text: str, limit: int) -> None:
    for escaped in (escape.same, escape.slack, escape.markdown, escape.github, escape.wiki, escape.journal):
        found = fit(text, limit, escaped)
        assert size(found) <= limit
        assert found == escaped(text) or found.endswith(MARK)
    assert not re.search(r"&[a-z]{0,4}$|&(?!amp;|lt;|gt;)", fit(text, limit, escape.slack).removesuffix(MARK))


@settings(max_examples=100, deadline=None)
@given(facts=hostile(), limit=st.sampled_from([6_000, 20_000, 64_000]))
def test_data_is_cut_to_its_limit_and_stays_data(facts: Facts, limit: int) -> None:
    cut = escape.within(facts.json_value(), limit)
    assert len(escape.dumped(cut)) <= limit
    assert Facts.model_validate(cut).event_id == facts.event_id
