"""What the contract says of each route beside its shape: its tag, what it does, a sample body. Pure."""

from typing import Any

from shared.frozen import frozen

TAGS = {
    "restores": "Ask for restores, follow them, and act on them.",
    "instances": "What can be restored, and from when.",
    "tickets": "Webhooks of ticket systems.",
    "desk": "The desk itself: health, the stop switch, channels, dead letters, the contract.",
}
_ACT: dict[str, Any] = {"by": "ada@contoso.com", "reason": "the drill moved to Friday"}


@frozen
class RouteText:
    """One route's words."""

    tag: str
    about: str
    sample: dict[str, Any] | None = None


TEXTS = {
    "request_restore": RouteText(
        "restores",
        "Checks the request against its model and desk.toml and saves it as a restore. The answer says where to follow "
        "it. The same idempotency key with the same request gives the same restore.",
    ),
    "list_restores": RouteText(
        "restores", "The open restores, the oldest first; with vault or instance and since the closed ones too."
    ),
    "get_restore": RouteText(
        "restores",
        "Everything known of one restore: phase, recovery point, target, timeline, job, error with what to do next, "
        "attempts, and its notices with their delivery.",
    ),
    "withdraw_restore": RouteText(
        "restores", "Takes a restore back that was not submitted to Azure. Afterwards it is 409 with what is possible.",
        _ACT,
    ),
    "restore_again": RouteText(
        "restores", "Asks once more for a restore that failed, was refused or withdrawn, from the same recovery point.",
        {**_ACT, "reason": "the container can be reached now"},
    ),
    "resolve_restore": RouteText(
        "restores",
        "Says what became of a restore that is lost or overdue: adopt its job, let it be sent anew, or close it.",
        {**_ACT, "reason": "seen in the vault", "resolution": "adopt", "jobId": "b54a1f2c-0000-4000-8000-000000000001"},
    ),
    "resend_notice": RouteText("restores", "Sends one notice once more, to the channel it is for.", _ACT),
    "keep_container": RouteText(
        "restores",
        "Keeps the container of a closed restore longer. Possible while it is kept or due; afterwards it is 409.",
        {**_ACT, "reason": "an audit needs the dumps", "hours": 48},
    ),
    "clean_container": RouteText(
        "restores", "Has the container of a closed restore deleted by the next sweep.", {**_ACT, "reason": "loaded"}
    ),
    "verify_restore": RouteText(
        "restores",
        "Has a loader read the delivered files again, at a level of your choice, with the databases and checks of "
        "desk.toml as they are now. Possible while the container is kept or due, one at a time.",
        {**_ACT, "reason": "checks were added", "level": "decoded"},
    ),
    "get_verification": RouteText(
        "restores",
        "How the verification of the delivered files stands, and what they hold: databases, versions, tables, rows, "
        "sizes, checksums.",
    ),
    "list_instances": RouteText(
        "instances",
        "What desk.toml names, in its order and in pages: server, newest recovery point and its age, targets, who has "
        "the turn. The rows show what the ledger has and make no call to Azure; the sweep reads each instance's points "
        "once a day.",
    ),
    "list_recovery_points": RouteText("instances", "The recovery points of an instance, with tier and age."),
    "take_ticket": RouteText(
        "tickets",
        "Takes the webhook of a ticket system whose signature is right. A signed event never gets another 4xx: a "
        "refusal is a restore of its own, and its reason goes back as a comment on the ticket.",
        {"issue": {"key": "OPS-42", "fields": {"summary": "Restore pg-prod-01"}}},
    ),
    "list_dead_letters": RouteText("desk", "Requests that could not be read, and notices that could not be delivered."),
    "pause_desk": RouteText("desk", "Nothing is submitted to Azure until resume. Running restores are watched on.",
                            {**_ACT, "reason": "maintenance of the network"}),
    "resume_desk": RouteText("desk", "Ends the pause.", {**_ACT, "reason": "maintenance is over"}),
    "check_channel": RouteText("desk", "Sends a sample notice to a channel and gives the channel's own answer.",
                               {**_ACT, "reason": "no notice came"}),
    "openapi": RouteText("desk", "This document, generated from the models that the desk itself uses."),
    "health": RouteText(
        "desk",
        "Without a key: ok or down. With the health key: storage, token, desk.toml, age of sweep and outbox, version.",
    ),
}  # fmt: skip


def camel(name: str) -> str:
    """`request_restore` → `requestRestore`: generators of C# split at an underscore."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
