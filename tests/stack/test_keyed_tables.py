"""An Azurite whose tables are ordered by their keys answers as one whose tables are not, and looks at no other row."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.setup.node import NPM_FOLDER, ROOT, find_node
from local.stack.azurite import Azurite
from shared.composition import App
from shared.config.settings import from_environment
from shared.storage.store import Change, Conflict, Field, Store

PARTITIONS = ("v-a", "v-b", "it's")
KEYS = ("done-1", "done-2", "live-1", "live-10", "live-2", "live-é", "it's", "zz")
RANGES = (("live-", "live."), ("", "~"), ("done-", "done-2"), ("it's", "live-1"), ("zz", "a"), ("live-é", "live-ê"))


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with Azurite(tmp_path_factory.mktemp("keyed"), in_memory=True, keyed=True) as running:
        yield running


def store_of(azurite: Azurite) -> Store:
    return App(from_environment({"AzureWebJobsStorage": azurite.connection_string}, ROOT)).store


class Pair:
    """The same acts on two tables; versions differ between them, and nothing else."""

    def __init__(self, stores: list[Store]) -> None:
        self.stores, self.etags = stores, [dict[tuple[str, str], str]() for _ in stores]

    def commit(self, partition: str, acts: list[tuple[str, str, dict[str, Field], bool]]) -> list[str]:
        said = []
        for store, etags in zip(self.stores, self.etags, strict=True):
            changes = [
                Change(verb, key, fields, etags.get((partition, key), 'W/"x"') if guarded else "")  # type: ignore[arg-type]
                for verb, key, fields, guarded in acts
            ]
            try:
                found = store.commit(partition, changes)
            except Conflict:
                said.append("conflict")
                continue
            said.append("done")
            etags.update({(partition, key): etag for key, etag in found.items()})
        return said

    def rows(self, partition: str, start: str, stop: str, limit: int | None) -> list[list[object]]:
        return [[(r.key, dict(r.fields)) for r in s.scan(partition, start, stop, limit)] for s in self.stores]

    def row(self, partition: str, key: str) -> list[object]:
        found = [store.get(partition, key) for store in self.stores]
        return [row and (row.key, dict(row.fields)) for row in found]


def test_it_answers_as_a_plain_one_whatever_is_written_and_asked(azurite: Azurite, keyed: Azurite) -> None:
    drawn = random.Random(20)  # noqa: S311 - no secret
    pair, seen = Pair([store_of(azurite), store_of(keyed)]), set[str]()
    for number in range(250):
        partition = drawn.choice(PARTITIONS) + "-keyed"
        acts: list[tuple[str, str, dict[str, Field], bool]] = [
            (drawn.choice(("insert", "update", "put", "delete")), key, {"n": number, "at": key}, drawn.random() < 0.5)
            for key in drawn.sample(KEYS, drawn.choice((1, 1, 2, 3)))
        ]
        plain, ordered = pair.commit(partition, acts)
        assert plain == ordered, acts
        seen.add(plain)
        for start, stop in RANGES:
            one, other = pair.rows(partition, start, stop, drawn.choice((None, 1, 3)))
            assert one == other
        points = pair.row(partition, drawn.choice(KEYS))
        assert points[0] == points[1]
    assert seen == {"done", "conflict"}


def test_it_lists_more_rows_than_one_answer_holds(azurite: Azurite, keyed: Azurite) -> None:
    pair = Pair([store_of(azurite), store_of(keyed)])
    for first in range(0, 1100, 100):
        pair.commit("v-many", [("insert", f"row-{n:04}", {"n": n}, False) for n in range(first, first + 100)])
    one, other = pair.rows("v-many", "row-", "row.", None)
    assert len(one) == 1100
    assert one == other


AZURITES_STORE = NPM_FOLDER / "node_modules/azurite/dist/src/table/persistence/LokiTableMetadataStore.js"
LOOKS_AT_NO_OTHER = f"""
require({str(NPM_FOLDER / "keyed_tables.cjs")!r});
const Store = require({str(AZURITES_STORE)!r});
const {{Collection}} = require({str(NPM_FOLDER / "node_modules/lokijs")!r});
(async () => {{
  const store = new Store.default("unused", true);
  await store.init();
  const at = new Date().toISOString();
  await store.createTable({{}}, {{account: "a", table: "t", odatametadata: ""}});
  Collection.prototype.findOne = Collection.prototype.chain = () => {{ throw new Error("it looked at every row"); }};
  for (const key of ["1", "2", "3"]) {{
    const row = {{PartitionKey: "p", RowKey: key, properties: {{PartitionKey: "p", RowKey: key}}, eTag: key}};
    await store.insertTableEntity({{}}, "t", "a", {{...row, lastModifiedTime: at}}, "");
  }}
  const point = await store.queryTableEntitiesWithPartitionAndRowKey({{}}, "t", "a", "p", "2", "");
  const filter = "PartitionKey eq 'p' and RowKey ge '2' and RowKey lt '3'";
  const [range] = await store.queryTableEntities({{}}, "a", "t", {{filter, top: 10}});
  process.stdout.write([point.RowKey, ...range.map((row) => row.RowKey)].join());
  await store.queryTableEntities({{}}, "a", "t", {{filter: "RowKey ge '2'", top: 10}});
}})().catch((error) => {{ process.stdout.write(` ${{error.message}}`); process.exit(0); }});
"""


def test_a_point_and_a_range_look_at_no_other_row() -> None:
    """A filter of another shape does: so this sees the difference."""
    node = find_node(ROOT / ".venv")
    assert node
    line = [str(node), "-e", LOOKS_AT_NO_OTHER]
    done = subprocess.run(line, cwd=Path(ROOT), capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.stdout == "2,2 it looked at every row", done.stderr
