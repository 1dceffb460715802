"""Where a comment goes back to: `ticket.ref`, read strictly, so that it names one ticket and nothing else. Pure."""

import re
from collections.abc import Mapping

from shared.notices.messages import Kind

_REFS: dict[Kind, re.Pattern[str]] = {
    # only tables that have work_notes; u_ and x_ are a customer's own
    "servicenow": re.compile(
        r"(incident|problem|problem_task|change_request|change_task|sc_request|sc_req_item|sc_task|[ux]_[a-z0-9_]{1,70})"
        r"/([0-9a-f]{32})"
    ),
    "jira": re.compile(r"(?:issue/)?([A-Z][A-Z0-9_]{1,30}-[0-9]{1,10})"),
    "zendesk": re.compile(r"(?:tickets/)?([0-9]{1,15})"),
    "github": re.compile(
        r"([A-Za-z0-9][A-Za-z0-9-]{0,38})/(?!\.\.?(?:/|#))([A-Za-z0-9._-]{1,100})(?:/issues/|#)([0-9]{1,10})"
    ),
}
_DUE = {
    "servicenow": "<table>/<sys_id>, such as sc_req_item/0123456789abcdef0123456789abcdef",
    "jira": "the issue's key, such as OPS-12",
    "zendesk": "the ticket's number",
    "github": "<owner>/<repository>/issues/<number>",
}


def is_ticket_system(kind: Kind) -> bool:
    """Whether channels of this kind write comments to tickets."""
    return kind in _REFS


def covered(kind: Kind, ticket: Mapping[str, str] | None, patterns: tuple[str, ...]) -> bool:
    """Whether one of `refs` names the ticket's project, repository or table, or the whole ref; `*` keeps to a part."""
    parts = parts_of(kind, ticket)
    if isinstance(parts, str):
        return False
    whole = {"github": "{0}/{1}/issues/{2}", "servicenow": "{0}/{1}"}.get(kind, "{0}").format(*parts)
    place = {"github": "{0}/{1}", "servicenow": "{0}"}.get(kind, parts[0].rpartition("-")[0]).format(*parts)
    return any(_matches(pattern, text) for pattern in patterns for text in (whole, place) if text)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch("[^/]*".join(map(re.escape, pattern.lower().split("*"))), text.lower()) is not None


def parts_of(kind: Kind, ticket: Mapping[str, str] | None) -> tuple[str, ...] | str:
    """The parts of the ticket's ref, or the reason why a channel of this kind cannot write to it."""
    if not ticket or ticket.get("system", "").lower() != kind:
        return f"the restore has no ticket in {kind}"
    match = _REFS[kind].fullmatch(ticket.get("ref", ""))
    return match.groups() if match else f"its ticket's ref is not {_DUE[kind]}"
