"""The daily look at the accounts of desk.toml: containers that the ledger does not know are reported, never deleted."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.aftercare.decide import OWNER
from shared.aftercare.rows import Rows
from shared.azure.port import Azure, BlobContainer, Rejected
from shared.config.desk_file import Desk, FilesEntry
from shared.domain.problems import Ours, Trouble, Unreadable
from shared.storage import row_keys
from shared.storage.shared_state import Board

EVERY = timedelta(days=1)
PULSE = "containers"
SHOWN = 10
_NAME = re.compile(r"rd-([a-z0-9]{8}-[0-9a-z]{26})-([1-9][0-9]*)")


@dataclass(frozen=True)
class Strangers:
    """One list a day and account."""

    rows: Rows
    board: Board
    azure: Azure
    read_desk: Callable[[], Desk]
    now: Callable[[], datetime]

    def run(self) -> None:
        now, last = self.now(), self.board.pulse(PULSE)
        if last and now - last < EVERY:
            return
        try:
            accounts = accounts_of(self.read_desk())
        except Ours:
            return
        words = [word for account in sorted(accounts) for word in self._account(account)]
        if accounts or last:
            self.board.beat(PULSE, now, found=len(words), words="; ".join(words[:SHOWN]))

    def _account(self, account: str) -> list[str]:
        name = account.rsplit("/", 1)[-1]
        try:
            return [f"{name}/{one.name}" for one in self.azure.containers(account) if not self._known(one)]
        except (Trouble, Rejected) as why:
            return [f"{name} could not be listed ({why})"[:500]]

    def _known(self, container: BlobContainer) -> bool:
        match = _NAME.fullmatch(container.name)
        if not match or container.metadata.get(OWNER) != match[1] or not row_keys.is_id(match[1]):
            return False
        try:
            restore = self.rows.ledger.load(match[1])
        except Unreadable:
            return True  # a newer release's: not ours to judge
        row = self.rows.of(match[1])
        own = restore.own_container if restore else None
        return own is not None and own.name == container.name and (row is None or row.state != "gone")


def accounts_of(desk: Desk) -> set[str]:
    """The accounts in which the desk makes containers."""
    return {entry.account for entry in desk.targets.values() if isinstance(entry, FilesEntry) and entry.account}
