"""The one host that may see the ARM token: links are built whole, then scheme, host and port are compared."""

import httpx

DEFAULT_PORTS = {"https": 443, "http": 80}
type Origin = tuple[str, bytes, int | None]


def origin(url: httpx.URL) -> Origin:
    """Scheme, host and effective port of a whole URL."""
    return url.scheme, url.raw_host, url.port or DEFAULT_PORTS.get(url.scheme)


def same_origin(url: httpx.URL, endpoint: httpx.URL) -> bool:
    """Whether a whole URL leads to the endpoint itself; a user name in it is no part of any link of Azure's."""
    return origin(url) == origin(endpoint) and not url.userinfo


def link_on(endpoint: httpx.URL, link: str) -> httpx.URL | None:
    """A path or link as the whole URL that will be dialled; None if it cannot be read or leads elsewhere."""
    try:
        url = endpoint.join(link)
        return url if same_origin(url, endpoint) else None
    except (httpx.InvalidURL, ValueError):
        return None
