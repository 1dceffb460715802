"""The ticket systems' way in: verified, mapped, taken; a well-signed event always gets 2xx."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx

from shared.api.http import Answer, Call, json_answer
from shared.config.desk_file import TicketSource
from shared.config.secrets import resolve
from shared.config.settings import Settings
from shared.domain.problems import Ours, Problem, Trouble, Unreadable
from shared.frozen import frozen
from shared.storage.queue_messages import wake_message
from shared.tickets.entra_tokens import MOST_JWKS, Keys
from shared.tickets.event import default_ticket, delivery_of, event_of
from shared.tickets.mapping import Ignored, map_event
from shared.tickets.sender import verify
from shared.tickets.signatures import Unverified
from shared.tickets.unread import is_own, ticket_in
from shared.wire.bounded_http import bounded
from shared.workflow.announce import tell_standing
from shared.workflow.intake import Caller, Intake
from shared.workflow.ports import Parts


def fetch_with(http: httpx.Client) -> Callable[[str], bytes]:
    """A function that fetches a public document by its URL; Trouble if it cannot be fetched."""

    def fetch(url: str) -> bytes:
        try:
            answer, _ = bounded(http, "GET", url, 10.0, MOST_JWKS + 1)
            return answer.raise_for_status().content
        except httpx.HTTPError as error:
            raise Trouble(f"Entra's signing keys could not be fetched ({type(error).__name__})") from error

    return fetch


@frozen
class TicketIn:
    """`POST /api/tickets/{source}`."""

    parts: Parts
    intake: Intake
    settings: Settings
    keys: Keys

    def answer(self, call: Call) -> Answer:
        """401 unsigned; else 202 accepted, or 200 ignored, duplicate or refused, with the reason."""
        name = call.path.get("source", "")
        source = self.parts.read_desk().tickets.get(name)
        if source is None:
            raise Problem(404, "No such ticket source", f"desk.toml has no [tickets.{name[:40]}]", "source")
        try:
            secrets = resolve(source.secret, self.settings.environ) if source.secret else ()
            now, cloud = self.parts.now(), self.settings.cloud
            client = verify(source, secrets, call.headers, call.body, now, self.keys, cloud)
        except Unverified as error:
            raise Problem(401, "The call could not be verified", str(error)) from error
        return self._verified(name, source, call, client)

    def _verified(self, name: str, source: TicketSource, call: Call, client: str | None) -> Answer:
        said: dict[str, Any] = {}
        key = None
        try:
            event = event_of(source, call.headers, call.body)
            key = event["digest"]
            said = {"ticket": default_ticket(source.kind, event["body"])}
            mapped = map_event(name, source, event)
            if isinstance(mapped, Ignored):
                return json_answer(200, {"status": "ignored", "reason": mapped.why})
            said, key = mapped.request, mapped.key
            caller = replace(self._caller(name, source, key, client), delivery=delivery_of(source.kind, call.headers))
            return self._take(said, caller)
        except Unreadable as error:  # 503, for it passes with the next deployment: a 4xx would switch the hook off
            raise Trouble(f"a newer release wrote the restore of this key ({error})") from error
        except Problem as problem:
            if not said and is_own(call.body):  # an answer to it would bring the next one
                return json_answer(200, {"status": "ignored", "reason": "it holds a comment of the desk itself"})
            if not said:  # it could not be read: a comment on its ticket says so, once a day
                said = {"ticket": ticket_in(source.kind, call.body)}
                key = f"unread\n{said['ticket'].get('id', '')}\n{self.parts.now():%Y-%m-%d}"
            refused = self.intake.refuse(said, problem, self._caller(name, source, key, client)).restore
            shown = {"status": "refused", "restore": refused.id, "reason": str(problem), "field": problem.where}
            return json_answer(200, {part: value for part, value in shown.items() if value})

    def _caller(self, name: str, source: TicketSource, key: str | None, client: str | None) -> Caller:
        return Caller(f"tickets/{name}", key, client, source.reply)

    def _take(self, request: dict[str, Any], caller: Caller) -> Answer:
        accepted = self.intake.take(request, caller)
        restore = accepted.restore
        shown = {"restore": restore.id, "phase": restore.phase.value, "path": f"/api/restores/{restore.id}"}
        if not accepted.created:
            with contextlib.suppress(Trouble, Ours):  # the answer says it too
                tell_standing(self.parts, restore, caller)
            return json_answer(200, {"status": "duplicate", **shown})
        with contextlib.suppress(Trouble):  # the row is enough: the sweep finds it
            self.parts.send(wake_message(restore), 0)
        return json_answer(202, {"status": "accepted", **shown}, Location=f"/api/restores/{restore.id}")
