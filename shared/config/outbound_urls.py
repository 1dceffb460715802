"""Which URLs the desk dials: https to a named host, or one on this machine where a local run permits it. Pure."""

import re
from urllib.parse import urlsplit

from shared.domain.clouds import Cloud
from shared.domain.problems import Ours

RETIRED = (
    "Office connectors (webhook.office.com) are retired: in Teams make a workflow from the template "
    '"Post to a channel when a webhook request is received", and give its URL'
)


def retired(url: str) -> bool:
    """Whether a URL is one of the Office connectors that Microsoft switched off."""
    host, path = _host(url), urlsplit(url).path.lower()
    connector = host in ("outlook.office.com", "outlook.office365.com") and path.startswith("/webhook")
    return connector or host == "webhook.office.com" or host.endswith(".webhook.office.com")


def of_service(what: str, url: str, service: str, cloud: Cloud) -> None:
    """Ours, unless `url` names a host of that Azure service (queue or eventgrid): a token of ours may go there."""
    storage = f"queue.{cloud.storage_suffix}"
    zoned = r"\.z[0-9]{1,2}\.queue\.storage\.azure\.net"
    suffixes = {"queue": storage, "eventgrid": cloud.eventgrid_suffix}
    host, suffix = _host(url), suffixes[service]
    zone = service == "queue" and re.fullmatch(rf"[a-z0-9]{{3,24}}{zoned}", host)
    if not zone and not host.endswith(f".{suffix}"):
        raise Ours(f"{what}: the URL's host must end in .{suffix}: the desk's token is for that service only")


def dialled(what: str, url: str, insecure_loopback: bool = False) -> str:
    """`url`, fit to be dialled, or Ours naming `what` and never the URL, which may be a secret."""
    fault = _fault(url, insecure_loopback)
    if fault:
        raise Ours(f"{what}: {fault}")
    return url.rstrip("/")


def _fault(url: str, insecure_loopback: bool) -> str | None:
    if not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        return "the URL may hold printable ASCII only, and no backslash"
    try:
        parts, host = urlsplit(url), _host(url)
        port = parts.port
    except ValueError:
        return "the URL cannot be read: https://<host>/… is due"
    if insecure_loopback and parts.scheme == "http" and host == "127.0.0.1" and "@" not in parts.netloc:
        return None
    if parts.scheme != "https" or not host or port == 0:
        return "the URL must begin with https:// and name a host"
    if "@" in parts.netloc or parts.fragment:
        return "the URL may hold no user, password or fragment"
    return _fault_of_host(host) or (RETIRED if retired(url) else None)


def _fault_of_host(host: str) -> str | None:
    last = host.rsplit(".", 1)[-1]
    # A last label of digits or 0x… is read as an IPv4 number: https://url.spec.whatwg.org/#ends-in-a-number-checker
    if ":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last):
        return "the URL must name a host, not an IP address"
    if host == "localhost" or host.endswith(".localhost"):
        return "the URL may not lead back to this machine"
    if not re.fullmatch(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*", host):
        return "the URL's host is no host name"
    return None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removesuffix(".").lower()
