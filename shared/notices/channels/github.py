"""GitHub: a comment on an issue, in its Markdown. Pure."""

import re
from datetime import datetime

from shared.domain import text as escape
from shared.domain.text import fit
from shared.notices.channels.comments import COMMANDS, HEADLINE, LINE, VALUE, WORDS, call, comment_of, ticket_parts
from shared.notices.channels.kind import ChannelKind, TicketRef, json_object
from shared.notices.facts import Facts
from shared.notices.messages import Message, Resolved
from shared.notices.notice_text import Notice, said

REF = TicketRef(
    r"([A-Za-z0-9][A-Za-z0-9-]{0,38})/(?!\.\.?(?:/|#))([A-Za-z0-9._-]{1,100})(?:/issues/|#)([0-9]{1,10})",
    "<owner>/<repository>/issues/<number>",
    whole="{}/{}/issues/{}".format,
    place="{}/{}".format,
    site=lambda origin: origin.replace("//api.github.com", "//github.com"),
)


def compose(facts: Facts, channel: Resolved, at: datetime) -> Message:
    """A comment on the issue."""
    headers = {
        "authorization": f"Bearer {channel.secrets[0]}",
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
    }
    if facts.event == "test":  # it needs an issue to write to: a call that changes nothing, by the same token
        return call("GET", channel, "/rate_limit", headers)
    owner, repository, number = ticket_parts(REF, facts, channel)
    path = f"/repos/{owner}/{repository}/issues/{number}/comments"
    return call("POST", channel, path, headers, {"body": markdown(comment_of(facts, channel))})


def markdown(notice: Notice) -> str:
    """GitHub's Markdown."""
    lines = [
        f"**{fit(notice.headline, HEADLINE, escape.github)}**",
        *([fit(notice.point, LINE, escape.github)] if notice.point else []),
        "",
        *(f"- **{row.label}:** {_value(row.text, row.exact)}" for row in notice.rows),
        "",
    ]
    for step in said(notice, WORDS, COMMANDS):
        lines += [fit(step.words, WORDS, escape.github), ""]
        lines += [*_fenced(step.command), ""] if step.command else []
    lines += [" · ".join(f"[{escape.github(link.text)}]({link.url})" for link in notice.links), ""]
    return "\n".join([*lines, f"{_value(notice.api, True)} {escape.github(notice.mark)}"])


def _value(text: str, exact: bool) -> str:
    if not exact:
        return fit(text, VALUE, escape.github)
    return "`" + fit(text, VALUE).replace("`", "'") + "`"


def _fenced(command: str) -> tuple[str, str, str]:
    """A fence longer than any in the command: https://github.github.com/gfm/#fenced-code-blocks"""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
    return f"{fence}sh", command, fence


KIND = ChannelKind(
    compose=compose,
    took=json_object,
    needs=frozenset({"secret"}),
    url="https://api.github.com",
    gone="no such issue, or the token may not write to this repository",
    ref=REF,
)
