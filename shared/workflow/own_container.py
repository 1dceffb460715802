"""The container that the desk makes for an attempt: saved in the ledger first, then requested until it is there."""

from collections.abc import Callable
from datetime import timedelta

from shared.azure.port import Rejected
from shared.azure.retryable import passes
from shared.config.plans import container_url
from shared.domain.events import ContainerBegun, ContainerMade, Event, NameTaken, Postponed, Refused
from shared.domain.problems import Trouble
from shared.domain.restore import AzureError, OwnContainer, Phase, Plan, Restore, refusal
from shared.storage.container_rows import OWNER
from shared.workflow.doubt import before_closing
from shared.workflow.ports import Parts
from shared.workflow.validation import still_settling

HOLD = 180.0  # seconds: longer than the calls of one try take together
Save = Callable[[Restore, Event], Restore]


def wanted_by(restore: Restore) -> Plan | None:
    """Its plan, which names an account, where its next step is to make the container of its attempt; else None."""
    begun = restore.phase is Phase.ACCEPTED and (restore.dry_run or restore.turn_at is not None)
    own = restore.own_container
    wanted = begun and (own is None or not own.made or superseded(restore))
    return restore.plan if restore.plan and restore.plan.account and wanted else None


def superseded(restore: Restore) -> OwnContainer | None:
    """The container with which an attempt was made that may have reached Azure: the next one gets its own."""
    own = restore.own_container
    return own if own and any(attempt.number >= own.attempt for attempt in restore.doubtful) else None


def make_container(parts: Parts, restore: Restore, plan: Plan, save: Save) -> Restore:
    """Deletes the container of an earlier attempt, saves the intent, makes the container, saves that it is there."""
    account, current = str(plan.account), restore
    try:
        event = _closed(parts, account)
        if event is None and not taken(restore):
            _delete_earlier(parts, restore, account)
            begun = _begun(parts, restore, plan, account)
            current = save(restore, begun)
            current = save(current, _made(parts, restore.id, begun.own_container, account))
            if not taken(current):
                return current
        event = event or _refused_name(taken(current))
    except Rejected as no:
        event = _refused(parts, current, account, no.error)
    except Trouble as trouble:
        event = _postponed(parts, current, trouble)
    try:
        event = before_closing(parts, current, event) or event
    except Trouble as trouble:
        event = _postponed(parts, current, trouble)
    return save(current, event)


def taken(restore: Restore) -> str:
    """The name of the container of its attempt if that is somebody else's, as its books say; else empty."""
    own = restore.own_container
    return own.name if own and own.taken else ""


def _delete_earlier(parts: Parts, restore: Restore, account: str) -> None:
    """A late job of an earlier attempt has nowhere to write. Only a container that says it is this restore's goes."""
    own = superseded(restore)
    found = parts.azure.container(account, own.name) if own else None
    if found is not None and found.metadata.get(OWNER) == restore.id:
        parts.azure.delete_container(account, found.name)


def _begun(parts: Parts, restore: Restore, plan: Plan, account: str) -> ContainerBegun:
    own = restore.own_container
    if own is None or superseded(restore):
        number = len(restore.attempts) + 1
        own = OwnContainer(name=f"rd-{restore.id}-{number}", attempt=number)
    else:
        own = own.model_copy(update={"tries": own.tries + 1})
    place = {
        "container": container_url(account, own.name, parts.ground),
        "container_id": f"{account}/blobServices/default/containers/{own.name}",
    }
    return ContainerBegun(own, plan.model_copy(update=place), parts.now() + timedelta(seconds=HOLD))


def _made(parts: Parts, restore_id: str, own: OwnContainer, account: str) -> Event:
    found = parts.azure.container(account, own.name)
    if found is not None and (own.tries == 1 or found.metadata.get(OWNER) != restore_id):
        return NameTaken(own.model_copy(update={"taken": True}))
    if found is None and not parts.azure.make_container(account, own.name, {OWNER: restore_id}) and own.tries == 1:
        return NameTaken(own.model_copy(update={"taken": True}))
    return ContainerMade(own.model_copy(update={"made": True}))


def _closed(parts: Parts, account: str) -> Event | None:
    """The right to delete is one for the whole account: no container is made beside somebody else's."""
    look = parts.board.account_look(account)
    if look is None or not look.strangers:
        return None
    words = f"{account} holds containers that are not the desk's: {', '.join(look.strangers)}. Nothing was started."
    advice = "Move them to another account, or name another account in desk.toml; then ask again. The desk looks anew"
    return Refused(refusal("ContainerAccountShared", words, f"{advice} within {parts.pace.containers_mend:.0f} s."))


def _refused_name(name: str) -> Refused:
    words = f"A container {name} is there already, and the desk did not make it. Nothing was started."
    advice = (
        "Find out who made it, then ask again: the next restore has another name. The account is for the desk alone."
    )
    return Refused(refusal("ContainerNameTaken", words, advice))


def _postponed(parts: Parts, restore: Restore, trouble: Trouble) -> Postponed:
    return Postponed(trouble.what, parts.again_at(restore.troubles, trouble.retry_after, parts.pace.shortest_poll))


def _refused(parts: Parts, restore: Restore, account: str, error: AzureError) -> Event:
    """Azure's no to the container, by who must act; what passes or may settle is asked again."""
    if passes(error) or error.code.lower() == "containerbeingdeleted":
        return _postponed(parts, restore, Trouble(f"{error.code}: {error.message}"))
    if note := still_settling(parts, restore, error):
        return _postponed(parts, restore, Trouble(note, parts.pace.rights_poll))
    code, advice = _sorted(error, account)
    return Refused(refusal(code, f"{error.code}: {error.message} Nothing was started.", advice))


def _sorted(error: AzureError, account: str) -> tuple[str, str]:
    """Our code for Azure's no, and what to do."""
    code, words = error.code.lower(), f"{error.code} {error.message}".lower()
    if "policy" in code:
        return "ContainerPolicy", f"Exempt {account} from the policy that the message names, or use a container target."
    if "network" in words or "firewall" in words:
        return (
            "ContainerFirewall",
            f"Let the desk's identity reach {account} through its network rules, then ask again.",
        )
    if "authorization" in code or code == "http403":
        return (
            "ContainerRightMissing",
            f"Give the desk's identity the container keeper role on {account} (docs/security.md).",
        )
    if "notfound" in code:
        return "ContainerAccountNotFound", f"Correct the target's account in desk.toml: {account} was not found."
    return "ContainerRefused", f"Look at {account}: Azure refused to make a container there."
