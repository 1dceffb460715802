"""Answers of loaders from `restore-verdicts`: checked, then one step of the verification that they are for."""

import hmac
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.aftercare.verification_messages import Answer
from shared.aftercare.verification_messages import Result as Said
from shared.aftercare.verification_states import OF_VERDICT, Act, after
from shared.aftercare.verify import Verify
from shared.domain.problems import Trouble, Unreadable
from shared.domain.text import unsigned
from shared.domain.verification import Result, Verification
from shared.frozen import frozen
from shared.storage import row_keys
from shared.storage.queue_messages import decoded
from shared.storage.store import Conflict
from shared.telemetry import tell

log = logging.getLogger("desk")
TRIES = 5  # of a step that others may have come before


@frozen
class Verdicts:
    """What the queue's function and its poison queue's function call. `send` puts an answer back, to come later."""

    verify: Verify
    send: Callable[[str, float], None]

    def message(self, raw: bytes) -> None:
        """One answer: taken, dropped with a line in the log, or put off where the ledger does not answer."""
        try:
            answer = Answer.read(raw)
        except Unreadable as why:
            tell("verdict", logging.WARNING, dropped=str(why))
            return
        try:
            self._take(answer)
        except (Trouble, Conflict) as trouble:
            log.warning("an answer about %s is put off: %s", answer.verification, trouble)
            self.send(decoded(raw).decode(), self.verify.pace.hold_message)
        except Unreadable as error:
            log.error("row left alone %s", error)

    def poison(self, raw: bytes) -> None:
        """An answer that crashed the desk again and again: tried once more, because a later release may know better."""
        tell("poison", logging.ERROR, queue="restore-verdicts")
        self.message(raw)

    def _take(self, answer: Answer) -> None:
        for last in (*(False,) * (TRIES - 1), True):
            try:
                why = self._step(answer)
                break
            except Conflict:
                if last:
                    raise
        if why:
            level = logging.WARNING if "nonce" in why else logging.INFO
            restore = answer.verification if row_keys.is_id(answer.verification) else None
            tell("verdict", level, restore=restore, number=answer.number, kind=answer.kind, dropped=why)

    def _step(self, answer: Answer) -> str:
        """Why the answer changes nothing; empty if it did."""
        row = self.verify.rows.of(answer.verification) if row_keys.is_id(answer.verification) else None
        why = _foreign(row, answer)
        if row is None or why:
            return why
        if answer.result is None:
            return self._started(row)
        act = OF_VERDICT[answer.result.verdict]
        if after(row.state, act) is None:
            return f"it is {row.state} already"
        self.verify.end(row, act, result=_kept(answer.result))
        return ""

    def _started(self, row: Verification) -> str:
        if after(row.state, Act.START) is None:
            return f"it is {row.state} already"
        now = self.verify.now()
        look = now + timedelta(seconds=self.verify.pace.verify_look)
        self.verify.rows.move(row, Act.START, started_at=now, taken=row.taken + 1, look=look)
        return ""


def _foreign(row: Verification | None, answer: Answer) -> str:
    """Why an answer is not for this verification; empty if it is."""
    if row is None:
        return "the ledger has no such verification"
    if row.number != answer.number:
        return f"it is of another number than {row.number}"
    if not row.nonce or not hmac.compare_digest(row.nonce, answer.nonce):
        return "its nonce is not this number's"
    if answer.result and answer.result.level != row.level:
        return f"it is of another level than {row.level}"
    return ""


def _kept(said: Said) -> Result:
    """It came from outside: what may be a signed URL is cut out of every text."""
    return Result.model_validate(_unsigned(said.model_dump(by_alias=True)))


def _unsigned(value: Any) -> Any:
    if isinstance(value, str):
        return unsigned(value)
    if isinstance(value, dict):
        return {name: _unsigned(part) for name, part in value.items()}
    return [_unsigned(part) for part in value] if isinstance(value, list | tuple) else value
