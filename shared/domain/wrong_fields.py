"""What is said of a field that does not fit its model: what was sent, and what to send instead, in words. Pure."""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from shared.domain.text import fit, plain, unsigned

SHOWN = 60
LOOKED_AT = 1000  # characters of a value, of which the first are shown
SEND = {
    "instance": "a name of desk.toml, or the ARM id of a backup instance",
    "target": 'a name of desk.toml, or an object with "kind": "files" or "database"',
    "target.kind": '"files" or "database"',
    "target.container": "a container's URL: https://<account>.blob.<the cloud's suffix>/<container>",
    "target.prefix": "letters, digits, '.', '_' and '-', beginning with a letter or digit; 100 at most",
    "target.server": "the ARM id of a server",
    "target.credentialsSecret": "a secret's URL: https://<vault>.<the cloud's suffix>/secrets/<name>",
    "recoveryPoint": '"latest", {"id": "…"} or {"atOrBefore": "2026-10-01T00:00:00Z"}',
    "recoveryPoint.id": "a point's id (its name in GET …/recovery-points): letters, digits and '-'",
    "recoveryPoint.atOrBefore": "an ISO 8601 time with its zone, such as 2026-10-01T00:00:00Z",
    "maxAgeHours": "a whole number from 1 to 100000, without quotes",
    "database": "a name that begins with a letter or '_', then letters, digits, '_' or '-'; 63 at most",
    "requestedBy": "who asks, in one line of 1 to 500 characters",
    "reason": "why, in 2000 characters at most, without control characters",
    "ticket": 'an object such as {"system": "jira", "id": "OPS-42"}',
    "ticket.id": "the ticket's id, in one line of 1 to 100 characters",
    "ticket.system": "the system's name, in one line of 1 to 100 characters",
    "ticket.ref": "a plain relative path, such as sc_req_item/<sys_id>",
    "ticket.url": "a web address: https://…",
    "dryRun": "true or false, without quotes",
    "crossRegion": "true or false, without quotes",
    "location": "a region's short name, such as westeurope",
    "rehydration": 'an object such as {"priority": "Standard", "retainDays": 15}',
    "rehydration.priority": '"Standard" or "High"',
    "rehydration.retainDays": "a whole number from 10 to 30",
    "resourceGuardRequests": '"auto", or a list of 1 to 10 ids',
    "callback": "the name of a channel of desk.toml",
    "idempotencyKey": "1 to 255 characters in one line",
    "by": "who does it, in one line of 1 to 500 characters",
    "resolution": '"adopt", "resubmit" or "close"',
    "jobId": "the job's id: 36 characters, such as b54a1f2c-0000-4000-8000-000000000001",
}
SEND["target.database"] = SEND["database"]


def said_of(line: Mapping[str, Any], where: str, known: Iterable[str]) -> str:
    """The words for one error of pydantic at the field `where`; `known` are the names that may stand there."""
    last = where.rsplit(".", 1)[-1]
    if line["type"] == "extra_forbidden":
        names = sorted(known)
        close = get_close_matches(last, names, n=1, cutoff=0.5) or [n for n in names if n.lower() == _bare(last)][:1]
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names)}"
        return f"there is no field {plain(last)[:SHOWN]!r}; {hint}"
    wanted = SEND.get(where) or SEND.get(last)
    if line["type"] == "missing":
        return f"it is missing, and it is required; send {wanted}" if wanted else "it is missing, and it is required"
    reason = str(line["msg"]).removeprefix("Value error, ")
    if not wanted:
        return f"{seen(line.get('input'))} was sent: {reason}"
    why = f" ({reason})" if line["type"] == "value_error" else ""
    return f"{seen(line.get('input'))} was sent{why}; send {wanted}"


def seen(value: Any) -> str:
    """A value as JSON, cut, without what gives access."""
    try:
        text = plain(json.dumps(value, ensure_ascii=False)[:LOOKED_AT])
    except (RecursionError, TypeError, ValueError):
        return "something that cannot be shown"
    length = f" ({len(value)} characters)" if isinstance(value, str) and len(value) > SHOWN else ""
    return fit(unsigned(text), SHOWN) + length


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
