"""What an app declares, read from the bindings the runtime indexed, with the checks that fall to a host. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.host.bindings import connections, ncrontab, routes, settings
from local.host.bindings.connections import Connection

# https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata#queue-names
_QUEUE_NAME = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_TRIGGERS = {"httpTrigger": "http", "queueTrigger": "queue", "timerTrigger": "timer"}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]


class AppRefused(ValueError):
    """The host would not run this app; `problems` says all that is wrong at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True)
class Indexed:
    """A function as the runtime reports it."""

    id: str
    name: str
    bindings: tuple[Mapping[str, Any], ...]
    retries: bool = False


@dataclass(frozen=True)
class HttpTrigger:
    route: str
    template: routes.Template
    methods: frozenset[str] | None
    level: str
    kind: str = "http"


@dataclass(frozen=True)
class QueueTrigger:
    queue: str
    connection: Connection
    kind: str = "queue"


@dataclass(frozen=True)
class TimerTrigger:
    expression: str
    schedule: ncrontab.Schedule
    monitored: bool
    run_on_startup: bool
    kind: str = "timer"


@dataclass(frozen=True)
class QueueOutput:
    queue: str
    connection: Connection


@dataclass(frozen=True)
class Function:
    id: str
    name: str
    parameter: str
    trigger: HttpTrigger | QueueTrigger | TimerTrigger
    outputs: Mapping[str, QueueOutput] = field(default_factory=dict)


def chosen(functions: Iterable[Function], only: Iterable[str]) -> list[Function]:
    """Those that this process runs: all, or some kinds (http, queue, timer) and some by name."""
    functions, wanted = list(functions), list(only)
    known = {*_TRIGGERS.values(), *(function.name for function in functions)}
    if unknown := [name for name in wanted if name not in known]:
        names = ", ".join(sorted(function.name for function in functions))
        raise AppRefused([f"--only {name}: neither http, queue or timer nor a function ({names})" for name in unknown])
    return [one for one in functions if not wanted or one.trigger.kind in wanted or one.name in wanted]


def read(indexed: Iterable[Indexed], prefix: str, values: Mapping[str, str]) -> tuple[list[Function], list[str]]:
    """The functions, and notes on what the real host does with them and this one does not."""
    functions, notes, problems = [], [], []
    for one in indexed:
        try:
            functions.append(_function(one, prefix, values))
        except (ValueError, LookupError) as error:
            problems.append(f"function {one.name}: {error}")
        if one.retries:
            notes.append(f"function {one.name}: its retry policy is not run here (the real host runs none for queues)")
    if problems:
        raise AppRefused(problems)
    return functions, notes + _overlaps(functions)


def _function(one: Indexed, prefix: str, values: Mapping[str, str]) -> Function:
    triggers = [binding for binding in one.bindings if str(binding["type"]).endswith("Trigger")]
    if len(triggers) != 1:
        raise ValueError(f"must have exactly one trigger, has {len(triggers)}")
    make = _MAKERS.get(triggers[0]["type"])
    if make is None:
        raise ValueError(f"trigger '{triggers[0]['type']}' is not run by the local host ({', '.join(_MAKERS)} are)")
    outputs = {
        binding["name"]: QueueOutput(*_queue(binding, values))
        for binding in one.bindings
        if binding not in triggers and not _is_http_answer(binding)
    }
    return Function(one.id, one.name, triggers[0]["name"], make(triggers[0], one.name, prefix, values), outputs)


def _is_http_answer(binding: Mapping[str, Any]) -> bool:
    return bool(binding["type"] == "http" and binding["direction"] == "OUT")


def _queue(binding: Mapping[str, Any], values: Mapping[str, str]) -> tuple[str, Connection]:
    if binding["type"] not in ("queue", "queueTrigger"):
        raise ValueError(f"binding '{binding['type']}' ({binding['name']}) is not run by the local host")
    name = settings.resolve(binding["queueName"], values)
    if not _QUEUE_NAME.fullmatch(name):
        raise ValueError(
            f"'{name}' is no queue name: 3 to 63 of a-z, 0-9 and single '-', beginning and ending in a letter or digit"
        )
    return name, connections.find(settings.resolve(binding.get("connection") or "", values), values)


def _queue_trigger(binding: Mapping[str, Any], _name: str, _prefix: str, values: Mapping[str, str]) -> QueueTrigger:
    return QueueTrigger(*_queue(binding, values))


def _http_trigger(binding: Mapping[str, Any], name: str, prefix: str, _values: Mapping[str, str]) -> HttpTrigger:
    route = "/".join(part for part in (prefix.strip("/"), (binding.get("route") or name).strip("/")) if part)
    methods = binding.get("methods")
    level = str(binding.get("authLevel") or "function").lower()
    if level not in ("anonymous", "function", "admin"):
        raise ValueError(f"authLevel '{level}' must be anonymous, function or admin")
    if route.split("/")[0].lower() in ("admin", "runtime"):
        raise ValueError(f"route '{route}' begins with a word the host keeps for itself (admin, runtime)")
    return HttpTrigger(route, routes.parse(route), frozenset(map(str.upper, methods)) if methods else None, level)


def _timer_trigger(binding: Mapping[str, Any], _name: str, _prefix: str, values: Mapping[str, str]) -> TimerTrigger:
    expression = settings.resolve(binding["schedule"], values)
    monitored, startup = binding.get("useMonitor"), binding.get("runOnStartup")
    return TimerTrigger(expression, ncrontab.parse(expression), monitored is not False, bool(startup))


_MAKERS: Mapping[str, Callable[..., HttpTrigger | QueueTrigger | TimerTrigger]] = {
    "httpTrigger": _http_trigger,
    "queueTrigger": _queue_trigger,
    "timerTrigger": _timer_trigger,
}


def _overlaps(functions: Iterable[Function]) -> list[str]:
    """Routes that can both fit one request: the host takes the first, in an order no document promises."""
    mapped = [(one.name, one.trigger) for one in functions if isinstance(one.trigger, HttpTrigger)]
    return [
        f"routes of {name} ('{first.route}') and {other} ('{second.route}') can fit the same request"
        for position, (name, first) in enumerate(mapped)
        for other, second in mapped[position + 1 :]
        if (first.methods or frozenset(_METHODS)) & (second.methods or frozenset(_METHODS)) and _alike(first, second)
    ]


def _alike(first: HttpTrigger, second: HttpTrigger) -> bool:
    ones, others = first.route.lower().split("/"), second.route.lower().split("/")
    return len(ones) == len(others) and all(a == b or "{" in a + b for a, b in zip(ones, others, strict=True))
