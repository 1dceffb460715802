"""Keeps secrets out of the log: known values, URLs behind their host, tokens and keys, in all libraries' lines."""

import json
import logging
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SHORTEST = 6  # a shorter value would blank innocent words; the desk takes no secret under 16 characters
OUR_SECRETS = ("AzureWebJobsStorage", "DESK_HEALTH_KEY", "APPLICATIONINSIGHTS_CONNECTION_STRING")
# these log every URL they call at INFO: https://www.python-httpx.org/logging/
TALKATIVE = ("httpx", "httpcore", "azure", "msal", "urllib3")

# Behind the host of a URL stand webhook secrets (Slack, Teams), signatures of ARM's operations and SAS tokens.
_URL = re.compile(r"""(?i)\b(https?://)(?:[^\s/?#"'<>@\\]*@)?([^\s/?#"'<>@\\:]*)(:\d+)?[/?#](?:[^\s"'<>\\]|\\(?!"))*""")
_USER = re.compile(r"""(?i)(https?://)[^\s/?#"'<>@]+@""")
_SCHEME = re.compile(r"(?i)\b(bearer|basic|sharedkey|sharedkeylite|sharedaccesssignature)\s+[\w+/=.~:&%-]{16,}")
_JWT = re.compile(r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?")
_PAIR = re.compile(
    r"""(?i)\b(sig|accountkey|sharedaccesskey|sharedaccesssignature|password|pwd|client_secret|access_token"""
    r"""|refresh_token|x-functions-key|aeg-sas-key|api[-_]?key)(["']?\s*[=:]\s*["']?)[^\s"'&;,}]{6,}"""
)
_CODE = re.compile(r"""([?&](?:code|t|c|s|h|key|token)=)[^\s"'&]+""")


class Redactor:
    """Called with a text, gives it back without secrets; giving it its own answer changes nothing."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        longest_first = sorted(known, key=lambda text: (-len(text), text))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def __call__(self, text: str) -> str:
        if self._known:
            text = self._known.sub(HIDDEN, text)
        text = _URL.sub(r"\1\2\3/" + HIDDEN, _USER.sub(r"\1" + HIDDEN + "@", text))
        text = _SCHEME.sub(r"\1 " + HIDDEN, text)
        text = _JWT.sub(HIDDEN, text)
        return _CODE.sub(r"\1" + HIDDEN, _PAIR.sub(r"\1\2" + HIDDEN, text))


def _forms(secret: str) -> set[str]:
    """As it stands, and as URLs, JSON and repr() write it."""
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    written = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return {secret, secret.strip(), *quoted, *written} - {""}


def named_in(value: Any) -> set[str]:
    """The variables that a desk.toml takes secrets from: every `{ env = "…" }` in it."""
    if isinstance(value, dict):
        own = {value["env"]} if isinstance(value.get("env"), str) else set()
        return own.union(*(named_in(part) for part in value.values()))
    return set().union(*(named_in(part) for part in value)) if isinstance(value, list) else set()


def secrets_of(desk_toml: str, environ: Mapping[str, str]) -> list[str]:
    """The values that must never be logged; of a file that cannot be read, all that is not plainly a setting."""
    try:
        names = named_in(tomllib.loads(desk_toml)) | set(OUR_SECRETS)
    except tomllib.TOMLDecodeError:
        names = {name for name in environ if re.search(r"(?i)secret|key|token|password|url|storage$", name)}
    values = [environ[name] for name in names if environ.get(name)]
    keys = [part.split("=", 1)[1] for value in values for part in value.split(";") if part.startswith("AccountKey=")]
    return values + keys


# what moves a terminal's cursor, reorders a line, or makes a new one for some readers; \n and \t stay for tracebacks
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff\U000e0000-\U0010ffff]"
)


class _Record(logging.LogRecord):
    """A record that is clean from the start, so that no handler, the host's or anybody's, sees more."""

    redact: Redactor = Redactor()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.msg, self.args = self.redact(_UNSEEN.sub("?", self.getMessage())), None
        if self.exc_info:
            self.exc_text = self.redact(logging.Formatter().formatException(self.exc_info))
            self.exc_info = None  # formatters take exc_text; nothing else may read the exception's own words
        if self.stack_info:
            self.stack_info = self.redact(self.stack_info)


def install(redact: Redactor) -> None:
    """From here on every log record of this process is clean, and libraries that log their calls are quiet."""
    logging.setLogRecordFactory(type("Record", (_Record,), {"redact": staticmethod(redact)}))
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
