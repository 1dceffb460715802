"""A wire that can fail: a TCP relay before each of Azurite's services, which cuts, swallows answers, or is down."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from local.stack.azurite import Azurite

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER of no time: the close is a reset
CHUNK = 64 * 1024


class Link:
    """One relay. `swallow` answers are dropped after their requests took effect; while `down` nobody gets through."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._open: set[asyncio.StreamWriter] = set()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.swallow = 0
        self.swallowed = 0
        self.down = False
        self.heed: Callable[[bytes], None] = lambda chunk: None  # sees what goes to the service, before it gets there

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._relay, sock=self._socket)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            _reset(writer)
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        ends = {writer, back}
        self._open |= ends
        with contextlib.suppress(OSError):
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, back, ends, answers=False))
                both.create_task(self._pump(there, writer, ends, answers=True))
        self._open -= ends
        for end in ends:
            _reset(end)

    async def _pump(
        self, come: asyncio.StreamReader, go: asyncio.StreamWriter, ends: set[asyncio.StreamWriter], *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await come.read(CHUNK):
                if answers and self.swallow > 0:
                    self.swallow -= 1
                    self.swallowed += 1
                    break
                if not answers:
                    self.heed(chunk)
                go.write(chunk)
                await go.drain()
        for end in ends:
            _reset(end)

    def cut(self) -> None:
        """Resets every connection, whatever is on its way. To be called in the loop's thread."""
        for end in list(self._open):
            _reset(end)


def _reset(end: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    end.transport.abort()


class Links:
    """The relays before queue and table, served from a thread."""

    def __init__(self, azurite: Azurite) -> None:
        self.queue, self.table = Link(azurite.ports.queue), Link(azurite.ports.table)
        text = azurite.connection_string.replace(f":{azurite.ports.queue}/", f":{self.queue.port}/")
        self.connection_string = text.replace(f":{azurite.ports.table}/", f":{self.table.port}/")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="links", daemon=True)

    def _serve(self) -> None:
        servers = [self._loop.run_until_complete(link.serve()) for link in (self.queue, self.table)]
        self._loop.run_forever()
        for server in servers:
            server.close()
        for link in (self.queue, self.table):
            link.cut()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left))
        self._loop.close()

    def tell(self, act: Callable[[], None]) -> None:
        """Runs `act` in the thread that serves the link."""
        self._loop.call_soon_threadsafe(act)

    def mend(self) -> None:
        """From now on everything gets through."""
        for link in (self.queue, self.table):
            link.swallow, link.down = 0, False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
