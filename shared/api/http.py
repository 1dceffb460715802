"""HTTP as the app sees it, without any framework: a call, an answer, pages of lists, errors as problem+json."""

import base64
import json
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from shared.domain.problems import Ours, Problem, Trouble, Unreadable, invalid
from shared.domain.request import parse_json
from shared.domain.text import whole
from shared.domain.values import Strict
from shared.domain.wrong_fields import said_of
from shared.frozen import frozen

log = logging.getLogger("desk")
PROBLEM = "application/problem+json"
MOST = 1000  # rows on a page of a list
NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}  # of every answer, errors too


@frozen
class Call:
    """One request: header names in lower case, the body as it came."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@frozen
class Answer:
    """One answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def json_answer(status: int, value: Any, **headers: str) -> Answer:
    """An answer in JSON; header names are given with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), named)


def problem_answer(problem: Problem, **headers: str) -> Answer:
    """RFC 9457."""
    made = json_answer(problem.status, problem.body(), **headers)
    return Answer(made.status, made.body, made.headers, PROBLEM)


def answered(act: Callable[[Call], Answer], call: Call) -> Answer:
    """The handler's answer, with headers against caching. An error becomes a problem that says who must act."""
    answer = _answered(act, call)
    return replace(answer, headers={**NOT_KEPT, **answer.headers})


def _answered(act: Callable[[Call], Answer], call: Call) -> Answer:
    try:
        return act(call)
    except Problem as problem:
        return problem_answer(problem)
    except Ours as error:
        log.error("the desk's set-up: %s", error)
        return problem_answer(
            Problem(503, "The desk's set-up has a fault; nothing was taken", str(error)), Retry_After="60"
        )
    except Unreadable as error:
        return problem_answer(
            Problem(409, "A newer release wrote this restore", f"{error}; deploy that release again to move it")
        )
    except Trouble as trouble:
        log.warning("an answer had to wait: %s", trouble)
        words = f"{trouble}; only what was saved took effect: ask again"
        wait = str(max(1, round(trouble.retry_after or 10)))
        return problem_answer(Problem(503, "Not now", words), Retry_After=wait)
    except Exception:  # the outermost layer: no caller gets an empty 500
        fault = secrets.token_hex(6)
        log.exception("an answer failed, fault=%s", fault)
        words = f"a fault of the desk itself; it stands in the log under fault={fault}. Ask its operators to look"
        return problem_answer(Problem(500, "The desk failed", words, more={"fault": fault}))


def read_model[M: Strict](model: type[M], body: bytes) -> M:
    """A small body by its model, or a Problem naming the field."""
    try:
        return model.model_validate(parse_json(body))
    except ValidationError as error:
        line: dict[str, Any] = dict(error.errors(include_url=False, include_context=False)[0])
        where = ".".join(str(part) for part in line["loc"])
        known = {str(field.alias) for field in model.model_fields.values()}
        raise Problem(422, "The request does not fit its model", said_of(line, where, known), where) from error


def known_parameters(query: Mapping[str, str], known: Iterable[str]) -> None:
    """422 for a parameter that the route does not have: a misspelt filter would answer with everything."""
    names = [name for name in known if name not in ("code", "clientId")]  # the function key's own
    for name in query:
        if name not in names and name not in ("code", "clientId"):
            close = get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names)}"
            raise Problem(422, "Unknown parameter", f"there is no parameter {name[:60]!r}; {hint}", name[:60])


def page_size(text: str | None, default: int) -> int:
    """The parameter `pageSize`; 422 if it is not a number from 1 to MOST."""
    found = default if text is None else whole(text, MOST)
    if found is None:
        raise invalid("pageSize", f"a number from 1 to {MOST} is due")
    return found


def mark_text(mark: Sequence[str | int]) -> str:
    """The place where a page ended, as the value of `continue`."""
    return base64.urlsafe_b64encode(json.dumps(mark).encode()).decode()


def read_mark(text: str) -> list[Any]:
    """The place that a value of `continue` names; 422 if no page gave it. Each list checks what is in it."""
    try:
        mark = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, RecursionError) as error:
        raise wrong_mark() from error
    if not isinstance(mark, list):
        raise wrong_mark()
    return mark


def wrong_mark() -> Problem:
    """422 for a `continue` that no page of this list gave."""
    return invalid("continue", "send the value that the previous page gave")
