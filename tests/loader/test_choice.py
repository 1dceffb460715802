"""What a load takes, and what it refuses before anything is changed."""

from datetime import UTC, datetime, timedelta

import pytest

from loader.archive import Archive, Header
from loader.choice import choose
from loader.manifest import Database, Manifest
from loader.quoting import LONGEST_NAME, loading_name
from loader.sources import File, Part
from loader.target import Refused, Target

HEADER = Header((1, 16), "gzip", None, "shop", "18.1", "18.1")
AT = datetime(2026, 11, 26, tzinfo=UTC)


def database(name: str, file: str = "") -> Database:
    return Database(File(file or f"u_database_{name}.sql", 10, "v"), name, Archive(HEADER, (), 0))


def manifest(*databases: Database, doubled: tuple[File, ...] = ()) -> Manifest:
    return Manifest(databases, File("u_roles.sql", 1, "v"), None, None, (), doubled)


HERE = manifest(database("shop"), database("a=b"), database("postgres"), database("azure_sys"))


def test_names_and_new_names() -> None:
    assert [one.name for one in choose(HERE, [])] == ["a=b", "shop"]
    assert [(one.database.name, one.name) for one in choose(HERE, ["a=b", "shop=x", "postgres=p"])] == [
        ("a=b", "a=b"),
        ("shop", "x"),
        ("postgres", "p"),
    ]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["shop=x", "a=b=x"], "two databases would be x"),
        (["shop", "shop"], "two databases would be shop"),
        (["shop="], "shop=: a database's name has 1 to 63 bytes"),
        (["shop=" + "ü" * 32], "1 to 63 bytes"),
        (["shops"], "there is no database shops; there are: a=b, azure_sys, postgres, shop"),
    ],
)
def test_names_that_cannot_be(wanted: list[str], words: str) -> None:
    with pytest.raises(Refused) as refused:
        choose(HERE, wanted)
    assert words in str(refused.value)


def test_of_two_restores_in_one_container_none_is_guessed() -> None:
    twice = manifest(database("shop", "1_database_shop.sql"), database("shop", "2_database_shop.sql"), database("b"))
    with pytest.raises(Refused, match=r"more than one restore are here: 1_database_shop\.sql .*2_database_shop\.sql"):
        choose(twice, [])
    assert [one.name for one in choose(twice, ["b"])] == ["b"]
    with pytest.raises(Refused, match=r"more than one server are here: u_roles\.sql, 2_roles\.sql"):
        choose(manifest(database("shop"), doubled=(File("2_roles.sql", 1, "v"),)), [])


def test_a_part_of_a_container_is_told_by_time_or_by_name() -> None:
    file, hour = File("1_roles.sql", 1, "v", AT), timedelta(hours=1)
    assert Part().holds(file)
    assert Part(AT - hour, AT + hour, "1_").holds(file)
    assert not Part(since=AT + hour).holds(file)
    assert not Part(until=AT - hour).holds(file)
    assert not Part(prefix="2_").holds(file)
    assert Part(AT + hour).holds(File("x", 1, "v"))


@pytest.mark.parametrize("name", ["n" * 63, "n" * 55, "ü" * 31, "shop", "n" * 54])
def test_a_database_on_its_way_has_a_name_that_postgresql_does_not_cut(name: str) -> None:
    loading = loading_name(name)
    assert len(loading.encode()) <= LONGEST_NAME
    assert loading.endswith("__loading")
    assert loading != loading_name(name[:-1] + "m")


def test_a_dsn_from_variables_that_are_not_set_is_named() -> None:
    with pytest.raises(Refused, match="Set PGHOST and PGUSER"):
        Target("host= user=", {})
    with pytest.raises(Refused, match="PGPASSFILE"):
        Target("host=h user=u sslpassword=secret", {})


@pytest.mark.parametrize(
    "dsn",
    [
        "postgres://u:pa%zzs3cret@h/db",
        "host=h s3cret",
        "host= password=s3cret user=u",
        "postgresql://u:s3c ret@h",
        "host=h s3cret=x",
        "postgres://u@h/db?foo=s3cret&s3cret",
    ],
)
def test_a_dsn_that_cannot_be_read_is_not_repeated(dsn: str) -> None:
    with pytest.raises(Refused) as caught:
        Target(dsn, {})
    assert "s3c" not in str(caught.value)
    assert str(caught.value).startswith("--into ")
