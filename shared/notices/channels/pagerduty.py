"""The pager: Events v2, one alert per restore or instance, triggered while someone must act and resolved after. Pure.

https://developer.pagerduty.com/docs/events-api-v2/overview/
"""

from datetime import datetime
from typing import Any, Literal

from shared.domain.text import dumped, fit, plain
from shared.domain.values import iso
from shared.domain.version import AGENT
from shared.notices.channels.kind import ChannelKind
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import notice_of, one_text, said

Severity = Literal["critical", "error", "warning", "info"]
SEVERITY: dict[str, Severity] = {
    "failed": "error",
    "lost": "critical",
    "duplicateJob": "error",
    "cleanupFailed": "error",
    "verificationFailed": "error",
    "overdue": "warning",
    "pointStale": "warning",
    "test": "info",
}
SUMMARY, VALUE, COMMANDS = 1024, 1000, 20_000


def _open(facts: Facts) -> bool:
    """Whether somebody must act; a refused `again` leaves what went wrong before as it is."""
    return facts.event in SEVERITY or (facts.event == "refused" and facts.chain is not None)


def _alert(facts: Facts) -> str:
    """A verification has an alert of its own: one that passes ends no alert of the restore's."""
    key = f"restore-{facts.chain or facts.restore}"
    return f"{key}-verification" if facts.event in ("verified", "verificationFailed") else key


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """Trigger or resolve. The dedup key is the chain's (the first restore's, where others ask `again` for it), so that
    the success of the second ends the alert of the first."""
    notice = notice_of(facts, channel.cloud.portal, channel.ticket_sites, channel.desk_url)
    details = {row.label: fit(row.text, VALUE) for row in notice.rows}
    steps = said(notice, VALUE, COMMANDS)
    following = "\n".join(f"{step.words}:\n{step.command}" if step.command else step.words for step in steps)
    payload: dict[str, Any] = {
        "summary": fit(one_text(notice), SUMMARY),
        "source": fit(plain(facts.name), 255) or "restore-desk",
        "severity": SEVERITY.get(facts.event, "info"),
        "timestamp": iso(facts.at),
        "component": fit(plain(facts.vault.rsplit("/", 1)[-1]), 255),
        "class": f"{facts.about}.{facts.event}",
        "custom_details": {**details, "Next": following, "API": notice.api},
    }
    body = {
        "routing_key": channel.secrets[0],
        "event_action": "trigger" if _open(facts) else "resolve",
        "dedup_key": _alert(facts),
        "payload": payload,
        "links": [{"href": link.url, "text": link.text} for link in notice.links],
        "client": "Restore Desk",
    }
    headers = {"content-type": "application/json", "accept": "application/json", "user-agent": AGENT}
    return Message("POST", f"{channel.url}/v2/enqueue", headers, dumped(body))


KIND = ChannelKind(
    compose=compose,
    took=lambda status, body: status == 202,
    needs=frozenset({"secret"}),
    url="https://events.pagerduty.com",
    skips=frozenset(
        {"accepted", "submitted", "checked", "standing", "verificationInconclusive"}
    ),  # neither opens an alert nor ends one
    most_a_round=50,  # 120 a minute
)
