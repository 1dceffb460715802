"""The client of ARM: who it says it is, and what it never does."""

import httpx
import pytest

from shared.azure.arm_client import arm_client
from shared.domain.version import VERSION
from tests.kits.raw_server import raw_server, whole


@pytest.mark.parametrize("keep_alive", [True, False])
def test_each_client_says_who_it_is_and_follows_no_redirect(keep_alive: bool) -> None:
    with arm_client("https://management.azure.com", httpx.Auth(), 60, keep_alive) as client:
        assert client.headers["user-agent"] == f"restore-desk/{VERSION}"
        assert client.headers["accept-encoding"] == "gzip"
        assert (client.follow_redirects, client.trust_env) == (False, False)
        assert client.timeout == httpx.Timeout(connect=10, read=30, write=10, pool=10)
        assert str(client.base_url) == "https://management.azure.com"


@pytest.mark.parametrize(("keep_alive", "connections"), [(True, 1), (False, 3)])
def test_without_keep_alive_each_call_has_a_connection_of_its_own(keep_alive: bool, connections: int) -> None:
    """A stale one would put a POST in doubt."""
    with raw_server(whole(b"{}")) as server, arm_client(server.url, httpx.Auth(), 30, keep_alive) as client:
        for _ in range(3):
            client.get("/x").read()
        assert server.connections == connections
