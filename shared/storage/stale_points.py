"""Which instances were said to have no recent recovery point: a row for each, in its vault's partition. Pure."""

from collections.abc import Iterable

from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.store import Change, Field, Row

PREFIX = "points-"


@frozen
class Watched:
    """What was said of an instance last: stale or fresh, and the number of that event."""

    instance: str
    name: str
    stale: bool = False
    sequence: int = 0
    etag: str = ""

    @property
    def key(self) -> str:
        return key_of(self.instance)

    @property
    def id(self) -> str:
        """The id of its notices, used in place of a restore's id."""
        return f"{row_keys.short(_vault(self.instance))}-{self.key}"

    def change(self) -> Change:
        """Its save, guarded by the row as it was read."""
        fields: dict[str, Field] = {"instance": self.instance, "name": self.name}
        fields |= {"stale": self.stale, "sequence": self.sequence}
        return Change("update" if self.etag else "insert", self.key, fields, self.etag)


def key_of(instance: str) -> str:
    """The key of an instance's row."""
    return PREFIX + row_keys.short(instance, 16)


def watched(row: Row) -> Watched:
    """How an instance stands, by its row."""
    number = int(str(row.fields.get("sequence", 0)))
    return Watched(row.text("instance"), row.text("name"), bool(row.fields.get("stale")), number, row.etag)


def all_stale(rows: Iterable[Row]) -> list[Watched]:
    """Those that were said to be stale, and not yet to be fresh again."""
    return [found for found in map(watched, rows) if found.stale]


def _vault(instance: str) -> str:
    return instance.rsplit("/", 2)[0]
