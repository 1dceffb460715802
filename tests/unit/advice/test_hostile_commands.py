"""Commands that a person is to paste hold under hostile names: a real shell hands each name on whole."""

import json
import subprocess
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.advice import shell_commands
from shared.advice.next_steps import steps_of
from shared.advice.remedies import REMEDIES
from shared.domain.restore import Attempt, Datasource, Phase, Plan, Point, Restore
from shared.domain.text import plain
from tests.kits.restores import DATABASE, FLEX_SERVER, FLEXIBLE, NOW, SECRET, SERVER, SINGLE, VAULT, a_restore, an_error
from tests.unit.advice.kit import failed

NASTY = 'x\'; touch /tmp/pwned; echo "$(id)`id`${HOME}" \\ \n# \u202e*'
WORDS = st.text(min_size=1, max_size=30) | st.sampled_from([NASTY, "-rf", "--", "$(id)", "';--", '"', "a b", "*", "~"])
PHASES = st.sampled_from([Phase.SUCCEEDED, Phase.FAILED, Phase.REFUSED, Phase.WITHDRAWN, Phase.LOST, Phase.CHECKED])


def hostile(phase: Phase, code: str, word: str, kind: str) -> Restore:
    """Every name that a command may hold is the hostile one: what the parsers would refuse is tried too."""
    code, _, inner = code.partition("/")
    files = kind == "files"
    plan = Plan(
        kind="files" if files else "database",
        container=f"https://{word}.blob.core.windows.net/{word}" if files else None,
        server=None if files else f"{SERVER}{word}",
        database=None if files else word,
        secret=None if files else f"https://{word}.vault.azure.net/secrets/{word}",
        identity=word,
        prefix=word,
    )
    return a_restore(
        phase,
        plan=plan,
        vault=VAULT + word,
        instance_name=word,
        requested_by=word,
        reason=word,
        datasource=Datasource(type=FLEXIBLE.type if files else SINGLE.type, id=FLEX_SERVER + word, name=word),
        point=Point(id=word, time=NOW, tier="VaultStore"),
        outcome="filesDelivered" if files else "databaseCreated",
        error=an_error(code, inner_code=inner, message=word, recommended_action=(word,)),
        attempts=(Attempt(number=1, request_id=word, at=NOW),),
    )


def commands(restore: Restore) -> list[str]:
    return [command for step in steps_of(restore) for command in step.commands]


STUB = r"""
az() { printf 'az\0' >&3; printf '%s\0' "$@" >&3; echo looked-up; }
psql() { printf 'psql\0' >&3; printf '%s\0' "$@" >&3; }
curl() { printf 'curl\0' >&3; printf '%s\0' "$@" >&3; }
python3() { printf 'python3\0' >&3; printf '%s\0' "$@" >&3; }
pg_restore() { psql "$@"; }; createdb() { psql "$@"; }; sed() { cat; }; mkdir() { :; }; grep() { cat; }
rm() { psql "$@"; }; dropdb() { psql "$@"; }; cat() { :; }; head() { :; }
set -f; cd /nonexistent 2>/dev/null; PATH=/nonexistent
"""


def run(lines: list[str]) -> list[str]:
    """What a real shell hands to az, psql and curl, which are stubs in it; nothing else can be found by it."""
    script = STUB + "\n".join(f"{line} </dev/null >/dev/null" for line in lines)
    done = subprocess.run(  # noqa: S603 - the stubs are all that it can reach
        ["bash", "--noprofile", "--norc", "-c", f"{{ {script}\n}} 3>&1 >/dev/null"],  # noqa: S607 - found by PATH on purpose
        capture_output=True,
        env={"HOME": "/nonexistent"},
        check=False,
        timeout=20,
    )
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").split("\0")


@pytest.mark.parametrize("kind", ["files", "database"])
@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.LOST, Phase.CHECKED, Phase.WITHDRAWN])
def test_a_real_shell_hands_hostile_names_on_whole(kind: str, phase: Phase) -> None:
    assert_whole(hostile(phase, "x", NASTY, kind))


@pytest.mark.parametrize("kind", ["files", "database"])
def test_a_real_shell_hands_on_the_names_of_every_remedy(kind: str) -> None:
    for code in REMEDIES:
        assert_whole(hostile(Phase.FAILED, code, NASTY, kind))


@cache
def harmless(phase: Phase, code: str, kind: str) -> int:
    return len(run(commands(hostile(phase, code, "harmless", kind))))


@settings(max_examples=150, deadline=None)
@given(phase=PHASES, code=st.sampled_from(list(REMEDIES)), word=WORDS, kind=st.sampled_from(["files", "database"]))
@example(phase=Phase.FAILED, code="usererrordatabasenamealreadyinuse", word=NASTY, kind="database")
def test_a_hostile_name_never_leaves_its_word(phase: Phase, code: str, word: str, kind: str) -> None:
    """A shell finds the same number of words as with a harmless name."""
    assert len(run(commands(hostile(phase, code, word, kind)))) == harmless(phase, code, kind)


def assert_whole(restore: Restore) -> None:
    expected = commands(restore)
    given_on = run(expected)
    joined = "\n".join(given_on)
    assert "uid=" not in joined
    calls = sum(word in ("az", "psql", "curl") for word in given_on)
    assert calls >= len([one for one in expected if one.startswith(("az", "psql", "curl"))])
    if any("curl" in one for one in expected):
        body = json.loads(given_on[given_on.index("-d", given_on.index("curl")) + 1])
        assert body["by"] in (plain(NASTY), "<you>")


@given(word=st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_sql_names_and_texts_end_only_where_they_should(word: str) -> None:
    name, text = shell_commands.identifier(word), shell_commands.literal(word)
    assert name[0] == name[-1] == '"'
    assert name[1:-1].replace('""', "") == name[1:-1].replace('"', "")
    assert text[1:-1].replace("''", "") == text[1:-1].replace("'", "")


def test_secrets_stay_out() -> None:
    """The secret's address is said, never a value; the operator's key is a variable."""
    said = failed("UserErrorDBUserAuthFailed", DATABASE)
    assert SECRET.rsplit("/", 1)[-1] in said
    assert "$DESK_KEY" in said
