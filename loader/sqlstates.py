"""Decides from one error of a server's log whether the backup is bad or something on our side lacks. Pure."""

import re
from dataclasses import dataclass

LOG_LINE_PREFIX = "|%e|%p|%u|%d|"
LINE = re.compile(r"\|(?P<code>[0-9A-Z]{5})\|(?P<process>\d+)\|(?P<user>\w*)\|[^|]*\|(?P<level>[A-Z]+):  (?P<text>.*)")
INVALID_PARAMETER = "22023"  # also what a missing collation or an unknown setting gives
CHECK_VIOLATION = "23514"
DISK_FULL = "53100"
NO_SPACE = "No space left on device"  # as programs and messages without a code say it
# What rows that did not arrive break, too: foreign keys, and checks whose functions read other tables.
MAY_FOLLOW = frozenset({"23503", CHECK_VIOLATION})
MEANINGS = {
    "0A000": "not supported by this server",
    "25006": "the server is read-only",
    "42501": "not allowed for a role without special rights",
    "42704": "an object that this server lacks",
    "42883": "a function or operator that this server lacks",
    "42703": "a column that this server lacks",
    "42P01": "a table or view that this server lacks",
    "58P01": "a file that this server lacks",
    DISK_FULL: "the disk is full",
    "57014": "it took too long",
}


@dataclass(frozen=True)
class LoggedError:
    """One error of the server's log; `statement` is the text that raised it, where the log has it."""

    code: str
    message: str
    user: str
    statement: str = ""

    @property
    def described(self) -> str:
        """One line for people: `42883 (a function or operator that this server lacks): …, in CREATE VIEW public.v`."""
        meaning = f" ({MEANINGS[self.code]})" if self.code in MEANINGS else ""
        where = f", in {self.object}" if self.statement else ""
        return f"{self.code}{meaning}: {self.message}{where}"

    @property
    def object(self) -> str:
        """The beginning of the statement, which names the object."""
        return " ".join(re.split(r"[\n(]", self.statement, maxsplit=1)[0].split())[:120]


def errors(log: str, user: str) -> list[LoggedError]:
    """The errors that one role's statements raised, in order, and those of the server's own processes for which the
    disk was too small. A message's other lines are indented: none is forged."""
    found: list[tuple[str, LoggedError]] = []
    current = ""  # what the indented lines belong to: "error", "statement", or neither
    for line in log.splitlines():
        start = LINE.match(line)
        if not start:
            if line.startswith("\t") and found and current:
                process, error = found[-1]
                found[-1] = (process, _longer(error, current, line[1:]))
            continue
        current = ""
        if start["user"] != user and not (start["code"] == DISK_FULL and not start["user"]):
            continue
        if start["level"] in ("ERROR", "FATAL", "PANIC"):
            found.append((start["process"], LoggedError(start["code"], start["text"], start["user"])))
            current = "message"
        elif start["level"] == "STATEMENT" and found and found[-1][0] == start["process"]:
            found[-1] = (start["process"], _longer(found[-1][1], "statement", start["text"]))
            current = "statement"
    return [error for _, error in found]


def _longer(error: LoggedError, part: str, text: str) -> LoggedError:
    if part == "statement":
        return LoggedError(error.code, error.message, error.user, f"{error.statement}\n{text}".strip()[:4000])
    return LoggedError(error.code, f"{error.message} {text.strip()}"[:1000], error.user, error.statement)


def is_the_backups(error: LoggedError, *, same_locale: bool = True) -> bool:
    """True if the data itself is wrong: bad values in COPY data, rows that break the constraints they come with."""
    in_copy = error.statement.lstrip().upper().startswith("COPY")
    if error.code == INVALID_PARAMETER and not in_copy:
        return False
    if error.code == CHECK_VIOLATION and not same_locale:
        return False
    return error.code[:2] in ("22", "23")
