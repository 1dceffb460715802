"""What to do next: for each way a restore can stand or end, one step that a person at 3 a.m. can take. Pure."""

from shared.restore import Phase, Restore


def next_step(restore: Restore) -> str | None:
    """The step that is due, or None where there is nothing to do but wait."""
    if restore.phase is Phase.SUCCEEDED and restore.outcome == "filesDelivered" and restore.plan:
        return (
            f"The files in {restore.plan.container} are a full copy of the database, not loaded anywhere yet. "
            "List them, load them with pg_restore (custom format) or psql, then delete them."
        )
    if restore.phase is Phase.LOST:
        return (
            f"Look among the jobs of the vault for a restore of {restore.instance_name or restore.instance}; then POST "
            f"/api/restores/{restore.id}/resolve with adopt, resubmit or close."
        )
    if restore.phase is Phase.FAILED and restore.error:
        action = " ".join(restore.error.recommended_action) or "Mend what the message names."
        return f"{action} Then ask once more: POST /api/restores/{restore.id}/again"
    return None
