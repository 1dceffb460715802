"""One round over the rows that are due: each is handled once, in a given time; a bad row does not stop the others."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from shared.domain.problems import Trouble, Unreadable
from shared.storage.store import Conflict, Row

log = logging.getLogger("desk")
BUDGET = 60.0  # seconds of one round; what is left is for the next one
type Due = Callable[[str], Iterator[Row]]  # a vault → its lines whose time has come
type Look = Callable[[Row], bool]  # True where it came to something


def run_due(what: str, vaults: Iterable[str], due: Due, look: Look, budget: float = BUDGET) -> int:
    """How many looks came to something; `what` they are at, in words for the log."""
    done, end = 0, time.monotonic() + budget
    for vault in vaults:
        for line in list(due(vault)):
            if time.monotonic() > end:
                return done
            try:
                done += look(line)
            except Conflict:
                continue  # somebody else moved it
            except (Trouble, Unreadable) as why:
                log.warning("the %s of %s was not looked at: %s", what, line.text("restore"), why)
    return done
