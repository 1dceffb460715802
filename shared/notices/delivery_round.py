"""What one round of delivery has done so far: which channels want rest, and how much each was sent."""

from collections import Counter
from dataclasses import dataclass, field

from shared.notices.channels.registry import KINDS
from shared.notices.messages import TryAgain, Verdict

FAILS_IN_A_ROW = 3


@dataclass
class DeliveryRound:
    """What one round has done so far: channels that want rest, and how much each was sent; shared by its vaults."""

    quiet: set[str] = field(default_factory=set)
    sent: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)  # in a row
    said: dict[str, str] = field(default_factory=dict)  # the facts of events that several channels hear of

    def answered(self, name: str, answer: Verdict) -> None:
        """Notes a channel's answer. After one failure only that message waits. A channel that asks for rest, or fails
        several times in a row, gets no more messages in this round."""
        if not isinstance(answer, TryAgain):
            self.failed[name] = 0
            return
        self.failed[name] += 1
        if answer.rest or answer.after_seconds is not None or self.failed[name] >= FAILS_IN_A_ROW:
            self.quiet.add(name)

    def resting(self, name: str, kind: str) -> bool:
        """Whether a channel is left alone for the rest of the round."""
        return name in self.quiet or self.sent[name] >= KINDS[kind].most_a_round
