"""The HTTP routes for restores: each takes a call, makes its one act, and answers.

What only some of them need is imported by these: the first POST of a worker waits for every import.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from shared.api.http import Answer, Call, json_answer, read_model
from shared.api.views import restore_view
from shared.domain.problems import Problem, Trouble
from shared.domain.request import parse_json
from shared.domain.restore import Restore
from shared.domain.text import plain, whole
from shared.frozen import frozen
from shared.notices.outbox import notices_in
from shared.storage import row_keys
from shared.storage.queue_messages import wake_message
from shared.telemetry import tell
from shared.workflow.intake import Accepted, Caller, Intake
from shared.workflow.ports import Parts

if TYPE_CHECKING:
    from shared.workflow.operator_acts import Act, Acts

PRINCIPAL = ("x-ms-client-principal-name", "x-ms-client-principal-id")  # set by the platform where it signs in


@frozen
class Api:
    """The routes under /api/restores."""

    parts: Parts
    intake: Intake
    acts: Acts
    principals: bool

    def post_restore(self, call: Call) -> Answer:
        """POST /api/restores: 202 and the restore; 200 for a repeat of the same key."""
        value = parse_json(call.body)
        caller = Caller("http", idempotency_key(value, call), self._principal(call))
        return self._accepted(self.intake.take(value, caller))

    def _accepted(self, accepted: Accepted) -> Answer:
        restore = accepted.restore
        if accepted.created:
            with contextlib.suppress(Trouble):  # the row is enough: the sweep finds it
                self.parts.send(wake_message(restore), 0)
        location = f"/api/restores/{restore.id}"
        headers = {"Location": location, "Retry_After": str(max(1, round(self.parts.pace.poll_default)))}
        if not accepted.created:
            return json_answer(200, self.view(restore), **headers)
        # what was just written need not be read again: intake is as quick as the table takes it
        shown = restore_view(restore, notices_in(accepted.notices), self.parts.now())
        return json_answer(202, shown, **headers)

    def _principal(self, call: Call) -> str | None:
        """Who calls, by the platform's sign-in: a person's name; of an application without one its object id."""
        said = (call.headers.get(name, "") for name in PRINCIPAL) if self.principals else ()
        return next((found[:200] for found in map(plain, said) if found), None)

    def view(self, restore: Restore, parts: Parts | None = None) -> dict[str, Any]:
        """`parts`: where its rows are read, if not in the table itself."""
        parts = parts or self.parts
        notices, now, ledger = parts.outbox.of_restore(restore.id), parts.now(), parts.ledger
        if not (restore.own_container and restore.closed):
            return restore_view(restore, notices, now)
        from shared.aftercare.rows import Rows
        from shared.aftercare.verifications import Verifications

        rows = Rows(ledger).of(restore.id), Verifications(ledger).of(restore.id)
        return restore_view(restore, notices, now, *rows)

    def found(self, call: Call) -> Restore:
        restore_id = call.path.get("id", "")
        restore = self.parts.ledger.load(restore_id) if row_keys.is_id(restore_id) else None
        if restore is None:
            from shared.workflow.operator_acts import not_found

            raise not_found(restore_id)
        return restore

    def get_restore(self, call: Call) -> Answer:
        """GET /api/restores/{id}"""
        restore = self.found(call)
        waits = {} if restore.closed else {"Retry_After": str(max(1, round(self.parts.pace.poll_default)))}
        return json_answer(200, self.view(restore), **waits)

    def by[A: Act](self, model: type[A], call: Call) -> A:
        """An act; who the platform knows the caller to be stands beside who it says it is, also if both are one:
        anybody may say a name."""
        act, who = read_model(model, call.body), self._principal(call)
        return act.model_copy(update={"by": f"{act.by} (authenticated as {who})"}) if who else act

    def withdraw(self, call: Call) -> Answer:
        """POST /api/restores/{id}/withdraw"""
        from shared.workflow.operator_acts import Act

        return json_answer(200, self.view(self.acts.withdraw(self.found(call), self.by(Act, call))))

    def again(self, call: Call) -> Answer:
        """POST /api/restores/{id}/again: a new restore from the same point."""
        from shared.workflow.operator_acts import Again

        key = idempotency_key(parse_json(call.body), call)
        act = read_model(Again, call.body).model_copy(update={"idempotency_key": key})
        return self._accepted(self.acts.again(self.found(call), act, self._principal(call)))

    def resolve(self, call: Call) -> Answer:
        """POST /api/restores/{id}/resolve: what a person found out about a lost restore."""
        from shared.workflow.operator_acts import Resolution

        return json_answer(200, self.view(self.acts.resolve(self.found(call), self.by(Resolution, call))))

    def resend(self, call: Call) -> Answer:
        """POST /api/restores/{id}/notices/{n}/resend"""
        from shared.workflow.operator_acts import Act

        restore, act = self.found(call), self.by(Act, call)
        notices = self.parts.outbox.of_restore(restore.id)
        number = whole(call.path.get("n", ""), len(notices))
        if number is None:
            raise Problem(404, "No such notice", f"{restore.id} has the notices 1 to {len(notices)}", "n")
        self.acts.resend(notices[number - 1])
        tell("act", restore=restore.id, act="resend", notice=number, by=act.by, reason=act.reason)
        return json_answer(202, self.view(restore))

    def list_restores(self, call: Call) -> Answer:
        """GET /api/restores: the open ones; closed ones too since a moment; one by its key."""
        from shared.api.listing import Listing

        return Listing(self.parts, self.view).answer(call)


def idempotency_key(value: dict[str, Any], call: Call) -> str | None:
    """The key of the body or of the header; two different ones are a contradiction (400)."""
    said, header = value.get("idempotencyKey"), call.headers.get("idempotency-key")
    header = header.strip().strip('"') if header is not None else None
    if said is not None and header is not None and said != header:
        words = (
            f"the body says {str(said)[:60]!r}, the header Idempotency-Key {header[:60]!r}; give one, or the same twice"
        )
        raise Problem(400, "Two different idempotency keys", words, "idempotencyKey")
    if header is not None and (not 0 < len(header) <= 255 or not header.isprintable()):
        raise Problem(
            400, "The Idempotency-Key cannot be used", "1 to 255 printable characters are due", "idempotencyKey"
        )
    return said if isinstance(said, str) else header or None
