"""What the host reads of an app, its host.json and settings, and what it refuses with which words."""

from typing import Any

import pytest

from local.host.bindings import declared
from local.host.bindings.connections import Connection
from local.host.bindings.declared import (
    AppRefused,
    HttpTrigger,
    Indexed,
    QueueOutput,
    QueueTrigger,
    TimerTrigger,
)

SETTINGS = {"WORK": "work-items", "Work": "AccountName=a;AccountKey=b", "SWEEP": "0 */5 * * * *", "EMPTY": ""}
ANSWER = {"type": "http", "direction": "OUT", "name": "$return"}


def http(**more: Any) -> dict[str, Any]:
    return {"type": "httpTrigger", "direction": "IN", "name": "req", "authLevel": "FUNCTION"} | more


def queue(**more: Any) -> dict[str, Any]:
    return {
        "type": "queueTrigger",
        "direction": "IN",
        "name": "msg",
        "queueName": "%WORK%",
        "connection": "Work",
    } | more


def timer(**more: Any) -> dict[str, Any]:
    return {"type": "timerTrigger", "direction": "IN", "name": "timer", "schedule": "%SWEEP%"} | more


def read(*bindings: dict[str, Any], prefix: str = "api") -> declared.Function:
    functions, _ = declared.read([Indexed("1", "one", bindings)], prefix, SETTINGS)
    return functions[0]


def test_an_http_function() -> None:
    trigger = read(http(route="restores/{id}", methods=["GET", "post"]), ANSWER).trigger
    assert isinstance(trigger, HttpTrigger)
    assert (trigger.route, trigger.methods, trigger.level) == (
        "api/restores/{id}",
        frozenset({"GET", "POST"}),
        "function",
    )


@pytest.mark.parametrize(
    ("prefix", "route", "expected"), [("api", None, "api/one"), ("", "x", "x"), ("v1/api", "/x/", "v1/api/x")]
)
def test_routes_stand_under_the_prefix_and_default_to_the_functions_name(
    prefix: str, route: str | None, expected: str
) -> None:
    trigger = read(http(route=route), prefix=prefix).trigger
    assert isinstance(trigger, HttpTrigger)
    assert trigger.route == expected
    assert trigger.methods is None


def test_a_queue_function_with_an_output() -> None:
    function = read(
        queue(), {"type": "queue", "direction": "OUT", "name": "out", "queueName": "next", "connection": "Work"}
    )
    connection = Connection(SETTINGS["Work"])
    assert function.parameter == "msg"
    assert function.trigger == QueueTrigger("work-items", connection)
    assert function.outputs == {"out": QueueOutput("next", connection)}


def test_a_timer_function() -> None:
    trigger = read(timer(useMonitor=None, runOnStartup=False)).trigger
    assert isinstance(trigger, TimerTrigger)
    assert (trigger.expression, trigger.monitored, trigger.run_on_startup) == ("0 */5 * * * *", True, False)
    off = read(timer(useMonitor=False, runOnStartup=True)).trigger
    assert isinstance(off, TimerTrigger)
    assert (off.monitored, off.run_on_startup) == (False, True)


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        (queue(queueName="Work"), "'Work' is no queue name"),
        (queue(queueName="a--b"), "no queue name"),
        (queue(queueName="ab"), "no queue name"),
        (queue(queueName="a" * 64), "no queue name"),
        (queue(queueName="%NOWHERE%"), "needs the setting NOWHERE"),
        (queue(queueName="%EMPTY%"), "needs the setting EMPTY"),
        (queue(connection="Other"), "connection 'Other' is not set"),
        (queue(connection=""), "connection 'AzureWebJobsStorage' is not set"),
        (timer(schedule="0 61 * * * *"), "61 in the minute field"),
        (timer(schedule="%NOWHERE%"), "needs the setting NOWHERE"),
        (http(route="{id:frobnicate}"), "route constraint 'frobnicate'"),
        (http(authLevel="USER"), "authLevel 'user'"),
        ({"type": "blobTrigger", "direction": "IN", "name": "blob"}, "trigger 'blobTrigger' is not run"),
        ({"type": "table", "direction": "OUT", "name": "rows"}, "exactly one trigger"),
    ],
)
def test_what_the_runtime_lets_pass_the_host_refuses(binding: dict[str, Any], words: str) -> None:
    with pytest.raises(AppRefused, match="function one: ") as refusal:
        read(binding)
    assert words in str(refusal.value)


def test_the_hosts_own_routes_cannot_be_taken() -> None:
    with pytest.raises(AppRefused, match="begins with a word the host keeps for itself"):
        read(http(route="Admin/x"), prefix="")


def test_all_problems_are_told_at_once() -> None:
    broken = [Indexed("1", "one", (timer(schedule="x"),)), Indexed("2", "two", (queue(queueName="X"),))]
    with pytest.raises(AppRefused) as refusal:
        declared.read(broken, "api", SETTINGS)
    assert [problem.split(":")[0] for problem in refusal.value.problems] == ["function one", "function two"]


def test_what_behaves_otherwise_in_azure_is_noted() -> None:
    indexed = [
        Indexed("1", "one", (http(route="restores/{id}", methods=["GET"]),)),
        Indexed("2", "two", (http(route="restores/sample"),)),
        Indexed("3", "three", (http(route="restores/sample", methods=["POST"]),)),
        Indexed("4", "four", (timer(),), retries=True),
    ]
    _, notes = declared.read(indexed, "api", SETTINGS)
    assert [note.split(" ")[:5] for note in notes] == [
        ["function", "four:", "its", "retry", "policy"],
        ["routes", "of", "one", "('api/restores/{id}')", "and"],
        ["routes", "of", "two", "('api/restores/sample')", "and"],
    ]


def test_only_some_functions_of_the_app_can_be_chosen() -> None:
    functions, _ = declared.read(
        [Indexed("1", "take", (http(),)), Indexed("2", "run", (queue(),)), Indexed("3", "sweep", (timer(),))],
        "api",
        SETTINGS,
    )
    table: list[tuple[list[str], list[str]]] = [
        ([], ["take", "run", "sweep"]),
        (["http"], ["take"]),
        (["queue", "timer"], ["run", "sweep"]),
        (["sweep", "http"], ["take", "sweep"]),
    ]
    for only, names in table:
        assert [one.name for one in declared.chosen(functions, only)] == names
    with pytest.raises(AppRefused, match="--only other: neither http, queue or timer nor a function"):
        declared.chosen(functions, ["other"])
