"""The client of ARM: who it says it is, and what it never does."""

import httpx
import pytest

from shared.azure.arm_client import arm_client
from shared.domain.version import VERSION


@pytest.mark.parametrize("keep_alive", [True, False])
def test_each_client_says_who_it_is_and_follows_no_redirect(keep_alive: bool) -> None:
    with arm_client("https://management.azure.com", httpx.Auth(), 60, keep_alive) as client:
        assert client.headers["user-agent"] == f"restore-desk/{VERSION}"
        assert client.headers["accept-encoding"] == "gzip"
        assert (client.follow_redirects, client.trust_env) == (False, False)
        assert client.timeout == httpx.Timeout(connect=10, read=30, write=10, pool=10)
        assert str(client.base_url) == "https://management.azure.com"
