"""What to do next: for each state and end of a restore, the steps that a person at 3 a.m. can take. Pure."""

import json
from collections.abc import Callable

from shared.advice import delivered_files, shell_commands, verification
from shared.advice.remedies import remedy
from shared.advice.remedy_case import Case, Steps, vault_options
from shared.advice.repeats import changes, in_our_names
from shared.advice.shell_commands import Step, az, quoted
from shared.domain.restore import AzureError, Phase, Plan, Restore


def next_step(restore: Restore, event: str = "") -> str | None:
    """The next steps, or None if the only thing to do is to wait."""
    return as_text(steps_of(restore, event))


def as_text(steps: Steps) -> str | None:
    """Steps as one text, numbered if there are several; None if there are none."""
    if len(steps) < 2:
        return str(steps[0]) if steps else None
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def steps_of(restore: Restore, event: str = "") -> Steps:
    """The steps of a restore, in order; with `event` those of that event, if it has its own."""
    if event == "cleanupFailed":
        return _cleanup_failed(restore)
    if own := verification.steps(restore, event):
        return own
    if restore.overdue_at and not restore.closed and restore.phase is not Phase.LOST:
        return _overdue(restore)
    found = _BY_PHASE.get(restore.phase)
    return found(restore) if found else ()


def _cleanup_failed(restore: Restore) -> Steps:
    words = "Mend the fault that the warning names; the desk tries again once a day. To make it try at once"
    act = shell_commands.act(restore.id, "cleanup", "<you>", "mended")
    return (Step(f"{words} (POST /api/restores/{restore.id}/cleanup)", (act,)),)


def _again(restore: Restore, words: str = "Then ask again, for the same recovery point") -> Step:
    code = restore.error.code if restore.error else restore.phase.value
    by, reason = restore.requested_by or "", f"again after {code}"
    changed = changes(restore, restore.error) if restore.error else None
    if changed:
        words = f"The same request would fail again. Ask with {', '.join(map(_said, changed.items()))}"
    command = shell_commands.act(restore.id, "again", by, reason, **changed or {})
    return Step(f"{words} (POST /api/restores/{restore.id}/again)", (command,))


def _said(change: tuple[str, object]) -> str:
    return f'"{change[0]}": {json.dumps(change[1])}'


def _failed(restore: Restore) -> Steps:
    error = restore.error or AzureError(stage="request", code="Unknown", message="no reason is known")
    return *remedy(Case(restore, error, restore.plan or Plan(kind="files"))), _again(restore)


def _refused(restore: Restore) -> Steps:
    error = restore.error
    advice = in_our_names(" ".join(error.recommended_action).strip().rstrip(".")) if error else ""
    if not restore.vault:
        taken = error is not None and error.message.startswith("idempotencyKey:")
        key = "with a new key" if taken else "with the same key"
        return (Step(f"{advice or 'Correct what the error names'}; send the corrected request, {key}"),)
    last = "If you have mended that in Azure or in desk.toml, ask again; otherwise send a new request"
    if error and changes(restore, error):
        return (*((Step(advice),) if advice else ()), _again(restore))
    return Step(advice or "Mend what the message names"), _again(restore, last)


def _withdrawn(restore: Restore) -> Steps:
    return (_again(restore, "Nothing was started. If it is needed after all, ask again"),)


def _lost(restore: Restore) -> Steps:
    query = "[?properties.operationCategory!='Backup'].[name,properties.startTime,properties.status]"
    listed = az("dataprotection job list", "-o table", **vault_options(restore.vault), query=query)
    name = restore.instance_name or restore.instance
    by, reason = "<you>", "looked at the jobs of the vault"  # who looked is not who asked
    adopt = shell_commands.act(restore.id, "resolve", by, reason, resolution="adopt", jobId="<job>")
    resubmit = shell_commands.act(restore.id, "resolve", by, reason, resolution="resubmit")
    route = f"POST /api/restores/{restore.id}/resolve"
    return (
        Step(f"Look among the vault's jobs for a restore of {name}", (listed,)),
        Step(f"If there is one, adopt it ({route})", (adopt,)),
        Step('If there is none, submit the restore again, or close it with "resolution": "close"', (resubmit,)),
    )


def _overdue(restore: Restore) -> Steps:
    words = "The restore runs longer than usual. The desk still follows it, and it keeps its turn. Look at Azure's job"
    job = restore.job.id if restore.job else ""
    if not job or restore.cross_region:
        return (Step("The restore runs longer than usual. Look at the vault's jobs; the desk still follows it"),)
    return (Step(words, (az("dataprotection job show", **vault_options(restore.vault), job_id=job),)),)


def _checked(restore: Restore) -> Steps:
    plan = restore.plan or Plan(kind="files")
    case = Case(restore, AzureError(stage="validation", code="", message=""), plan)
    scope = case.scope if plan.container else case.server
    role = "Storage Blob Data Contributor on the container" if plan.container else "Reader on the target server"
    held = az(
        "role assignment list",
        "--include-inherited",
        assignee=shell_commands.THE_ID,
        scope=scope,
        query="[].roleDefinitionName",
    )
    doubt = "Validation cannot prove that the vault's identity may write there: only the restore itself tries"
    return (
        Step(f"Azure found nothing wrong. {doubt}. It needs {role}; it has", (case.identity, held)),
        Step("To restore for real, send the same request without dryRun, under a new key"),
    )


def _succeeded(restore: Restore) -> Steps:
    if restore.plan is None or restore.outcome is None:
        return ()
    if restore.outcome == "filesDelivered":
        return _one_command(restore), *delivered_files.steps(restore, restore.plan)
    return _created(restore, restore.plan)


def _one_command(restore: Restore) -> Step:
    line = f'python3 -m deskctl load {quoted(restore.id)} --into "host=$PGHOST user=$PGUSER"'
    words = "Set PGHOST, PGUSER and PGPASSWORD or PGPASSFILE. Then one command in Restore Desk's repository loads the"
    return Step(f"{words} files into databases (docs/loading.md). Or use the commands of the next steps", (line,))


def _created(restore: Restore, plan: Plan) -> Steps:
    name, server = plan.database or "", plan.server or ""
    count = "SELECT schemaname, count(*) FROM pg_tables GROUP BY 1;"
    words = f"The database {name} is on {server.rsplit('/', 1)[-1]}. Check it before it is used"
    owners = "It has no roles and grants. The secret's user owns everything until you change the owner"
    give = f"ALTER DATABASE {shell_commands.identifier(name)} OWNER TO <owner>;"
    return Step(words, (shell_commands.psql(server, count, name),)), Step(f"{owners} ({give})")


_BY_PHASE: dict[Phase, Callable[[Restore], Steps]] = {
    Phase.SUCCEEDED: _succeeded,
    Phase.FAILED: _failed,
    Phase.REFUSED: _refused,
    Phase.WITHDRAWN: _withdrawn,
    Phase.LOST: _lost,
    Phase.CHECKED: _checked,
}
