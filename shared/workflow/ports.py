"""What the workflow is handed: the ports to Azure, the ledger, the queue and the clock, as one value."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.config.desk_file import Desk
from shared.config.plans import Ground
from shared.domain.pace import Pace
from shared.frozen import frozen
from shared.notices.outbox import Outbox
from shared.storage.ledger import Ledger
from shared.storage.shared_state import Board

if TYPE_CHECKING:
    from shared.azure.port import Azure  # built with its first call: most requests over HTTP need none


@frozen
class Parts:
    """Everything that does I/O, and the values that decisions stand on."""

    ledger: Ledger
    board: Board
    outbox: Outbox
    azure: Azure
    read_desk: Callable[[], Desk]  # raises Ours while desk.toml is invalid
    send: Callable[[str, float], None]  # a queue message and its delay in seconds
    ground: Ground
    pace: Pace = field(default_factory=Pace)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    elapsed: Callable[[], float] = lambda: 0.0  # a clock that only goes forward
    jitter: Callable[[], float] = random.random
    fresh_id: Callable[[], str] = lambda: str(uuid.uuid4())
    random_bytes: Callable[[], bytes] = lambda: uuid.uuid4().bytes

    def again_at(self, tries: int, retry_after: float | None = None, least: float = 0.0) -> datetime:
        """When Azure is asked again: after its Retry-After, else after a back-off that doubles with each try; not in
        less than `least` seconds."""
        wait = retry_after or self.pace.back_off_for(tries, self.jitter())
        return self.now() + timedelta(seconds=max(wait, least))

    def rest_if(self, throttled: bool, subscription: str, until: datetime) -> None:
        """After a 429 no restore of the subscription calls Azure until then (`Workflow._may_call`)."""
        if throttled:
            self.board.set_quiet(subscription, until)
