"""The one POST that must not happen twice: what is checked before it, what its answer means, and its doubt resolved."""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.azure.port import Doubt, NotSent, Rejected, Taken
from shared.config.policy import decide_for_any
from shared.config.rights import askers
from shared.domain.events import Claimed, Event, Postponed, Refused
from shared.domain.outcomes import Failed, InDoubt, JobStarted, NotSubmitted, SubmissionTaken
from shared.domain.problems import Problem, Trouble
from shared.domain.request import parse_request
from shared.domain.restore import BEFORE_SUBMISSION, Job, Phase, Plan, Restore, refusal, subscription_of
from shared.storage.store import Conflict
from shared.workflow.doubt import before_another_post
from shared.workflow.ports import Parts
from shared.workflow.validation import still_settling

Save = Callable[[Restore, Event], Restore]


def too_late(parts: Parts, restore: Restore) -> Event | None:
    """The deadline before submission, counted from the turn (a dry run's from its acceptance). It stands still while
    the desk is paused or its desk.toml is broken."""
    since = restore.accepted_at if restore.dry_run else restore.turn_at
    if restore.phase not in BEFORE_SUBMISSION or since is None:
        return None
    now, limit = parts.now(), parts.pace.before_submission
    passed = (now - since).total_seconds()
    if passed <= limit or passed - parts.board.stood_still(since, now) <= limit:
        return None
    hours = parts.pace.before_submission / 3600
    why = f" The last trouble: {restore.trouble}." if restore.trouble else ""
    words = f"It could not be submitted within {hours:.3g} hours of its turn; nothing was started.{why}"
    return Refused(refusal("TooLate", words))


def hindrance(parts: Parts, restore: Restore) -> Event | None:
    """A reason not to submit: an earlier attempt, the pause, or the present desk.toml; each is read every time. Slow
    reads (the token, the vault's jobs) come first, so that the pause is read last."""
    parts.azure.ready()
    earlier = before_another_post(parts, restore) if restore.doubtful else None
    if earlier:
        return earlier
    fault = _disallowed(parts, restore)
    pause = parts.board.paused()
    if pause:
        return Postponed(pause.words(), parts.now() + timedelta(seconds=parts.pace.poll_default * 2))
    return Refused(refusal(*fault)) if fault else None


def _disallowed(parts: Parts, restore: Restore) -> tuple[str, str] | None:
    """Why desk.toml, as it is now, does not stand for this restore: code and words."""
    try:
        desk = parts.read_desk()
        who = askers(desk, restore.source, restore.roles, restore.judged_by)
        decision = decide_for_any(parse_request(restore.asked), who, desk, parts.ground)
    except KeyError:
        return "NoLongerAllowed", f"desk.toml no longer has the source {restore.source}; ask another way."
    except Problem as problem:
        return "NoLongerAllowed", f"desk.toml no longer allows it: {problem}"
    if decision.instance.key != restore.instance.lower():
        words = f"desk.toml gives the name {restore.instance_name} to another instance by now; ask once more."
        return "InstanceChanged", words
    if restore.plan and _sent_to(decision.plan) != _sent_to(restore.plan):
        return "TargetChanged", "desk.toml changed its target after it was validated; ask once more."
    return None


def _sent_to(plan: Plan) -> tuple[str, str, str | None, str | None]:
    """Where the data goes, and by whose leave. The container's id counts: it names subscription and resource group;
    one that the desk made lies in the account, and is not in desk.toml."""
    if plan.account:
        return plan.account.lower(), "", plan.secret, plan.identity
    return plan.destination.lower(), (plan.container_id or "").lower(), plan.secret, plan.identity


def submit(parts: Parts, restore: Restore, save: Save) -> Restore:
    """Saves the intent, sends the POST within its window without a retry, and saves the answer. The pause is read
    again right before the first byte is sent."""
    request_id, began, wall = parts.fresh_id(), parts.elapsed(), parts.now()
    hold = parts.pace.submit_window + parts.pace.submit_total
    claimed = _claim(parts, restore, Claimed(request_id, wall + timedelta(seconds=hold)), save)

    def in_time() -> None:
        _not_paused(parts)
        late = max(parts.elapsed() - began, (parts.now() - wall).total_seconds())
        if late > parts.pace.submit_window:
            raise NotSent(f"{late:.0f} s passed between the save and the POST: not sent")

    event, taken = _post(parts, claimed, in_time)
    answered = _answer(parts, claimed, event, save)
    if isinstance(event, NotSubmitted):
        parts.rest_if(event.throttled, subscription_of(restore), event.due)
    job_id = taken.operation.job_id if taken and taken.operation else None
    if job_id and answered.phase is Phase.SUBMITTED:
        due = parts.now() + timedelta(seconds=parts.pace.job_likely)
        return save(answered, JobStarted(Job(id=job_id, status="InProgress"), due))
    return answered


def _not_paused(parts: Parts) -> None:
    """NotSent where an operator paused the desk since `hindrance` was asked, or where that cannot be read."""
    try:
        pause = parts.board.paused()
    except Trouble as trouble:
        raise NotSent(f"whether the desk is paused could not be read ({trouble})") from trouble
    if pause:
        raise NotSent(pause.words(), parts.pace.poll_default * 2)


def _claim(parts: Parts, restore: Restore, claimed: Claimed, save: Save) -> Restore:
    """After a Conflict or no answer the save may still be ours: the request id on the row shows it."""
    try:
        return save(restore, claimed)
    except (Conflict, Trouble):
        found = parts.ledger.load(restore.id)
        if found is None or not _sends(found, claimed.request_id):
            raise
        return found


def _post(parts: Parts, claimed: Restore, in_time: Callable[[], None]) -> tuple[Event, Taken | None]:
    pace = parts.pace
    try:
        taken = parts.azure.submit(claimed, in_time)
    except NotSent as reason:
        again = parts.again_at(claimed.troubles, reason.retry_after)
        return NotSubmitted(reason.why, again, reason.throttled), None
    except Rejected as no:
        if note := still_settling(parts, claimed, no.error, _first_posted(claimed)):
            return NotSubmitted(note, parts.now() + timedelta(seconds=pace.rights_poll)), None
        return Failed(no.error, None), None
    except Doubt as reason:
        return InDoubt(str(reason), parts.now() + timedelta(seconds=pace.reconcile_every / 4)), None
    wait = max(taken.retry_after or 0, pace.operation_likely)
    return SubmissionTaken(taken.tracking, parts.now() + timedelta(seconds=wait)), taken


def _first_posted(claimed: Restore) -> datetime:
    """The time of the first attempt since the validation that stands."""
    valid = claimed.validated_at
    return min(attempt.at for attempt in claimed.attempts if valid is None or attempt.at >= valid)


def _answer(parts: Parts, claimed: Restore, event: Event, save: Save) -> Restore:
    """The answer is saved even if somebody touched the row meanwhile, as long as it is still this attempt's."""
    current = claimed
    for _ in range(5):
        try:
            return save(current, event)
        except (Conflict, Trouble):  # the table may have saved it and its answer been lost
            current = parts.ledger.load(claimed.id) or claimed
            if not _sends(current, claimed.attempts[-1].request_id):
                break
    return current


def _sends(restore: Restore, request_id: str) -> bool:
    """Whether this is the attempt that is being sent."""
    return restore.phase is Phase.SUBMITTING and restore.attempts[-1].request_id == request_id
