"""Loads a folder's dumps and checks them, as the level `loaded` does."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from loader.loaded import Limits, verify_loaded
from loader.messages import Check
from loader.programs import Programs
from loader.sources import Folder
from loader.verdict import Verdict
from local.postgres.programs import programs
from tests.loader.kit import quiet


def check(name: str, database: str, sql: str) -> Check:
    return Check(name=name, database=database, sql=sql)


SHOP = [
    check("rows", "shop", "select count(*) = 2000 from sales.orders"),
    check("row-security", "shop", "select count(*) = 100 from sales.customers -- all, though only app_ro may read"),
    check("refreshed", "shop", "select sum(orders) = 2000 from sales.orders_each;"),
]


def loaded(
    folder: Path,
    checks: Sequence[Check] = (),
    limits: Limits | None = None,
    clients: Mapping[int, Programs] | None = None,
) -> Verdict:
    return verify_loaded(Folder(folder), [], checks, clients or programs(), limits or Limits(), quiet)
