"""The stores that a contract is held to: memory, and a table of the session's Azurite."""

import random
import string
from collections.abc import Iterator

import pytest

from local.stack.memory import MemoryStore
from shared.storage.store import Store


@pytest.fixture(params=["memory", pytest.param("table", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    from azure.data.tables import TableClient

    from shared.storage.table_store import TableStore

    azurite = request.getfixturevalue("azurite")
    name = "contract" + "".join(random.choices(string.ascii_lowercase, k=12))  # noqa: S311
    with TableClient.from_connection_string(azurite.connection_string, name, retry_total=1) as client:
        yield TableStore(client)
