"""HTTP calls with one deadline for the whole call, and a limit for how much of the answer is read.

httpx's own time-outs are per read: a peer that sends a byte every few seconds is never timed out by them. Here each
wait on the socket gets no more than what is left of the call's deadline.
"""

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def _until(seconds: float) -> Iterator[None]:
    before = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(before)


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    """What a wait may take: its own time-out, or less where the deadline comes sooner."""
    end = _deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise error("the call's deadline passed")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose waits end at the deadline of the call that uses it."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens connections whose waits end at the deadline."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


def bounded_transport(limits: httpx.Limits | None = None, verify: ssl.SSLContext | bool = True) -> httpx.HTTPTransport:
    """The transport of a client whose calls are made with `bounded`. No .netrc and no proxy of the environment."""
    made = httpx.HTTPTransport(verify=verify, trust_env=False, limits=limits or httpx.Limits(max_connections=40))
    pool = made._pool  # httpx has no parameter for httpcore's network backend
    pool._network_backend = _Backend(pool._network_backend)
    return made


def bounded(
    client: httpx.Client, method: str, url: httpx.URL | str, seconds: float, most: int, **more: Any
) -> tuple[httpx.Response, bool]:
    """The answer to one call, and whether its body is whole: of a longer one the first `most` bytes are kept, unpacked.
    The call takes `seconds` at the most, from the connection to the last byte; httpx.TimeoutException where it would
    take longer."""
    with _until(seconds), client.stream(method, url, **more) as answer:
        body, whole = _read(answer, most)
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in _OF_THE_WIRE]
    made = httpx.Response(answer.status_code, headers=headers, content=body, request=answer.request)
    return made, whole


_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")


def _read(answer: httpx.Response, most: int) -> tuple[bytes, bool]:
    if answer.is_stream_consumed:  # a transport that gives whole answers
        return answer.content[:most], len(answer.content) <= most
    unpack = _unpacker(answer.headers.get("content-encoding", ""))
    body = bytearray()
    for piece in answer.iter_raw():
        body += unpack(piece, most + 1 - len(body))
        if len(body) > most:
            return bytes(body[:most]), False
    return bytes(body), True


def _unpacker(encoding: str) -> Any:
    """Unpacks no more than it is asked for: a small answer may be packed from gigabytes."""
    if encoding.strip().lower() in ("", "identity"):
        return lambda piece, most: piece[:most]
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise httpx.DecodingError("the answer is packed in a way that was not asked for")
    packed = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def unpack(piece: bytes, most: int) -> bytes:
        try:
            return packed.decompress(piece, most)
        except zlib.error as error:
            raise httpx.DecodingError("the answer cannot be unpacked") from error

    return unpack
