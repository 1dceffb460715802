"""Decides which databases a load takes, under which names, by which client, and what stands in the way. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from loader import contents
from loader.manifest import Database, Manifest
from loader.programs import Programs
from loader.quoting import LONGEST_NAME, loading_name
from loader.target import Facts, Refused
from loader.verify import readers

EVERY_SERVERS = contents.AZURES_DATABASES | {"postgres"}  # not loaded unless they are named


@dataclass(frozen=True)
class Choice:
    """One database, and its name in the target."""

    database: Database
    name: str


def choose(manifest: Manifest, wanted: Sequence[str]) -> list[Choice]:
    """All databases but Azure's own and `postgres`, or those that were named. Refused."""
    here: dict[str, list[Database]] = {}
    for database in manifest.databases:
        here.setdefault(database.name, []).append(database)
    names = [_pair(text, here) for text in wanted] or [(name, name) for name in sorted(set(here) - EVERY_SERVERS)]
    one_delivery(manifest, [old for old, _ in names], here)
    targets = [new for _, new in names]
    for old, new in names:
        if not 0 < len(new.encode()) <= LONGEST_NAME:
            raise Refused(f"{new or f'{old}='}: a database's name has 1 to {LONGEST_NAME} bytes")
        if targets.count(new) > 1:
            raise Refused(f"two databases would be {new}: --database NAME=NEW gives each a name of its own")
    return [Choice(here[old][0], new) for old, new in names]


def _pair(text: str, here: Mapping[str, object]) -> tuple[str, str]:
    old, new = (text, text) if text in here else text.rpartition("=")[::2]
    if old not in here:
        raise Refused(f"there is no database {old or new}; there are: {', '.join(sorted(here))}")
    return old, new


def one_delivery(manifest: Manifest, names: Sequence[str], here: Mapping[str, Sequence[Database]]) -> None:
    """Refused, if the container holds files of one database from several restores: the right one is not known."""
    twice = next((here[name] for name in names if len(here[name]) > 1), ())
    if twice:
        said = ", ".join(f"{one.file.name} (dumped {one.dumped_at or 'at an unknown time'})" for one in twice)
        raise Refused(f"the files of more than one restore are here: {said}; --prefix takes those whose names begin so")
    if manifest.doubled and manifest.roles:
        said = ", ".join(file.name for file in (manifest.roles, *manifest.doubled))
        raise Refused(f"the files of more than one server are here: {said}; --prefix takes those whose names begin so")


def refuse(chosen: Sequence[Choice], facts: Facts) -> None:
    """All that would stop a load, said at once and before anything is changed. Refused."""
    wrong = [] if chosen else ["there is no database to load"]
    for choice in chosen:
        wrong += _in_the_way(choice, facts)
    if wrong:
        raise Refused("; ".join(wrong))


def _in_the_way(choice: Choice, facts: Facts) -> Iterator[str]:
    archive, name = choice.database.archive, choice.database.name
    if not archive:
        yield f"{choice.database.file.name}: {unloadable(choice.database)}"
        return
    extensions = [extension for extension, _ in contents.extensions_of(archive)]
    yield from (f"{name}: {why}" for extension in extensions if (why := facts.lacking(extension)))
    if "timescaledb" in extensions:
        yield f"{name}: TimescaleDB needs restore steps of its own"
    if choice.name in facts.databases and not facts.databases[choice.name]:
        yield f"{choice.name} is there already: --database {name}=<new name> takes another"
    unfinished = loading_name(choice.name)
    if unfinished in facts.databases and not facts.databases[unfinished]:
        yield f"{unfinished} is there and is not of this loader: rename or drop it"


def unloadable(database: Database) -> str:
    return (
        database.damage or database.unsupported or "plain SQL, which `load` does not take: use psql (docs/loading.md)"
    )


def client_of(programs: Mapping[int, Programs], choice: Choice, major: int) -> Programs:
    """The target's own major where it reads the archive, else the nearest newer one. Refused."""
    archive = choice.database.archive
    able = readers(programs, archive.header.version) if archive else list(programs.values())
    if not able:
        here = ", ".join(one.version for one in programs.values()) or "none"
        raise Refused(
            f"no pg_restore here reads {choice.database.file.name}, which is of PostgreSQL "
            f"{choice.database.dump_version} (here: {here}): install that major's client programs or newer ones, or "
            "name their folder in PG_BIN"
        )
    newer = [client for client in reversed(able) if client.major >= major]
    return newer[0] if newer else able[0]
