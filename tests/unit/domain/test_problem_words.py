"""The words for a wrong name, field or value: what was sent is shown short, without secrets, cut to its limit."""

from typing import Any

import pytest

from shared.domain.clouds import CHINA, PUBLIC
from shared.domain.problems import Problem, invalid, unknown
from shared.domain.text import MARK, fit, size, within
from shared.domain.wrong_fields import SHOWN, said_of, seen


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("pg-prod", ["pg-prod-01", "x"], "'pg-prod' is no target of desk.toml; did you mean pg-prod-01?"),
        ("zzz", ["a"], "'zzz' is no target of desk.toml; there is: a"),
        ("zzz", [], "'zzz' is no target of desk.toml; there are: none"),
        ("zzz", [f"a{n:02}" for n in range(12)], f"there are: {', '.join(f'a{n:02}' for n in range(10))}"),
    ],
)
def test_an_unknown_name_is_said_with_those_there_are(name: str, known: list[str], words: str) -> None:
    found = unknown("target", name, "target", known)
    assert found.detail.endswith(words)
    assert (found.status, found.where, found.title) == (422, "target", "Unknown target")
    assert unknown("phase", "x", "phase", ["a"]).detail.startswith("'x' is no phase;")


def test_a_problem_says_its_field() -> None:
    found = invalid("a.b", "bad")
    assert str(found) == "a.b: bad"
    assert found.body()["field"] == "a.b"
    plain = Problem(409, "t", "d", more={"phase": "lost"})
    assert (str(plain), plain.body()) == (
        "d", {"type": "about:blank", "title": "t", "status": 409, "detail": "d", "phase": "lost"}
    )  # fmt: skip


def test_a_cloud_is_known_by_its_host_and_effective_port() -> None:
    for endpoint, found in (
        ("https://management.azure.com", True),
        ("https://MANAGEMENT.azure.com.:443/x", True),
        ("https://management.azure.com:444", False),
        ("http://management.azure.com", False),
        ("https://management.azure.com:x", False),
        ("https://management.azure.com:99999", False),
    ):
        assert PUBLIC.is_at(endpoint) is found, endpoint
    assert PUBLIC.issuers("t") == ("https://login.microsoftonline.com/t/v2.0", "https://sts.windows.net/t/")
    assert CHINA.keys("t") == "https://login.partner.microsoftonline.cn/t/discovery/v2.0/keys"


class Endless:
    """What no JSON can hold."""


def test_what_was_sent_is_shown_short_and_without_secrets() -> None:
    assert seen("x" * SHOWN) == '"' + "x" * 53 + "… (cut)" or len(seen("x" * SHOWN)) <= SHOWN
    assert seen("x" * (SHOWN + 1)).endswith(" (61 characters)")
    assert not seen("x" * SHOWN).endswith("characters)")
    assert seen(["a"]) == '["a"]'
    assert seen(Endless()) == seen({1: {2}}) == "something that cannot be shown"
    assert "abcdef" not in seen("https://x.example/?sig=abcdefgh")


@pytest.mark.parametrize(
    ("line", "where", "words"),
    [
        ({"type": "extra_forbidden"}, "requestor", "there is no field 'requestor'; there are: instance, requestedBy"),
        ({"type": "extra_forbidden"}, "requested_by", "there is no field 'requested_by'; did you mean requestedBy?"),
        ({"type": "missing"}, "instance", "it is missing, and it is required; send a name of desk.toml, or the ARM id"),
        ({"type": "missing"}, "other", "it is missing, and it is required"),
        ({"type": "x", "msg": "m", "input": 5}, "other", "5 was sent: m"),
        ({"type": "x", "msg": "m", "input": 5}, "dryRun", "5 was sent; send true or false, without quotes"),
        ({"type": "value_error", "msg": "Value error, m", "input": 5}, "a.dryRun", "5 was sent (m); send true or"),
    ],
)
def test_a_wrong_field_is_said_in_words(line: dict[str, Any], where: str, words: str) -> None:
    assert said_of(line, where, ["instance", "requestedBy"]).startswith(words.partition("; there are")[0])


def test_what_cannot_be_cut_to_its_limit_is_cut_as_far_as_it_goes() -> None:
    many = {f"name-{n}": 5 for n in range(1000)}
    assert within(many, 100) == many
    assert within({"a": "x" * 500}, 10_000) == {"a": "x" * 500}
    cut = within({"a": "x" * 500, "b": ["y" * 100] * 20, "c": [5] * 50}, 900)
    assert len(str(cut)) < 1200
    assert cut["b"][-1] == f"… {20 - len(cut['b']) + 1} more (cut)"
    assert all(part == 5 for part in cut["c"])
    assert within({"a": "\ud800"}, 100) == {"a": "\ufffd"}


@pytest.mark.parametrize(("limit", "text"), [(20, "x" * 20), (19, "x" * (19 - len(MARK)) + MARK), (len(MARK), MARK)])
def test_a_text_is_cut_to_exactly_its_limit(limit: int, text: str) -> None:
    assert fit("x" * 20, limit) == text
    assert size("a\U0001f600") == 3
    assert fit("ab   cdefghijkl", len(MARK) + 4) == "ab" + MARK


def test_a_name_is_known_in_any_spelling() -> None:
    words = said_of({"type": "extra_forbidden"}, "D_R_Y_R_U_N", ["dryRun", "instance"])
    assert words.endswith("did you mean dryRun?")
