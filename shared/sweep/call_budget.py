"""How much of Azure's budgets the sweep may use, per subscription, and how that is dealt to the vaults.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling; the Data Protection
service's own budgets (about 100 lists of recovery points, about 200 readings of jobs in a window) are those that its
`x-ms-ratelimit-remaining-*` headers show.
"""

import itertools
from collections import deque
from collections.abc import Iterable
from threading import Lock

from shared.domain.resource_ids import subscription

STARTS = 85  # of 100 lists of points; queue messages start 10 more, five are left for people who look
READS = 180  # of 200 readings of jobs, by list or by GET
DETAILS = 12  # of those: GETs of jobs of which a list told the end already, for sizes and times
LOOKS = 120  # of anything, in a quarter of the window: ARM refills ten writes a second
UNKNOWN = 4  # a vault that was not seen to wait before takes no more than such a part of what is left


class Allowance:
    """Permits at most `most` calls in any `window` seconds, whenever Azure's own window begins."""

    def __init__(self, most: int, window: float) -> None:
        self._most, self._window = most, window
        self._taken: deque[tuple[float, int]] = deque()

    def left(self, now: float) -> int:
        while self._taken and not 0 <= now - self._taken[0][0] < self._window:
            self._taken.popleft()
        return self._most - sum(count for _, count in self._taken)

    def take(self, now: float, count: int = 1) -> bool:
        """Takes that many calls from the budget, if so many are left. A number above the whole budget waits for an
        unused window."""
        if min(count, self._most) > self.left(now):
            return False
        self._taken.append((now, count))
        return True


class Shares:
    """The allowances of every subscription, and who waited for a start when last looked at."""

    def __init__(self, window: float) -> None:
        self._window, self._lock = window, Lock()
        self._allowances: dict[tuple[str, str], Allowance] = {}
        self._waiting: dict[str, int] = {}
        self._dealt: dict[str, int] = {}
        self._served: dict[str, float] = {}
        self._visited: dict[str, int] = {}
        self._denied: set[str] = set()
        self._visits = itertools.count(1)

    def order(self, vaults: Iterable[str]) -> list[str]:
        """Those first whose turn was the longest ago; equals stay as they are."""
        return sorted(vaults, key=lambda vault: self._visited.get(vault, 0))

    def visited(self, vault: str) -> None:
        """A vault that was denied a call keeps its place, before the vaults that got one."""
        with self._lock:
            if vault not in self._denied:
                self._visited[vault] = next(self._visits)
            self._denied.discard(vault)

    def deal(self, vaults: Iterable[str], now: float) -> None:
        """Deals the starts that are left to the vaults that waited, one by one, the least lately served first."""
        with self._lock:
            self._dealt = {}
            waiting = [vault for vault in vaults if self._waiting.get(vault)]
            waiting.sort(key=lambda vault: self._served.get(vault, 0.0))
            left = {sub: self._of("starts", sub).left(now) for sub in {subscription(vault) for vault in waiting}}
            while waiting:
                for vault in waiting:
                    if left[subscription(vault)] > 0:
                        left[subscription(vault)] -= 1
                        self._dealt[vault] = self._dealt.get(vault, 0) + 1
                waiting = [v for v in waiting if left[subscription(v)] > 0 and self._dealt.get(v, 0) < self._waiting[v]]

    def may_start(self, vault: str, waiting: int, now: float) -> int:
        """How many of a vault's waiting restores may start now; they count as started."""
        with self._lock:
            starts, mine = self._of("starts", subscription(vault)), self._dealt.pop(vault, 0)
            spare = (
                starts.left(now)
                - mine
                - sum(count for other, count in self._dealt.items() if subscription(other) == subscription(vault))
            )
            taken = (
                min(waiting, mine + max(0, spare) // UNKNOWN) if mine else min(waiting, -(-max(0, spare) // UNKNOWN))
            )
            if taken:
                starts.take(now, taken)
                self._served[vault] = now
            self._waiting[vault] = waiting - taken
            return taken

    def may_look(self, vault: str, now: float) -> bool:
        """Whether one more restore may be looked at now."""
        return self._take("looks", vault, 1, now)

    def may_read(self, vault: str, now: float) -> bool:
        """Whether one more job may be read now."""
        return self._take("reads", vault, 1, now)

    def may_list(self, vault: str, pages: int, now: float) -> bool:
        """Whether so many pages of the vault's jobs may be read now."""
        return self._take("reads", vault, pages, now)

    def may_ask_details(self, vault: str, now: float) -> bool:
        """Whether the budget permits one more GET of a job that is known to have ended."""
        with self._lock:
            details, reads = (self._of(kind, subscription(vault)) for kind in ("details", "reads"))
            return reads.left(now) > READS // 4 and details.take(now) and reads.take(now)

    def _take(self, kind: str, vault: str, count: int, now: float) -> bool:
        with self._lock:
            taken = self._of(kind, subscription(vault)).take(now, count)
            if not taken:
                self._denied.add(vault)
            return taken

    def _of(self, kind: str, sub: str) -> Allowance:
        if (kind, sub) not in self._allowances:
            most = {"starts": STARTS, "reads": READS, "details": DETAILS, "looks": LOOKS}[kind]
            window = self._window / 4 if kind == "looks" else self._window
            self._allowances[kind, sub] = Allowance(most, window)
        return self._allowances[kind, sub]
