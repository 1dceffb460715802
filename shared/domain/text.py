"""Text made safe and short: cut with a mark, cleaned of what hides or reorders it, escaped for where it goes. Pure."""

import html
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

MARK = "… (cut)"
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\ue000-\uf8ff\U000e0000-\U0010ffff]"  # private use, and tags, which spell words that nobody sees
)
# Each of these reads a text once: whoever writes it chooses what is in it, and how long it is.
_DOTTED = re.compile(r"(?<![\w.-])[\w.-]{11,}+")
_JWT_HEAD = re.compile(r"\beyJ[\w-]{6,}")
_PAIR = re.compile(
    r"(?i)\b(sig|accountkey|sharedaccesskey|password|pwd|client_secret|access_token|refresh_token|api[-_]?key)"
    r"(\s*=\s*|[\"']?:[\"']?\s*)[^\s\"'&;,}]{6,}"
)
_UNSEEN = re.compile("[\U000e0000-\U0010ffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_USER = re.compile(r"(?i)(https?://)[^\s/?#@]+@")
_LINKS = re.compile(r"(?i)https?://\S*")
_LINK = re.compile(r"(?i)https?://")
_SIGNED = re.compile(r"(?i)\b(?:sig|code|key|token|access_token|secret|password|[tcsh])=[^\s'\"<>]*")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_PROOF = "authenticatedas"
BREAK = "\u200b"  # zero width: keeps a mention or a bare link from being one, and does not show


def plain(text: str) -> str:
    """One line of what a reader sees: no control, direction or zero-width characters, no lone surrogates."""
    return " ".join(_HIDDEN.sub(" ", text).split())


def clean(text: str) -> str:
    """Every line of it, without the characters that hide, reorder or break lines for some readers."""
    return "\n".join(_HIDDEN.sub(" ", line) for line in text.replace("\r\n", "\n").split("\n"))


def untagged(value: dict[str, Any]) -> dict[str, Any]:
    """JSON data without tags and private-use characters of the higher planes, which can hide text."""
    text = json.dumps(value, ensure_ascii=False)
    if not _UNSEEN.search(text):
        return value
    cleaned: dict[str, Any] = json.loads(_UNSEEN.sub("", text))
    return cleaned


def whole(text: str, most: int) -> int | None:
    """The number that a caller wrote, from 1 to `most`; None if it is anything else."""
    fits = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    return int(text) if fits and 1 <= int(text) <= most else None


def size(text: str) -> int:
    """Length as JavaScript and Java count it: the longest of the ways a channel may count."""
    return len(text) + sum(ch > "\uffff" for ch in text)


def same(text: str) -> str:
    """No escaping: for plain text fields."""
    return text


def fit(text: str, limit: int, escaped: Callable[[str], str] = same) -> str:
    """`text` escaped, within `limit`; cut before it is escaped, so that no escape is cut in two."""
    whole = escaped(text)
    if size(whole) <= limit:
        return whole
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if size(escaped(text[:middle].rstrip()) + MARK) <= limit:
            low = middle
        else:
            high = middle - 1
    return escaped(text[:low].rstrip()) + MARK


def unlinked(text: str) -> str:
    """What somebody wrote, so that no channel makes a link of it: the only links are ours."""
    return re.sub(r"(?i)\b(www)\.", rf"\1{BREAK}.", plain(text).replace("://", f":{BREAK}//"))


def unsigned(text: str) -> str:
    """Without what gives access: in URLs a user, and a query that holds a signature, a key or a token; elsewhere
    tokens, passwords and keys that stand behind their names."""
    return _PAIR.sub(r"\1\2…", _DOTTED.sub(_tokenless, _LINKS.sub(_unsigned_links, _USER.sub(r"\1", text))))


def _unsigned_links(found: re.Match[str]) -> str:
    """Links with nothing between them but other characters: each is cut from its `?` to the end of what signs it."""
    text, kept, at = found[0], [], 0
    while link := _LINK.search(text, at):
        mark = text.find("?", link.end())
        signed = _SIGNED.search(text, mark + 1) if mark >= 0 else None
        if signed is None:
            break
        kept.append(f"{text[at:mark]}?…")
        at = signed.end()
    return "".join([*kept, text[at:]])


def _tokenless(found: re.Match[str]) -> str:
    """A word with dots in it, without the tokens (JWT: two or three parts with a dot between)."""
    parts, kept, at = found[0].split("."), [], 0
    while at < len(parts):
        head = _JWT_HEAD.search(parts[at]) if any(parts[at + 1 : at + 2]) else None
        kept.append(f"{parts[at][: head.start()]}…" if head else parts[at])
        at += 3 if head else 1
    return ".".join(kept)


def claims_proof(text: str) -> bool:
    """Whether it reads as "authenticated as", which only the desk may say; also in letters that look like those."""
    said = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(ch if "a" <= ch <= "z" else "?" for ch in said if ch.isalnum())
    windows = (letters[at : at + len(_PROOF)] for at in range(len(letters) - len(_PROOF) + 1))
    return any(_alike(window) for window in windows)


def _alike(window: str) -> bool:
    same = sum(seen == due for seen, due in zip(window, _PROOF, strict=True))
    return same >= 3 and same + window.count("?") == len(_PROOF)


def cell(text: str) -> str:
    """For spreadsheets, which take a cell that begins with = + - @, of full width too, for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def slack(text: str) -> str:
    """Slack's three: https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(text: str) -> str:
    """For the Markdown of Adaptive Cards: nothing in it starts a link, an emphasis, a list, a heading or code."""
    return _at_start(re.sub(r"([\\`*_~\[\]<>])", r"\\\1", text))


def github(text: str) -> str:
    """GitHub's Markdown: no mention, no reference to an issue, no HTML. E-mail addresses stay whole."""
    safe = re.sub(r"([\\`*_~\[\]|])", r"\\\1", html.escape(text, quote=False))
    safe = re.sub(r"(?<![A-Za-z0-9])@", f"@{BREAK}", safe)
    safe = re.sub(r"#(?=\d)", f"#{BREAK}", safe)
    safe = re.sub(r"(?i)\b(GH-)(?=\d)", rf"\1{BREAK}", safe)
    return _at_start(safe)


def wiki(text: str) -> str:
    """Jira's wiki markup (the service desk API renders it): no mention, macro, link, image or emphasis."""
    safe = text.replace("\\", "&#92;")
    safe = re.sub(r"([{}\[\]!|*_^~+?])", r"\\\1", safe)
    safe = re.sub(r"(?<!\S)-(?=\S)", r"\\-", safe)
    return re.sub(r"^(#|h[1-6]\.|bq\.)", rf"{BREAK}\1", safe)


def journal(text: str) -> str:
    """Escapes text for ServiceNow's journal, which renders text between [code] tags as HTML."""
    return re.sub(r"(?i)\[(/?)code\]", r"[\1 code]", text)


def zendesk(text: str) -> str:
    """Zendesk fills placeholders in comments: {{ticket.…}}, {% … %}."""
    return re.sub(r"\{(?=[{%])", f"{{{BREAK}", text)


def _at_start(text: str) -> str:
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([#+=|-])", r"\\\1", text))


def dumped(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def within(value: Any, limit: int, text_of: Callable[[Any], bytes] = dumped) -> Any:
    """JSON data whose text has at most `limit` bytes: its long texts and lists are cut, the longest first."""
    found = _cut(value, limit, limit)
    for most in (8000, 4000, 2000, 1000, 500, 250, 100, 50, 20):
        if len(text_of(found)) <= limit:
            return found
        found = _cut(value, most, max(3, most // 50))
    return found


def _cut(value: Any, characters: int, items: int) -> Any:
    if isinstance(value, str):
        return fit(_SURROGATE.sub("\ufffd", value), characters)
    if isinstance(value, dict):
        return {name: _cut(part, characters, items) for name, part in value.items()}
    if isinstance(value, list):
        more = [f"… {len(value) - items} more (cut)"] if len(value) > items and _texts(value) else []
        return [_cut(part, characters, items) for part in value[:items]] + more
    return value


def _texts(value: list[Any]) -> bool:
    return all(isinstance(part, str) for part in value)
