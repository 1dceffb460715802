"""Splits a plain SQL dump into statements, COPY blocks and psql commands, without holding it in memory. Pure.

The dump is read line by line. A statement ends at a semicolon outside quotes, comments, parentheses and
`BEGIN ATOMIC … END` bodies, as in psql. Nothing here runs a psql command; the reader of the parts refuses them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

COPY_FROM_STDIN = re.compile(rb"\s*COPY\s.*\sFROM\s+stdin\b", re.IGNORECASE | re.DOTALL)
SQL_BODY = re.compile(rb"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b", re.IGNORECASE)
MAX_STATEMENT_BYTES = 1 << 30  # PostgreSQL's own limit for a query
# What changes the reader's state; all other text is skipped.
TOKENS = re.compile(
    rb"""(?P<quote>['"]) | (?P<dollar>\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$) | (?P<line>--) | (?P<block>/\*)
    | (?P<open>\() | (?P<close>\)) | (?P<end>;) | (?P<word>[A-Za-z_\x80-\xff][\w$\x80-\xff]*)""",
    re.VERBOSE,
)


class ScriptError(Exception):
    """The text ends inside a statement or is not a dump."""


@dataclass(frozen=True)
class Statement:
    """One SQL statement, without its semicolon; `line` counts from 1."""

    text: bytes
    line: int


@dataclass(frozen=True)
class CopyLine:
    """One row of the COPY block whose Statement came last, with its newline."""

    data: bytes


@dataclass(frozen=True)
class CopyEnd:
    """The end of a COPY block."""


@dataclass(frozen=True)
class MetaCommand:
    r"""A psql command: a line that begins with a backslash where a statement could begin, `\restrict x`."""

    text: bytes
    line: int


Part = Statement | CopyLine | CopyEnd | MetaCommand


def parts(lines: Iterable[bytes]) -> Iterator[Part]:
    """The parts of a dump in order; `lines` keep their newlines. Raises ScriptError."""
    reader, numbered = _Reader(), enumerate(lines, 1)
    for number, line in numbered:
        for part in reader.feed(line, number):
            yield part
            if isinstance(part, Statement) and is_copy(part.text):
                yield from _copy_block(numbered)
    if reader.unfinished:
        raise ScriptError(f"the file ends inside the statement that begins in line {reader.begun}")


def is_copy(statement: bytes) -> bool:
    """Whether rows follow the statement."""
    return COPY_FROM_STDIN.match(statement) is not None


def _copy_block(numbered: Iterator[tuple[int, bytes]]) -> Iterator[Part]:
    for _, line in numbered:
        if line in (b"\\.\n", b"\\.\r\n", b"\\."):
            yield CopyEnd()
            return
        yield CopyLine(line)
    raise ScriptError("the file ends inside a table's rows")


def statements(text: bytes) -> Iterator[Statement]:
    """The statements of a text without COPY blocks; psql commands are passed over. Raises ScriptError."""
    return (part for part in parts(text.splitlines(keepends=True)) if isinstance(part, Statement))


class _Reader:
    """Where in the SQL the next byte is: in a quote, a comment, parentheses, a function's body."""

    def __init__(self) -> None:
        self.begun = 0  # the line in which the open statement begins
        self._text = bytearray()
        self._closing: bytes = b""  # what ends the open quote or comment
        self._escapes = False  # whether a backslash escapes in the open quote
        self._comments = 0  # block comments nest
        self._depth = self._bodies = 0
        self._word_before = b""

    @property
    def unfinished(self) -> bool:
        return bool(self._closing or self._text.strip())

    def feed(self, line: bytes, number: int) -> Iterator[Part]:
        if not self.unfinished and line.startswith(b"\\"):
            yield MetaCommand(line.strip(), number)
            return
        at = 0
        while at < len(line):
            at, ended = self._step(line, at, number)
            if ended:
                yield Statement(bytes(self._text).strip(), self.begun)
                self._text.clear()
                self._depth = self._bodies = 0
        if len(self._text) > MAX_STATEMENT_BYTES:
            raise ScriptError(f"the statement that begins in line {self.begun} is longer than PostgreSQL takes")

    def _step(self, line: bytes, at: int, number: int) -> tuple[int, bool]:
        """Reads to the next change of state: the position after it, and whether a statement ended there."""
        if self._closing:
            return self._inside(line, at), False
        token = TOKENS.search(line, at)
        end = token.end() if token else len(line)
        kind = token.lastgroup if token else None
        before = line[at : token.start()] if token else line[at:]
        if kind == "line":
            self._keep(before, number)
            return len(line), False
        if kind == "end" and not self._depth and not self._bodies:
            self._keep(before, number)
            return end, bool(self._text.strip())
        self._keep(before if kind == "block" else line[at:end], number)
        if token and kind:
            self._turn(kind, token[0], line[: token.start()])
        return end, False

    def _keep(self, text: bytes, number: int) -> None:
        if not self._text.strip() and text.strip():
            self._text.clear()
            self.begun = number
        self._text += text

    def _turn(self, kind: str, token: bytes, before: bytes) -> None:
        """What a token outside quotes and comments changes."""
        if kind == "quote":
            self._closing = token
            self._escapes = token == b"'" and re.search(rb"(?<![\w$\x80-\xff])[eE]$", before) is not None
        elif kind == "dollar":
            self._closing = token
        elif kind == "block":
            self._closing, self._comments = b"*/", 1
        elif kind == "open":
            self._depth += 1
        elif kind == "close":
            self._depth = max(0, self._depth - 1)
        elif kind == "word":
            self._word(token.upper())

    def _word(self, word: bytes) -> None:
        """`BEGIN ATOMIC` bodies hold semicolons; CASE has an END of its own."""
        previous, self._word_before = self._word_before, word
        begins = word == b"ATOMIC" and previous == b"BEGIN" and SQL_BODY.match(self._text)
        if begins or (word == b"CASE" and self._bodies):
            self._bodies += 1
        elif word == b"END" and self._bodies:
            self._bodies -= 1

    def _inside(self, line: bytes, at: int) -> int:
        """Reads on in a quote or comment; comments are left out of the statement."""
        if self._comments:
            token = re.compile(rb"/\*|\*/").search(line, at)
            if not token:
                return len(line)
            self._comments += 1 if token[0] == b"/*" else -1
            if not self._comments:
                self._closing = b""
            return token.end()
        end = self._quote_end(line, at)
        self._text += line[at:end]
        return end

    def _quote_end(self, line: bytes, at: int) -> int:
        closing = re.escape(self._closing)
        pattern = b"|".join([rb"\\."] * self._escapes + [closing * 2] * (len(self._closing) == 1) + [closing])
        for token in re.compile(pattern, re.DOTALL).finditer(line, at):
            if token[0] == self._closing:
                self._closing, self._escapes = b"", False
                return token.end()
        return len(line)
