"""The daily look at the accounts of desk.toml: what the desk did not make there is reported, and never deleted."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shared.aftercare.rows import Rows
from shared.aftercare.states import State
from shared.azure.port import Azure, BlobContainer, Rejected
from shared.config.desk_file import Desk
from shared.config.target_entries import FilesEntry
from shared.domain.pace import Pace
from shared.domain.problems import Ours, Trouble, Unreadable
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.account_looks import AccountLook
from shared.storage.container_rows import OWNER
from shared.storage.shared_state import Board

AZURES_OWN = frozenset({"$logs", "$blobchangefeed"})  # Azure makes them itself where logs or the change feed are on
_NAME = re.compile(r"rd-([a-z0-9]{8}-[0-9a-z]{26})-([1-9][0-9]*)")


@frozen
class Strangers:
    """One list a day and account; each ten minutes while there is something to mend."""

    rows: Rows
    board: Board
    azure: Azure
    read_desk: Callable[[], Desk]
    now: Callable[[], datetime]
    pace: Pace

    def run(self) -> None:
        """Looks at each account of desk.toml that is due. An account that cannot be read does not delay the others."""
        try:
            accounts = sorted(accounts_of(self.read_desk()))
        except Ours:
            return
        for account in accounts:
            last = self.board.account_look(account)
            if last is None or (self.now() - last.at).total_seconds() >= self._pause(last):
                self.board.keep_look(self._look(account, last))

    def _pause(self, last: AccountLook) -> float:
        return self.pace.containers_look if last.clean else self.pace.containers_mend

    def _look(self, account: str, last: AccountLook | None) -> AccountLook:
        found = last or AccountLook(account, self.now())
        found = replace(found, at=self.now(), trouble="")
        try:
            strangers, orphans = self._sorted(account)
            days = self.azure.soft_delete_days(account)
        except (Trouble, Rejected) as why:
            return replace(found, trouble=str(why))
        return replace(found, strangers=strangers, orphans=orphans, soft_delete_days=days)

    def _sorted(self, account: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of containers that are not the desk's, and of those whose restore its ledger does not have."""
        strangers, orphans = list[str](), list[str]()
        for one in self.azure.containers(account):
            restore_id = marked(one)
            if restore_id is None:
                strangers += [] if one.name in AZURES_OWN else [one.name]
            elif not self._known(restore_id, one.name):
                orphans.append(one.name)
        return tuple(strangers), tuple(orphans)

    def _known(self, restore_id: str, name: str) -> bool:
        try:
            restore, row = self.rows.ledger.load(restore_id), self.rows.of(restore_id)
        except Unreadable:
            return True  # a newer release's: not ours to judge
        own = restore.own_container if restore else None
        if own is None or own.name != name or own.taken:
            return False
        return row is None or row.state != State.GONE


def marked(container: BlobContainer) -> str | None:
    """The restore that name and metadata both name, or None: it is not the desk's."""
    match = _NAME.fullmatch(container.name)
    if not match or container.metadata.get(OWNER) != match[1] or not row_keys.is_id(match[1]):
        return None
    return match[1]


def accounts_of(desk: Desk) -> set[str]:
    """The accounts in which the desk makes containers."""
    return {entry.account for entry in desk.targets.values() if isinstance(entry, FilesEntry) and entry.account}


def closed_targets(desk: Desk, board: Board) -> dict[str, str]:
    """The targets in whose account no container is made, and why, by their place in desk.toml."""
    found: dict[str, str] = {}
    for name, entry in desk.targets.items():
        look = board.account_look(entry.account) if isinstance(entry, FilesEntry) and entry.account else None
        if look and look.strangers:
            found[f"targets.{name}"] = shared_with(look)
    return found


def shared_with(look: AccountLook) -> str:
    """What is wrong with an account, in words."""
    return f"{look.account.rsplit('/', 1)[-1]} holds containers that are not the desk's: {', '.join(look.strangers)}"
