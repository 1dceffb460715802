"""Azure's answers about operations and jobs, and its three forms of errors, each read into one shape. Pure."""

from typing import Literal

from shared.azure.lenient_json import Loose, number, read_duration
from shared.domain.restore import AzureError, Job, SubTask
from shared.domain.text import fit
from shared.frozen import frozen

Stage = Literal["validation", "submission", "operation", "job", "request"]
Ended = Literal["running", "succeeded", "failed"]
MOST_WARNINGS = 50  # warnings and sub-tasks that a restore's row keeps; each of at most 2,000 characters
_SUCCESS = frozenset({"completed", "completedwithwarnings", "success", "succeeded", "successwithwarning"})
_FAILURE = frozenset({"failed", "cancelled", "canceled"})


@frozen
class Operation:
    """An operation's state: running, or its end with a job id or an error."""

    ended: Ended
    job_id: str | None
    error: AzureError | None
    status: str


def read_operation(body: object, stage: Stage) -> Operation:
    """OperationResource → its state; an unknown status counts as running."""
    value = Loose(body)
    status = value.text("status") or ""
    ended: Ended = "running"
    if status.lower() == "succeeded":
        ended = "succeeded"
    elif status.lower() in _FAILURE:
        ended = "failed"
    job_id = value.part("properties").text("jobId") or value.text("jobId")
    error = read_error(body, stage, f"the operation ended {status}") if ended == "failed" else None
    return Operation(ended, last_segment(job_id) if job_id else None, error, status)


def last_segment(identity: str) -> str:
    """A job's GUID, from a full ARM id or from itself."""
    return identity.rstrip("/").rsplit("/", 1)[-1]


def error_part(body: object) -> Loose:
    """The error object of an answer: `error`, or the whole body (`code`, `message`), as some gateways send it; with
    the message of `details[]` if it has none."""
    whole = Loose(body)
    error = whole.part("error")
    found = error if error.text("code") or error.text("message") else whole
    if found.text("message") or found.parts("additionalInfo"):
        return found
    detailed = next((part for part in found.parts("details") if part.text("code") or part.text("message")), None)
    return detailed or found


def read_error(body: object, stage: Stage, fallback: str, status: int | None = None) -> AzureError:
    """CloudError (or the `error` of an operation) → one shape; UserFacingError has the better words."""
    error = error_part(body)
    facing = next(
        (i.part("info") for i in error.parts("additionalInfo") if i.says("type", "userfacingerror")), Loose({})
    )
    whole = Loose(body)  # of an error with a code and no message, a detail may have the message and no code
    code = error.text("code") or facing.text("code") or whole.part("error").text("code") or whole.text("code")
    code = code or (f"Http{status}" if status else "Unknown")
    return _error(facing, stage, code, facing.text("message") or error.text("message") or fallback)


def every_code(body: object) -> frozenset[str]:
    """Each `code` that stands anywhere in an error's body, in lower case."""
    found, left = set[str](), [body]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            found |= {str(said).lower() for name, said in part.items() if str(name).lower() == "code"}
        left += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return frozenset(found)


def read_user_error(value: object, stage: Stage) -> AzureError:
    """UserFacingError, as a job's `errorDetails` carry it."""
    facing = Loose(value)
    return _error(facing, stage, facing.text("code") or "Unknown", facing.text("message") or "the job gave no reason")


def _error(facing: Loose, stage: Stage, code: str, message: str) -> AzureError:
    actions = facing["recommendedAction"]
    inner = facing.part("innerError")
    inner_code = _inner_code(inner)
    detail = inner.part("additionalInfo").text("DetailedNonLocalisedMessage") or inner_code
    return AzureError(
        stage=stage,
        code=code[:200],
        message=message[:4000],  # a row has its limits
        recommended_action=_actions(actions),
        detail=detail[:4000] if detail else None,
        inner_code=inner_code,
        activity_id=facing.part("properties").text("ActivityId"),
    )


def _inner_code(inner: Loose) -> str | None:
    """The innermost code that says something: embedded errors first."""
    codes = []
    for _ in range(10):
        codes.append(inner.text("code"))
        inner = inner.part("embeddedInnerError")
    return next((code for code in reversed(codes) if code and code != "InnerErrorCodeUnavailable"), None)


def _actions(said: object) -> tuple[str, ...]:
    found = said if isinstance(said, list) else [said]
    return tuple(fit(text.strip(), 1000) for text in found[:10] if isinstance(text, str) and text.strip())


@frozen
class JobRead:
    """A job as read; from a LIST it has no destination, prefix or sub-tasks."""

    job: Job
    ended: Ended
    error: AzureError | None
    instance: str
    category: str
    activity_id: str | None
    prefix: str | None
    mark: str  # changes whenever the job does: the etag, or what stands in for it


def read_job(item: object) -> JobRead | None:
    """AzureBackupJobResource → the job; None if it has no name."""
    resource = Loose(item)
    inner = resource.part("properties")
    name = resource.text("name") or resource.text("id")
    if not name:
        return None
    status = inner.text("status") or "Unknown"
    lowered = status.lower()
    ended: Ended = "succeeded" if lowered in _SUCCESS else "running"
    if lowered in _FAILURE:
        ended = "failed"
    more = inner.part("extendedInfo")
    job = _job(last_segment(name), status, inner, more)
    error = _job_error(inner, status) if ended == "failed" else None
    prefix = more.part("additionalDetails").text("Restore File Prefix")
    mark = inner.text("etag") or f"{status}/{inner.text('endTime')}/{inner.text('duration')}"
    category = inner.text("operationCategory") or inner.text("operation") or ""
    instance = inner.text("backupInstanceId") or ""
    return JobRead(job, ended, error, instance.lower(), category.lower(), inner.text("activityID"), prefix, mark)


def _job_error(inner: Loose, status: str) -> AzureError:
    found = inner["errorDetails"]
    details = found if isinstance(found, list) else [found]
    if any(isinstance(one, dict) for one in details):
        return read_user_error(next(one for one in details if isinstance(one, dict)), "job")
    return AzureError(stage="job", code=status, message=f"the job ended {status} and gave no reason")


def _job(identity: str, status: str, inner: Loose, more: Loose) -> Job:
    tasks = tuple(_task(task) for task in more.parts("subTasks")[:MOST_WARNINGS])
    moved = [t.part("additionalDetails").text("DataTransferredInBytes") for t in more.parts("subTasks")]
    total = number(more["dataTransferredInBytes"]) or sum(number(m) or 0 for m in moved)
    return Job(
        id=identity,
        status=status,
        started=inner.moment("startTime"),
        ended=inner.moment("endTime"),
        seconds=read_duration(inner.text("duration")),
        bytes=int(total) if total else None,
        destination=more.text("recoveryDestination"),
        tasks=tasks,
        warnings=_warnings(status, more),
    )


def _task(task: Loose) -> SubTask:
    name, status = (fit(task.text(part) or "", 200) for part in ("taskName", "taskStatus"))
    return SubTask(name=name, status=status, progress=number(task["taskProgress"]))


def _warnings(status: str, more: Loose) -> tuple[str, ...]:
    """A job that ended with warnings has some, even where a LIST leaves them out."""
    told = more.parts("warningDetails")
    found = tuple(_warning(detail) for detail in told[:MOST_WARNINGS])
    if len(told) > MOST_WARNINGS:
        return (*found, f"… {len(told) - MOST_WARNINGS} more warnings stand in the job")
    return found or ((f"the job ended {status} and gave no details",) if "warning" in status.lower() else ())


def _warning(detail: Loose) -> str:
    """UserFacingWarningDetail → one line: which resource, what, and what Azure advises."""
    warning, resource = detail.part("warning"), detail.text("resourceName")
    said = f"{warning.text('code') or 'Warning'}: {warning.text('message') or 'no words'}"
    advised = " ".join(_actions(warning["recommendedAction"]))
    return fit(f"{said}{f' ({resource})' if resource else ''}{f' {advised}' if advised else ''}", 2000)
