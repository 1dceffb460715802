"""Where the reading of a vault's list of jobs begins, what that costs, and when it is worth its calls. Pure.

The list is oldest first and shows 14 days, backups with them: a vault of 100 instances backed up daily has 14 pages
before the first job that can still change. Azure's link to a later page is kept and used again, as long as Azure takes
it; whatever a list does not show is asked for by a GET, so a link that leads too far costs calls and nothing else.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.values import iso, utc
from shared.frozen import frozen
from shared.storage.store import Field, Row

ENOUGH = 5  # jobs from which on a list of unknown length is tried
INVESTED = 4  # pages a job, then: the next lists begin at the end
LONGEST_LINK = 16_000  # characters that a column takes for sure
REFUSED_FOR = timedelta(days=1)


@frozen
class ListStart:
    """`pages`: from `link` (empty: from the first page) to the end, as last read; 0 if that was never read."""

    link: str = ""
    pages: int = 0
    longer_than: int = 0  # pages that were read in vain: the end did not come
    refused_at: str = ""  # when Azure took no kept link

    def most(self, jobs: int) -> int:
        """How many pages may be read for so many jobs; 0 where a GET for each is cheaper."""
        if self.pages:
            return max(self.pages + 2, INVESTED * jobs) if self.pages < jobs else 0
        return INVESTED * jobs if jobs >= ENOUGH and INVESTED * jobs > self.longer_than else 0

    def cost(self, jobs: int) -> float:
        """Calls that a look takes for each of so many jobs."""
        return min(1.0, max(self.pages, 1) / max(jobs, 1))

    def read(self, links: tuple[str, ...], begin: int, now: datetime) -> "ListStart":
        """After a list was read to its end: it shows the oldest running job on page `begin` of these pages' links."""
        link = links[begin]
        kept = len(link) <= LONGEST_LINK and not self._refused(now)
        refused = self.refused_at if self._refused(now) else ""
        return ListStart(link, len(links) - begin, 0, refused) if kept else ListStart("", len(links), 0, refused)

    def refused(self, now: datetime) -> "ListStart":
        """Azure refused the stored link: for a day every list begins at the first page."""
        return ListStart(refused_at=iso(now))

    def gave_up(self, pages: int) -> "ListStart":
        """The list is longer than was worth reading."""
        return replace(self, pages=0, link="", longer_than=pages)

    def _refused(self, now: datetime) -> bool:
        return bool(self.refused_at) and now - utc(self.refused_at) < REFUSED_FOR

    def fields(self) -> Mapping[str, Field]:
        """Its columns in the vault's watch row."""
        found: dict[str, Field] = {"link": self.link, "pages": self.pages, "longerThan": self.longer_than}
        return {**found, "refusedAt": self.refused_at}


def read_start(watch: Row | None) -> ListStart:
    """What the watch row keeps; a row of an older release keeps nothing."""
    if watch is None:
        return ListStart()
    pages, longer = watch.text("pages"), watch.text("longerThan")
    return ListStart(watch.text("link"), int(pages or 0), int(longer or 0), watch.text("refusedAt"))
