"""The kinds of ticket systems there are, found as the modules of `kinds`; one is imported when it is needed. Pure."""

import importlib
import pkgutil

from shared.config.desk_file import Desk, TicketSource
from shared.domain.problems import no_kind
from shared.tickets import kinds
from shared.tickets.kind import TicketKind

NAMES: tuple[str, ...] = tuple(sorted(one.name for one in pkgutil.iter_modules(kinds.__path__)))


def kind_of(name: str) -> TicketKind:
    """The record of a kind; KeyError if there is no such kind."""
    if name not in NAMES:
        raise KeyError(name)
    found: TicketKind = importlib.import_module(f"{kinds.__name__}.{name}").KIND
    return found


def check_sources(desk: Desk) -> list[str]:
    """What is wrong with the kinds of desk.toml's ticket sources, one line each."""
    return [f"tickets.{name}: {fault}" for name, source in desk.tickets.items() for fault in _faults(source)]


def _faults(source: TicketSource) -> list[str]:
    if source.kind not in NAMES:
        return [no_kind(source.kind, NAMES)]
    if source.auth == "signature" and kind_of(source.kind).signature is None:
        return [f'{source.kind} does not sign its calls: use auth = "header" or "entra"']
    return []
