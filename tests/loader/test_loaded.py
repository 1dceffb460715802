"""The level `loaded`: real dumps pass, every planted trap ends in its one verdict, and nothing of a dump gets out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from loader.loaded import Limits
from loader.server import Server
from loader.verdict import Outcome
from local.postgres.delivery import delivery
from local.postgres.programs import programs
from local.postgres.sample import ODD_NAME
from tests.loader import traps
from tests.loader.loaded_kit import SHOP, check, loaded

pytestmark = pytest.mark.slow


FAILED, PASSED, INCONCLUSIVE = Outcome.FAILED, Outcome.PASSED, Outcome.INCONCLUSIVE


@pytest.fixture(scope="module")
def source() -> Iterator[Server]:
    with Server(programs()[16]) as server:
        yield server


@pytest.fixture
def canary() -> Path:
    return traps.canary()


def script(canary: Path, more: str = "", name: str = "trap") -> str:
    return (traps.EVIL + more).replace("{canary}", str(canary)).replace("{name}", name)


@pytest.mark.parametrize(("major", "plain"), [(15, False), (16, True), (18, False)])
def test_a_whole_sample_passes_with_its_rows_and_checks(major: int, plain: bool) -> None:
    if major not in programs():
        pytest.skip(f"PostgreSQL {major} is not here")
    verdict = loaded(delivery(major, plain=plain).folder, SHOP)
    assert (verdict.outcome, verdict.reason) == (PASSED, "")
    assert {one.name: one.rows for one in verdict.databases if not one.name.startswith("azure")} == {
        "shop": 2412,
        "billing": 500,
        ODD_NAME: 1,
        "postgres": 0,
    }
    assert [check["passed"] for check in verdict.checks] == [True, True, True]


HOSTILE = {
    "after the rows": [
        "create index i on public.t (public.evil(v));",
        "create materialized view public.m as select public.evil(v) from public.t;",
        "create index j on public.t (public.reads(v));",
    ],
    "with the rows": ["alter table public.t add check (public.evil(v) > 0);"],
}


@pytest.mark.parametrize("when", HOSTILE)
def test_code_in_a_dump_gets_nothing(when: str, source: Server, canary: Path, tmp_path: Path) -> None:
    traps.dumped(source, tmp_path, script(canary, "\n".join(HOSTILE[when])))
    verdict = loaded(tmp_path)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason.startswith("42501 (not allowed for a role without special rights): permission denied")
    others = len(HOSTILE[when]) - 1  # each of them was refused
    assert verdict.reason.endswith(f"(and {others} more)" if others else "in COPY public.t")
    assert not canary.exists()


def test_the_same_code_runs_where_a_superuser_calls_it(source: Server, canary: Path, tmp_path: Path) -> None:
    """Or the canary would prove nothing."""
    traps.dumped(source, tmp_path, script(canary, name="other"))
    with source.connect("source_trap") as connection:
        connection.execute("select public.evil(1)")
    assert canary.exists()


def test_a_shell_command_in_a_plain_dump_is_named_and_not_run(source: Server, canary: Path, tmp_path: Path) -> None:
    file = traps.dumped(source, tmp_path, script(canary), "trap", "--format=plain")
    text = file.read_bytes().replace(b"\n-- Name: t;", f"\n-- Name: x\n\\! touch {canary}\n-- Name: t;".encode(), 1)
    file.write_bytes(text)
    verdict = loaded(tmp_path)
    assert verdict.outcome is FAILED
    assert "psql command" in verdict.reason
    assert not canary.exists()


WRITES = {
    "a function of its owner": "select public.writes()",
    "a program": "select public.runs()",
    "after set_config": "select public.sets()",
    "a second statement": "select true) as c(ok); commit; insert into public.t values (-3, 0); "
    "select * from (select true",
    "in a with": "with w as (insert into public.t values (-4, 0) returning true) select * from w",
    "a large object": "select lo_create(0) > 0",
    "a sequence": "select nextval('public.s') > 0",
}


def test_a_check_can_write_in_no_way(source: Server, canary: Path, tmp_path: Path) -> None:
    traps.dumped(source, tmp_path, script(canary, traps.WRITER))
    untouched = "select (select count(*) = 50 from public.t) and not (select is_called from public.s)"
    asked = [check(name, "source_trap", text) for name, text in WRITES.items()]
    verdict = loaded(tmp_path, [*asked, check("untouched", "source_trap", untouched)])
    answers = {check["name"]: check for check in verdict.checks}
    assert verdict.outcome is INCONCLUSIVE
    assert answers.pop("untouched")["passed"] is True
    assert {name: check["reason"][:5] for name, check in answers.items()} == {
        "a function of its owner": "25006",
        "a program": "42501",
        "after set_config": "25001",
        "a second statement": "42601",
        "in a with": "0A000",
        "a large object": "25006",
        "a sequence": "42501",
    }
    assert not canary.exists()


ANSWERS = [
    ("select count(*) = 50 from public.t", PASSED, ""),
    ("select count(*) = 51 from public.t", FAILED, "false"),
    ("select null::boolean", INCONCLUSIVE, "null"),
    ("select true where false", INCONCLUSIVE, "none"),
    ("select true from public.t", INCONCLUSIVE, "more"),
    ("select 1", INCONCLUSIVE, "boolean"),
    ("select true, true", INCONCLUSIVE, "boolean"),
    ("select no_such_column from public.t", INCONCLUSIVE, "42703"),
    ("select pg_sleep(30) is not null", INCONCLUSIVE, "57014"),
    ("select set_config('statement_timeout', '0', false) = '0' and pg_sleep(30) is not null", INCONCLUSIVE, "57014"),
]


def test_answers_of_checks(source: Server, canary: Path, tmp_path: Path) -> None:
    traps.dumped(source, tmp_path, script(canary))
    checks = [check(text, "source_trap", text) for text, _, _ in ANSWERS]
    for seconds in (0.5, 5, 25):  # a slow machine takes longer for the quick ones, too
        verdict = loaded(tmp_path, checks, Limits(check_seconds=seconds))
        if sum("57014" in answer["reason"] for answer in verdict.checks) == 2:
            break
    means = {PASSED: True, FAILED: False, INCONCLUSIVE: None}
    for (text, outcome, word), answer in zip(ANSWERS, verdict.checks, strict=True):
        assert answer["passed"] is means[outcome], text
        assert word in answer["reason"], text
    assert verdict.outcome is FAILED


def test_a_missing_extension_is_named_before_the_load(source: Server, tmp_path: Path) -> None:
    file = traps.dumped(source, tmp_path, "create extension citext; create table t (a citext);")
    traps.patched(file, b"citext", b"citexx")
    verdict = loaded(tmp_path)
    assert (verdict.outcome, verdict.reason) == (INCONCLUSIVE, "extensions that are not installed here: citexx")


def test_another_locale_is_named(source: Server, tmp_path: Path) -> None:
    file = traps.dumped(source, tmp_path, "create table t (a int)", create="template template0 locale 'C.utf8'")
    assert loaded(tmp_path).outcome is PASSED
    traps.patched(file, b"'C.utf8'", b"'qq_QQ8'")
    verdict = loaded(tmp_path)
    assert verdict.outcome is INCONCLUSIVE
    assert "qq_QQ8" in verdict.reason


def test_a_view_that_newer_majors_refuse_passes_on_its_own(source: Server, tmp_path: Path) -> None:
    traps.dumped(source, tmp_path, "create view v as select buffers_checkpoint from pg_stat_bgwriter;")
    assert loaded(tmp_path).outcome is PASSED
    verdict = loaded(tmp_path, clients={18: programs()[18]})
    assert (verdict.outcome, verdict.reason) == (INCONCLUSIVE, "no server of PostgreSQL 16 is here (PG_BIN)")


BAD_DATA = {
    "a value of no such type": (b"\n50\t50\n", b"\n50\tfifty\n", "22P02"),
    "a key twice": (b"\n50\t50\n", b"\n49\t50\n", "23505"),
    "a null": (b"\n50\t50\n", b"\n50\t\\N\n", "23502"),
    "a broken rule": (b"\n50\t50\n", b"\n50\t5000\n", "23514"),
    "a column too few": (b"\n50\t50\n", b"\n50\n", "22P04"),
}


@pytest.mark.parametrize("kind", BAD_DATA)
def test_bad_data_fails(kind: str, source: Server, canary: Path, tmp_path: Path) -> None:
    old, new, code = BAD_DATA[kind]
    more = "alter table public.t add constraint small check (v < 1000);"
    file = traps.dumped(source, tmp_path, script(canary, more), "trap", "--format=plain")
    schema = (
        "CREATE DATABASE source_trap WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';"
    )
    file.with_name("x_schema.sql").write_text(schema + "\n")
    traps.patched(file, old, new)
    verdict = loaded(tmp_path)
    assert verdict.outcome is FAILED
    assert verdict.reason.startswith(code)


def test_rows_that_do_not_arrive_fail(source: Server, canary: Path, tmp_path: Path) -> None:
    swallow = "create function public.eat() returns trigger language plpgsql as 'begin return null; end';"
    file = traps.dumped(source, tmp_path, script(canary, swallow), "trap", "--format=plain")
    trigger = (
        b"CREATE TRIGGER e BEFORE INSERT ON public.t FOR EACH ROW WHEN (new.id = 7) EXECUTE FUNCTION public.eat();\n"
    )
    traps.patched(file, b"COPY public.t ", trigger + b"COPY public.t ")
    verdict = loaded(tmp_path)
    assert verdict.outcome is FAILED
    assert "public.t has 49 rows after the load, the dump holds 50" in verdict.reason


@pytest.mark.parametrize("options", [(), ("--format=plain",)])
def test_a_load_that_takes_too_long_is_ended_by_name(
    options: tuple[str, ...], source: Server, canary: Path, tmp_path: Path
) -> None:
    more = "create index slow_one on public.t (public.slow(v));"
    traps.dumped(source, tmp_path, script(canary, more), "trap", *options)
    for seconds in (1.5, 10, 50):  # a slow machine is not at the index any sooner
        verdict = loaded(tmp_path, limits=Limits(load_seconds=seconds))
        if "slow_one" in verdict.reason:
            break
    assert verdict.outcome is INCONCLUSIVE
    assert "took too long" in verdict.reason
    assert "slow_one" in verdict.reason


def test_space_is_looked_at_before_the_load(source: Server, canary: Path, tmp_path: Path) -> None:
    traps.dumped(source, tmp_path, script(canary))
    verdict = loaded(tmp_path, limits=Limits(free=50 << 20))
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason == "the load needs about 100.0 MiB of disk, 50.0 MiB are free"
