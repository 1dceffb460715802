"""Counts rows in what `pg_restore --data-only` prints: a table's own COPY statement, then lines up to `\\.`. Pure."""

from collections import Counter
from collections.abc import Iterable

END = b"\n\\.\n"


class RowCounter:
    """Takes the output piece by piece, in pieces of any size; `rows` has a count for each COPY statement.

    A statement counts only where a line begins with it and it is one of the archive's own: text inside other
    statements is not taken for one. In COPY data a backslash is doubled, so `\\.` alone on a line is the end.
    """

    def __init__(self, statements: Iterable[bytes]) -> None:
        self.rows: Counter[bytes] = Counter()
        self.unfinished = False  # inside a table's rows when the output ended
        self._statements = {b"\n" + statement.rstrip(b"\n") + b"\n": statement for statement in statements if statement}
        self._longest = max(map(len, self._statements), default=0)
        self._current: bytes | None = None
        self._rest = b"\n"  # what is not decided yet; a line may begin with the output itself

    def feed(self, piece: bytes) -> None:
        if not self._statements:
            return
        buffer = self._rest + piece
        at = 0
        while True:
            at, decided = self._rows(buffer, at) if self._current is not None else self._statement(buffer, at)
            if not decided:
                break
        self._rest = buffer[at:]

    def finish(self) -> None:
        """The output's end."""
        self.unfinished = self._current is not None

    def _rows(self, buffer: bytes, at: int) -> tuple[int, bool]:
        """Counts up to the end of the rows; without one, all lines but the last three bytes, which may begin it.

        `at` stands on the line feed before the first row, so that an empty table ends like any other.
        """
        assert self._current is not None
        end = buffer.find(END, at)
        if end >= 0:
            self.rows[self._current] += buffer.count(b"\n", at, end)
            self._current = None
            return end + len(END) - 1, True
        safe = max(at, len(buffer) - len(END) + 1)
        self.rows[self._current] += buffer.count(b"\n", at, safe)
        return safe, False

    def _statement(self, buffer: bytes, at: int) -> tuple[int, bool]:
        """Finds the next known statement; keeps what may be the beginning of one."""
        while (found := buffer.find(b"\nCOPY ", at)) >= 0:
            known = self._known(buffer, found)
            if known is None and len(buffer) - found < self._longest:
                return found, False
            if known is not None:
                self._current = self._statements[known]
                self.rows[self._current] += 0
                return found + len(known) - 1, True
            at = found + 1
        return max(at, len(buffer) - len(b"\nCOPY ") + 1), False

    def _known(self, buffer: bytes, at: int) -> bytes | None:
        """The statement that stands at `at`; every one ends with ` FROM stdin;` and a line feed."""
        end = at
        while (end := buffer.find(b"FROM stdin;\n", end)) >= 0 and end - at <= self._longest:
            end += len(b"FROM stdin;\n")
            if (candidate := buffer[at:end]) in self._statements:
                return candidate
        return None
