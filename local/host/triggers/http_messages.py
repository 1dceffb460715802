"""A request as the host hands it to the worker, and the worker's answer as bytes for the wire. Pure.

As azure-functions-host does it, Grpc/MessageExtensions/GrpcMessageConversionExtensions.cs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote

from local.host.bindings.protos import RpcHttp, RpcHttpCookie, TypedData

# The server frames the answer itself.
_FRAMING = {"content-length", "transfer-encoding", "connection", "keep-alive"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class InvalidAnswer(ValueError):
    """What the function returned cannot be sent."""


def request(
    method: str, url: str, query: str, headers: Iterable[tuple[str, str]], params: Mapping[str, str], body: bytes
) -> TypedData:
    """Names of headers in lower case; repeated ones joined by commas; query parameters without a value left out."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name.lower()] = f"{joined[name.lower()]},{value}" if name.lower() in joined else value
    asked: dict[str, str] = {}
    for name, value in parse_qsl(query):
        asked[name] = f"{asked[name]},{value}" if name in asked else value
    return TypedData(
        http=RpcHttp(method=method, url=url, headers=joined, params=params, query=asked, body=TypedData(bytes=body))
    )


def answer(value: TypedData | None) -> Answer:
    if value is None:
        return Answer(204)
    if value.http is None:
        text = value.string if value.string is not None else value.json
        body = text.encode() if text is not None else value.bytes or b""
        return Answer(200, (("content-type", "text/plain; charset=utf-8"),), body)
    http = value.http
    if not (http.status_code.isdigit() and 200 <= int(http.status_code) <= 599):
        raise InvalidAnswer(f"status code {http.status_code!r} is not between 200 and 599")
    kept = [(name, text) for name, text in http.headers.items() if name.lower() not in _FRAMING]
    cookies = [("set-cookie", _cookie(one)) for one in http.cookies or ()]
    status = int(http.status_code)
    body = http.body.bytes if http.body and http.body.bytes is not None else b""
    return Answer(status, (*kept, *cookies), b"" if status in (204, 304) else body)


def _cookie(cookie: RpcHttpCookie) -> str:
    """In the order ASP.NET Core writes them."""
    parts = [f"{cookie.name}={quote(cookie.value, safe="!#$&'()*+-./:<=>?@[]^_`{|}~")}"]
    if cookie.expires:
        moment = datetime.fromtimestamp(cookie.expires.value.seconds, UTC)
        parts.append(f"expires={format_datetime(moment, usegmt=True)}")
    if cookie.max_age:
        parts.append(f"max-age={cookie.max_age.value:.0f}")
    if cookie.domain and cookie.domain.value:
        parts.append(f"domain={cookie.domain.value}")
    parts.append(f"path={cookie.path.value if cookie.path and cookie.path.value else '/'}")
    if cookie.secure and cookie.secure.value:
        parts.append("secure")
    if cookie.same_site:
        parts.append(f"samesite={cookie.same_site}")
    if cookie.http_only and cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)
