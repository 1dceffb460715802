// Loaded into an Azurite that stands for Azure under load. Azure keeps a table ordered by its two keys, so that a point or
// a range costs the same however large the table is. Azurite looks at every row of the partition for a point and at
// every row of the table for a range. This keeps an order beside Azurite's rows and hands it those that can match; it
// still judges each by its own filter, and all that it answers is its own.
"use strict";
const path = require("node:path");
const PLACE = path.join(__dirname, "node_modules/azurite/dist/src/table/persistence/LokiTableMetadataStore.js");
const Store = require(PLACE).default;
const TEXT = "'((?:[^']|'')*)'";
const RANGE = new RegExp(`^PartitionKey eq ${TEXT} and RowKey ge ${TEXT} and RowKey lt ${TEXT}$`);

class Keys {
  // The rows of one table by partition: a sorted list of keys and the row of each.
  constructor(rows) {
    this.partitions = new Map();
    for (const row of rows) this.put(row);
  }

  static first(keys, key) {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keys[middle] < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  put(row) {
    let own = this.partitions.get(row.PartitionKey);
    if (!own) this.partitions.set(row.PartitionKey, (own = { keys: [], rows: new Map() }));
    if (!own.rows.has(row.RowKey)) own.keys.splice(Keys.first(own.keys, row.RowKey), 0, row.RowKey);
    own.rows.set(row.RowKey, row);
  }

  drop(row) {
    const own = this.partitions.get(row.PartitionKey);
    if (own?.rows.delete(row.RowKey)) own.keys.splice(Keys.first(own.keys, row.RowKey), 1);
  }

  point(partition, key) {
    return this.partitions.get(partition)?.rows.get(key) ?? null;
  }

  range(partition, start, stop) {
    const own = this.partitions.get(partition);
    if (!own) return [];
    return own.keys.slice(Keys.first(own.keys, start), Keys.first(own.keys, stop)).map((key) => own.rows.get(key));
  }
}

// What Azurite uses of a Loki result set.
class Rows {
  constructor(rows) {
    this.rows = rows;
  }
  where(holds) {
    return new Rows(this.rows.filter(holds));
  }
  sort(order) {
    return new Rows([...this.rows].sort(order));
  }
  limit(most) {
    return new Rows(this.rows.slice(0, most));
  }
  data() {
    return this.rows;
  }
}

let filter; // of the list that is asked for just now

function keyed(rows) {
  const keys = new Keys(rows.data);
  const { insert, update, remove, findOne, chain } = rows;
  rows.insert = (row) => (keys.put(row), insert.call(rows, row));
  rows.update = (row) => (keys.put(row), update.call(rows, row));
  rows.remove = (row) => (keys.drop(row), remove.call(rows, row));
  rows.findOne = (asked) => {
    const { PartitionKey, RowKey, ...more } = asked;
    const point = typeof PartitionKey === "string" && typeof RowKey === "string" && !Object.keys(more).length;
    return point ? keys.point(PartitionKey, RowKey) : findOne.call(rows, asked);
  };
  rows.chain = (...given) => {
    const found = RANGE.exec(filter ?? "");
    return found ? new Rows(keys.range(...found.slice(1).map((t) => t.replaceAll("''", "'")))) : chain.apply(rows, given);
  };
  rows.keyed = true;
  return rows;
}

const { getEntityCollection, queryTableEntities } = Store.prototype;
Store.prototype.getEntityCollection = function (...given) {
  const rows = getEntityCollection.apply(this, given);
  return rows.keyed ? rows : keyed(rows);
};
Store.prototype.queryTableEntities = function (context, account, table, options, ...more) {
  filter = options.filter; // Azurite reads the rows before it waits for anything
  try {
    return queryTableEntities.call(this, context, account, table, options, ...more);
  } finally {
    filter = undefined;
  }
};
