"""Messages of the queue: a wake, a request of another service, our own delayed copy, or what cannot be read. Pure."""

import base64
import binascii
import json
import re
from dataclasses import replace
from typing import Any

from shared.domain.problems import Problem
from shared.domain.request import BODY_LIMIT, parse_json
from shared.domain.restore import Restore
from shared.frozen import frozen
from shared.storage.row_keys import is_id

_NOT_IN_XML = {0xFFFE: r"\ufffe", 0xFFFF: r"\uffff"}  # the queue's API is XML, where these cannot be written
_KEY = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,255}")  # as a request's own; the desk's own have a line break


@frozen
class Wake:
    """A message to look at a restore; only the message with the number of the row sends the next one."""

    restore: str
    number: int


@frozen
class Asked:
    """A request, under its own key, else under the id of the message that first brought it. `poisoned`: it came from
    the poison queue; the message that it copies is not known yet."""

    value: dict[str, Any]
    key: str
    own_key: bool
    poisoned: bool = False

    @property
    def keyless(self) -> bool:
        """Whether its sender gave it no key: then only its words connect it with a copy in the poison queue."""
        return not _key_of(self.value)


@frozen
class Unreadable:
    """Nothing that can be taken, and why."""

    problem: Problem
    key: str


def read_message(raw: bytes, message_id: str) -> Wake | Asked | Unreadable:
    """What a message is; JSON as it is, or base64 of it."""
    text, key = decoded(raw), message_id
    try:
        if decoded(text) is not text:
            words = "base64 of base64 was sent; send the JSON as it is, or base64 of it, once"
            raise Problem(400, "The message is not JSON", words, "body")
        value = parse_json(text, 2 * BODY_LIMIT)
        copied = _KEY.fullmatch(str(value.get("copyOf", ""))) and isinstance(value["copyOf"], str)
        if copied and set(value) - {"poisoned"} == {"copyOf", "request"} and isinstance(value["request"], dict):
            poisoned = "poisoned" in value
            return Asked(value["request"], value["copyOf"], not poisoned, poisoned)
        if copied and set(value) == {"copyOf", "refused"}:
            return Unreadable(Problem(400, "The message cannot be read", str(value["refused"])[:2000]), value["copyOf"])
    except Problem as problem:
        return Unreadable(problem, key)
    if set(value) == {"restore", "wake"} and isinstance(value["wake"], int) and is_id(str(value["restore"])):
        return Wake(str(value["restore"]), value["wake"])
    if len(text) > BODY_LIMIT:
        return Unreadable(Problem(413, "The message is too large", f"{BODY_LIMIT} bytes are taken"), key)
    return _asked(value, key)


def _asked(value: dict[str, Any], key: str) -> Asked:
    own = _key_of(value)
    return Asked(value, own or key, bool(own))


def _key_of(value: dict[str, Any]) -> str:
    said = value.get("idempotencyKey")
    return said if isinstance(said, str) else ""


def decoded(raw: bytes) -> bytes:
    """JSON begins with a brace; what does not may be base64 of it."""
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return raw
    if not raw.strip():
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)  # `base64` ends a line after 76 characters
    except (binascii.Error, ValueError):
        return raw


def copy_of(read: Asked | Unreadable) -> str:
    """A delayed copy of what could not be saved now; it keeps the first message's id as its key."""
    said: dict[str, Any] = {"request": read.value} if isinstance(read, Asked) else {"refused": str(read.problem)}
    if isinstance(read, Asked) and read.poisoned:
        said["poisoned"] = True
    text = json.dumps({"copyOf": read.key, **said}, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_NOT_IN_XML)


def again(raw: bytes, message_id: str, *, poisoned: bool = False) -> str:
    """A message to be sent once more, unread: a request without a key stays under the id that it first had.
    `poisoned`: it came by the poison queue."""
    read = read_message(raw, message_id)
    if isinstance(read, Wake):
        return raw.decode()
    if isinstance(read, Asked) and poisoned and not read.own_key:
        read = replace(read, poisoned=True)
    return copy_of(read)


def wake_message(restore: Restore) -> str:
    """A reason to look: the restore's id and the wake's number."""
    return json.dumps({"restore": restore.id, "wake": restore.wake})
