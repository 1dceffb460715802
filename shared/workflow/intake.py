"""The way in: a request becomes a saved restore, once per key; what cannot be taken is a refused row."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.config.desk_file import Desk
from shared.config.policy import Decision, decide_for_any
from shared.config.rights import askers
from shared.domain.problems import Problem, Trouble, forbidden, invalid
from shared.domain.request import PointAtOrBefore, RestoreRequest, canonical_hash, parse_request
from shared.domain.restore import Entry, Phase, Restore, refusal
from shared.domain.text import claims_proof, clean, unsigned, untagged
from shared.domain.values import utc
from shared.frozen import frozen
from shared.notices.announced import Announced
from shared.notices.routing import may_write
from shared.storage import row_keys
from shared.storage.dead_letters import dead_request
from shared.storage.idempotency import REFUSED, TRIES, Keys, others
from shared.storage.store import Change
from shared.telemetry import audit
from shared.workflow.announce import announce
from shared.workflow.ports import Parts

log = logging.getLogger("desk")


@frozen
class Caller:
    """Who asks, by which way, under which key, and where answers go back beside the usual channels."""

    source: str
    key: str | None = None
    authenticated_as: str | None = None
    reply: str | None = None
    again_of: str | None = None
    chain: str | None = None
    delivery: str | None = None
    roles: tuple[str, ...] = ()


@frozen
class Accepted:
    """The restore, and whether this call saved it."""

    restore: Restore
    created: bool
    notices: tuple[Change, ...] = ()  # written with a created one


class Intake:
    """Takes requests from every source alike."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.keys = Keys(parts.ledger, parts.now, parts.pace.claim_grace)

    def take(self, value: dict[str, Any], caller: Caller) -> Accepted:
        """Checks a request against its model and desk.toml and saves it. Raises Problem: nothing was saved. Raises
        Ours: desk.toml is invalid."""
        value = untagged(value)
        request = parse_request(value)
        desk = self.parts.read_desk()
        if caller.key:
            found = self.keys.known(caller.source, caller.key, canonical_hash(value), caller.authenticated_as)
            if found:
                return Accepted(found, False)
        self._not_in_the_future(request)
        if claims_proof(request.requested_by or ""):
            raise invalid("requestedBy", "may not say who is authenticated: the desk adds that itself")
        _may_comment(request, caller, desk)
        decision = decide_for_any(request, askers(desk, caller.source, caller.roles), desk, self.parts.ground)
        return self._put(self._restore(value, request, decision, caller), canonical_hash(value))

    def _not_in_the_future(self, request: RestoreRequest) -> None:
        """A moment to come is a slip (a wrong year or zone): the latest point would be a guess."""
        wanted = request.recovery_point
        if not isinstance(wanted, PointAtOrBefore):
            return
        now = self.parts.now()
        if utc(wanted.at_or_before) > now + timedelta(seconds=self.parts.pace.skew):
            words = f"{wanted.at_or_before} is in the future: the time at the desk is {now:%Y-%m-%dT%H:%M:%SZ}"
            raise invalid("recoveryPoint.atOrBefore", f'{words}; send "latest" or a time that is past')

    def _restore(self, value: dict[str, Any], request: RestoreRequest, decision: Decision, caller: Caller) -> Restore:
        now = self.parts.now()
        vault = decision.vault.text
        extra = [name for name in (caller.reply, request.callback) if name]
        ticket = _without_secrets(request.ticket.model_dump(exclude_none=True)) if request.ticket else None
        return Restore(
            id=row_keys.new_id(vault, now, self.parts.random_bytes()),
            phase=Phase.ACCEPTED,
            vault=vault,
            instance=decision.instance.text,
            instance_name=decision.name,
            source=caller.source,
            judged_by="0.2",
            key=caller.key,
            asked=_without_secrets({name: part for name, part in value.items() if name != "idempotencyKey"}),
            plan=decision.plan,
            verification=decision.verification,
            requested_by=unsigned(request.requested_by) if request.requested_by else None,
            authenticated_as=caller.authenticated_as,
            roles=caller.roles,
            reason=unsigned(request.reason) if request.reason else request.reason,
            ticket=ticket,
            channels=tuple(dict.fromkeys(extra)),
            dry_run=request.dry_run,
            cross_region=request.cross_region,
            again_of=caller.again_of,
            chain=caller.chain,
            delivery=caller.delivery,
            accepted_at=now,
            due=now,
            timeline=(Entry(at=now, what="accepted", note=f"by {caller.source}"),),
        )

    def _put(self, restore: Restore, request_hash: str, quiet: bool = False) -> Accepted:
        """Key, vault, then restore with open row and notices; a crash between leaves a key that the next call fills."""
        for _ in range(TRIES if restore.key else 1):
            named = restore
            if restore.key:
                named = restore.model_copy(update={"id": self.keys.claim(restore, request_hash, self._fresh(restore))})
            told = Announced(named, ()) if quiet else announce(self.parts, None, named)
            more = [dead_request(told.restore, restore.accepted_at)] if restore.phase is Phase.REFUSED else []
            created = self._accepted(told.restore, [*told.notices, *more])
            if created:
                audit(None, created, None)
                return Accepted(created, True, told.notices)
            # without a key the id is ours alone: a conflict is our own insert, whose answer the table's client lost
            found = self.parts.ledger.load(named.id)
            if found and not others(found.authenticated_as, restore.authenticated_as):
                return Accepted(found, not restore.key)
        raise Trouble("the ledger did not keep the request")

    def _fresh(self, restore: Restore) -> Callable[[], str]:
        return lambda: row_keys.new_id(restore.vault, self.parts.now(), self.parts.random_bytes())

    def _accepted(self, restore: Restore, more: list[Change]) -> Restore | None:
        """None if it is there already: by another's hand, or by our own save, whose answer was lost."""
        try:
            return self.parts.ledger.accept(restore, more)
        except Trouble:
            if self.parts.ledger.load(restore.id) is None:
                raise
            return None

    def refuse(self, said: dict[str, Any], problem: Problem, caller: Caller, note: str | None = "") -> Accepted:
        """If nobody reads an answer, the refusal is a row with its notice; told once per key, request and reason.
        `note` is added to the words of the notice; None: the row and its dead letter say it, and no notice does."""
        now, words = self.parts.now(), unsigned(clean(str(problem)[:1900])) + (note or "")
        asked = {name: _cut(said[name]) for name in READABLE if name in said}
        restore = Restore(
            id=row_keys.new_id(None, now, self.parts.random_bytes()),
            phase=Phase.REFUSED,
            vault="",
            instance=str(asked.get("instance", "")),
            source=caller.source,
            key=caller.key,
            authenticated_as=caller.authenticated_as,
            asked=asked,
            requested_by=_name(asked.get("requestedBy")),
            reason=_text(asked.get("reason")),
            ticket=_ticket(asked.get("ticket")),
            channels=(caller.reply,) if caller.reply else (),
            accepted_at=now,
            due=now,
            closed_at=now,
            error=refusal("RequestRefused", words[:2000]),
            timeline=(Entry(at=now, what="refused", note=words[:500]),),
        )
        if caller.key:  # a scope of its own: the key itself may stand for another, good request
            what = canonical_hash({"said": said, "why": str(problem)})
            restore = restore.model_copy(update={"key": f"refused\n{what}\n{caller.key}"})
        refused = self._put(restore, REFUSED, quiet=note is None)
        if caller.key:  # who looks for the key finds what became of it
            self.keys.first_claim(refused.restore, f"refused\n{caller.key}", REFUSED)
        return refused


PROSE = ("reason", "requestedBy", "url")
READABLE = ("instance", "target", "recoveryPoint", "requestedBy", "reason", "ticket", "dryRun", "database")


def _may_comment(request: RestoreRequest, caller: Caller, desk: Desk) -> None:
    """A callback writes with the desk's own user: into tickets that its `refs` cover, not into any that is named."""
    name = request.callback
    ways = askers(desk, caller.source, caller.roles)
    if name is None or name not in desk.channels or not any(name in way.callbacks for way in ways):
        return
    ticket = request.ticket.model_dump(exclude_none=True) if request.ticket else None
    if ticket and not may_write(desk, name, ticket, caller.source):
        raise forbidden("ticket.ref", f"{name} may not write to this ticket: its `refs` in desk.toml do not cover it")


def _without_secrets(said: dict[str, Any]) -> dict[str, Any]:
    """People paste links and passwords into what they write; the ledger, notices and logs do not keep them."""
    kept = {name: unsigned(part) if name in PROSE and isinstance(part, str) else part for name, part in said.items()}
    ticket = kept.get("ticket")
    return {**kept, "ticket": _without_secrets(ticket)} if isinstance(ticket, dict) else kept


def _cut(value: Any) -> Any:
    """What could be read of a field, short: a refused request may hold anything."""
    if isinstance(value, str):
        return unsigned(clean(value[:2000]))[:300]
    if isinstance(value, dict):
        return {str(name)[:60]: _cut(part) for name, part in list(value.items())[:10] if isinstance(part, str | int)}
    return value if isinstance(value, int | float | bool) else None


def _name(value: Any) -> str | None:
    return None if claims_proof(str(value)) else _text(value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _ticket(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    return {name: str(part) for name, part in value.items() if name in ("system", "id", "ref", "url")} or None
