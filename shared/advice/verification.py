"""What a verdict says in one line, and what to do after one that is not good. Pure."""

from shared.advice import shell_commands
from shared.advice.remedy_case import Steps
from shared.advice.shell_commands import Step
from shared.domain.restore import Restore
from shared.domain.verification import Result

_READ = "{} read to the end"
_PROVEN = {"gzip": "gzip proven", "plain": "plain SQL read to the end"}


def line(result: Result) -> str:
    """`Decoded: 3 databases, 212 tables, 61,204,118 rows; gzip proven; 41 s`."""
    took = _seconds(result.seconds)
    if result.verdict == "passed":
        parts = [f"{result.level.capitalize()}: {_counted(result)}", *_proof(result), *_checks(result), took]
        return "; ".join(parts)
    where = f"{result.file}: " if result.file else ""
    word = "failed" if result.verdict == "failed" else "could not be told"
    return f"{result.level.capitalize()}: {word}; {where}{result.reason or 'no reason was given'}; {took}"


def _counted(result: Result) -> str:
    totals = result.totals
    parts = [_number(totals.databases, "database")]
    if totals.tables:
        parts.append(_number(totals.tables, "table"))
    if result.level != "listed" and (totals.rows or all(one.get("rows") is not None for one in result.databases)):
        parts.append(_number(totals.rows, "row"))
    return ", ".join(parts)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _proof(result: Result) -> list[str]:
    """What was proven of the data, by compression; of `listed` nothing was."""
    if result.level == "listed":
        return ["the data itself was not read"]
    kinds = sorted({str(one.get("compression") or "") for one in result.databases} - {""})
    return [_PROVEN.get(kind, _READ.format("uncompressed data" if kind == "none" else kind)) for kind in kinds]


def _checks(result: Result) -> list[str]:
    true = sum(one.get("passed") is True for one in result.checks)
    return [f"{true} of {_number(len(result.checks), 'check')} true"] if result.checks else []


def _seconds(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def steps(restore: Restore, event: str) -> Steps | None:
    """The steps after a verification's event; None if the restore's own steps apply."""
    instance = restore.instance_name or restore.instance
    look = shell_commands.get(f"/api/restores/{restore.id}/verification")
    by, reason = restore.requested_by or "", "the cause is mended"
    once_more = shell_commands.act(restore.id, "verify", by, reason)
    if event == "verificationFailed":
        points = shell_commands.get(f"/api/instances/{instance}/recovery-points")
        return (
            Step("Do not rely on this recovery point. Read the findings of each file", (look,)),
            Step("Restore an older point, and examine the backup: newer points may have the same fault", (points,)),
        )
    if event == "verificationInconclusive":
        return (
            Step("The backup was not judged, because the desk or the loader could not finish. Read the cause", (look,)),
            Step(f"Mend that, then verify once more (POST /api/restores/{restore.id}/verify)", (once_more,)),
        )
    return None
