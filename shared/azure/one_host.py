"""The one host that may see the ARM token: a link is taken apart, compared, and built anew on ARM's address. Pure."""

from urllib.parse import SplitResult, quote, urljoin, urlsplit

from shared.frozen import frozen

DEFAULT_PORTS = {"https": 443, "http": 80}
AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"  # what a URL may hold beside letters, digits, "-", "." and "_" (RFC 3986)


@frozen
class Link:
    """A whole URL on ARM's own host."""

    url: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


def link_on(endpoint: str, link: str) -> Link | None:
    """A path or link as the URL to call; None if it cannot be read or leads elsewhere. Whatever a reader of URLs may
    make of `link`, the scheme, host and port are the endpoint's own text."""
    try:
        said, own = urlsplit(link), urlsplit(endpoint)
        parts = urlsplit(urljoin(f"{endpoint.rstrip('/')}/", link))
        readable = not any(c < " " or c in "\x7f\\" for c in link) and bool(said.netloc or not said.scheme)
        if not readable or _origin(parts) != _origin(own) or "@" in parts.netloc:
            return None
        asked = f"?{quote(parts.query, AS_IT_IS)}" if parts.query else ""
        return Link(f"{own.scheme}://{own.netloc}{quote(parts.path, AS_IT_IS) or '/'}{asked}")
    except ValueError:
        return None


def _origin(url: SplitResult) -> tuple[str, str, int | None]:
    """Scheme, host and effective port; ValueError where there is none."""
    return url.scheme, (url.hostname or "").lower(), url.port or DEFAULT_PORTS.get(url.scheme)
