"""A thousand hostile ids against generated patterns: each is refused, or within its pattern."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain import resource_ids
from shared.domain.resource_ids import BadName
from tests.kits.restores import SUBSCRIPTION

PIECES = st.sampled_from(
    ["rg", "RG", "v", "v1", "vault", "i", "i-1", "prod", "prod-1", "%2f", "..", ".", "*", "\\", ""]
)
PIECE = PIECES | st.text(alphabet="abAB019-._()%/\\*?#@ \u0430", max_size=6)
PATTERN_PIECE = st.sampled_from(["rg", "RG", "v", "v*", "*", "prod-*", "*1", "i", "p*d*", "vault"])


def instance_id(group: str, vault: str, name: str) -> str:
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.DataProtection"
        f"/backupVaults/{vault}/backupInstances/{name}"
    )


def glob_says(pattern: str, text: str) -> bool:
    """The oracle: `*` by trying every length, segment by segment; none of the code under test."""
    pieces, given_ = pattern.lower().split("/"), text.lower().split("/")
    if pieces[-1] == "*" and len(given_) > len(pieces):
        given_ = given_[: len(pieces)]
    return len(pieces) == len(given_) and all(map(_wild, pieces, given_))


def _wild(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_wild(pattern[1:], text[i:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] == text[0] and _wild(pattern[1:], text[1:])


@settings(max_examples=1000, deadline=None)
@given(
    said=st.builds(instance_id, PIECE, PIECE, PIECE) | st.text(max_size=40),
    patterns=st.lists(
        st.builds(instance_id, PATTERN_PIECE, PATTERN_PIECE, PATTERN_PIECE)
        | st.builds(lambda group: f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/*", PATTERN_PIECE),
        max_size=3,
    ),
    tail=st.sampled_from(["", "/", "/recoveryPoints/x", "?x", "%00", "\n", " "]),
)
@example(said=instance_id("rg", "v", "i"), patterns=[instance_id("RG", "*", "*")], tail="")
def test_a_hostile_id_is_refused_or_within_its_pattern(said: str, patterns: list[str], tail: str) -> None:
    try:
        found = resource_ids.parse_id(said + tail, resource_ids.INSTANCE)
    except BadName:
        return
    assert found.text == said + tail
    assert not any(mark in found.text for mark in ("%", "\\", "..", "?", "#", "@", "//", " ", "\n", "*"))
    assert resource_ids.allowed(found.text, tuple(patterns)) == any(
        glob_says(pattern, found.text) for pattern in patterns
    )
