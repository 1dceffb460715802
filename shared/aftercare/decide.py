"""Whether a container may be deleted: its row, its restore and Azure's own answer must all agree. Pure."""

from collections.abc import Mapping
from datetime import datetime

from shared.aftercare.states import State
from shared.domain.restore import Restore
from shared.frozen import frozen
from shared.storage.container_rows import OWNER, ContainerRow


@frozen
class Delete:
    """It is ours and due: delete it."""


@frozen
class Absent:
    """There is nothing to delete."""


@frozen
class Refuse:
    """It must not be deleted; `why` is for a person."""

    why: str


Decision = Delete | Absent | Refuse


def decide(row: ContainerRow, restore: Restore | None, found: Mapping[str, str] | None, now: datetime) -> Decision:
    """`found`: the metadata of the container of that name as Azure shows it; None if there is none."""
    fault = fault_of_books(row, restore, now)
    if fault:
        return Refuse(fault)
    if found is None or (restore and restore.own_container and restore.own_container.taken):
        return Absent()
    if found.get(OWNER) == row.restore:
        return Delete()
    if restore and restore.own_container and not restore.own_container.made:
        return Absent()  # the name was taken by somebody else: the desk made nothing
    return Refuse(f"the metadata of {row.name} does not say that it is this restore's; it is left alone")


def fault_of_books(row: ContainerRow, restore: Restore | None, now: datetime) -> str | None:
    """What the ledger itself has against a DELETE."""
    own = restore.own_container if restore else None
    account = restore.plan.account if restore and restore.plan else None
    if restore is None or own is None or account is None or restore.id != row.restore:
        return f"no restore of the ledger says that it made {row.name}; it is left alone"
    if row.name != own.name or own.name != f"rd-{restore.id}-{own.attempt}":
        return f"{row.name} is not the name of this restore's container; it is left alone"
    if row.account.lower() != account.lower():
        return f"{row.name} lies in another account than this restore's; it is left alone"
    if not restore.closed:
        return f"{restore.id} is not closed; its container is left alone"
    if row.state != State.DELETING or row.until > now:
        return f"{row.name} is not due; it is left alone"
    return None
