"""The stores that a contract is held to: memory, and a table of the session's Azurite."""

import random
import ssl
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
    from shared.storage.table_store import TableStore
    from shared.wire.connection_string import table_service
    from shared.wire.http import Http

    azurite = request.getfixturevalue("azurite")
    name = "contract" + "".join(random.choices(string.ascii_lowercase, k=12))  # noqa: S311
    http = Http(ssl.create_default_context)
    yield TableStore(table_service(http, azurite.connection_string), name)
    http.close()
