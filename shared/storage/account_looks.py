"""What the daily look found in an account where the desk makes containers, as a row. Pure."""

from datetime import datetime

from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage.store import Field, Row

SHOWN = 10  # names of each kind that are kept
LONGEST = 500  # characters of a trouble


@frozen
class AccountLook:
    """The findings of the last look at a storage account. While it has `strangers` (containers that the desk did not
    make), no container is made there."""

    account: str
    at: datetime
    strangers: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()  # named and marked as the desk's, and unknown to its ledger
    trouble: str = ""  # why the account could not be read; what was known before stands
    soft_delete_days: int | None = None  # so long a deleted container can be brought back; None: not known

    @property
    def clean(self) -> bool:
        return not self.strangers and not self.trouble

    def fields(self) -> dict[str, Field]:
        days = {} if self.soft_delete_days is None else {"softDeleteDays": self.soft_delete_days}
        return {
            "account": self.account,
            "at": iso(self.at),
            "strangers": "\n".join(self.strangers[:SHOWN]),
            "orphans": "\n".join(self.orphans[:SHOWN]),
            "trouble": self.trouble[:LONGEST],
            **days,
        }


def read_look(row: Row) -> AccountLook:
    """A row of the table."""
    days = row.fields.get("softDeleteDays")
    return AccountLook(
        account=row.text("account"),
        at=utc(row.text("at")),
        strangers=tuple(row.text("strangers").splitlines()),
        orphans=tuple(row.text("orphans").splitlines()),
        trouble=row.text("trouble"),
        soft_delete_days=days if isinstance(days, int) else None,
    )
