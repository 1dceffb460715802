"""What a worker's start may not import: every cold start would pay for it before the first call."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack.memory import MemoryStore
from shared.composition import App
from shared.composition.warm import warm
from shared.config.settings import from_environment
from shared.domain.problems import Trouble
from shared.domain.restore import Restore
from shared.storage.store import Row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ("jinja2", "shared.pages.site", "shared.pages.templates")
HEAVY = (
    "aiohttp", "azure.core", "azure.data.tables", "azure.identity", "azure.storage.queue", "cryptography", "jmespath",
    "jwt", "msal", "requests",
)  # fmt: skip
OURS = (
    "shared.notices.channels.registry",
    "shared.notices.notifier",
    "shared.api.openapi",
    "shared.sweep.sweep",
    "shared.tickets.event",
    "pydantic",
    "httpx",
)
NOT_FOR_A_POST = (
    "httpx", "shared.azure.port", "shared.azure.arm_calls", "shared.azure.data_protection", "shared.sweep.sweep",
    "shared.domain.events", "shared.domain.outcomes", "shared.workflow.workflow", "shared.workflow.operator_acts",
    "shared.aftercare.rows", "shared.api.listing", "shared.api.openapi", "shared.notices.notifier",
)  # fmt: skip
APP = """
from pathlib import Path
from local.stack.memory import MemoryStore
from shared.api.http import Call
from shared.composition import App
from shared.config.settings import from_environment
STORAGE = "DefaultEndpointsProtocol=https;AccountName=desk;AccountKey=a2V5;EndpointSuffix=core.windows.net"
app = App(from_environment({"AzureWebJobsStorage": STORAGE, "DESK_CONFIG": "samples/desk.toml"}, Path()))
app.__dict__["store"] = MemoryStore()
"""


class Down(MemoryStore):
    """A table that does not answer."""

    def get(self, partition: str, key: str) -> Row | None:
        raise Trouble("the ledger's table could not be used (503)")


def loaded(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after a statement."""
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    return set(json.loads(done.stdout))


def test_every_module_named_here_exists() -> None:
    assert all(importlib.util.find_spec(name) for name in (*OURS, *PAGE, *NOT_FOR_A_POST))


def test_the_triggers_alone_bring_nothing_but_the_platforms_own_package() -> None:
    assert loaded("import function_app").isdisjoint({*HEAVY, *OURS, *PAGE})


def test_the_app_put_together_brings_no_sdk_before_a_call_needs_it() -> None:
    assert loaded("import function_app; from shared.composition import app").isdisjoint(HEAVY)


BODY = b'{"instance": "pg-prod-01", "target": "drills", "requestedBy": "a@b.c"}'
AS_DEPLOYED = """
import json, time
from pathlib import Path
from shared.api.http import Call
from shared.composition import App
from shared.config.settings import from_environment
from shared.wire.http import Answer
class Http:
    "The identity's endpoint, and storage in which nothing is found and everything is written."
    def call(self, method, url, headers, body, seconds, most):
        if "/msi/" in url:
            return Answer(200, "", {}, json.dumps({"access_token": "x", "expires_on": time.time() + 9000}).encode())
        if method == "GET":
            return Answer(200, "", {}, b'{"value": []}') if "()" in url or "comp=" in url else Answer(404, "", {}, b"")
        if "batch" in url:
            return Answer(202, "", {}, body.replace(b" HTTP/1.1\\r", b"\\nHTTP/1.1 204 x\\r"))
        return Answer(201, "", {}, b"")
app = App(from_environment({
    "AzureWebJobsStorage__accountName": "desk", "DESK_CONFIG": "samples/desk.toml", "ARM_ENDPOINT": "http://127.0.0.1:9",
    "IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/", "IDENTITY_HEADER": "x",
}, Path()))
app.__dict__["http"] = Http()
"""
WAYS = {
    "POST": f"answer = app.api.post_restore(Call(body={BODY!r}))\nassert answer.status == 202, answer.body",
    "message": f"app.queue_door.message({BODY!r}, '1')",
    "tick": "app.upkeep.run()",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_workers_first_call_brings_no_sdk_of_storage_or_identity(way: str) -> None:
    found = loaded(f"{AS_DEPLOYED}\n{WAYS[way]}")
    assert found & {*HEAVY} <= {"jmespath"}, "jmespath is there for the sample's tickets"
    assert {"shared.wire.identity", "shared.storage.table_store"} <= found
    assert way != "POST" or found & {*NOT_FOR_A_POST} == set()


def test_a_tick_and_a_message_bring_no_client_of_channels_and_no_care() -> None:
    """Nothing is owed, and a worker's first round is the sweep alone."""
    care = {"shared.aftercare.cleanup", "shared.aftercare.verify", "shared.sweep.points_look"}
    for way in ("message", "tick"):
        found = loaded(f"{AS_DEPLOYED}\n{WAYS[way]}")
        assert found.isdisjoint({"httpx", "httpcore", "h11", "shared.notices.notifier", *care}), way


def test_a_kind_of_channel_is_imported_when_a_desk_has_one() -> None:
    channels = "from shared.notices.channels.registry import KINDS; "
    channels += "assert KINDS['webhook'] and 'answers' not in KINDS; "
    assert "shared.notices.channels.slack" not in loaded(channels)
    assert "shared.notices.channels.slack" in loaded(f"{channels}assert 'slack' in KINDS")
    assert "shared.notices.channels.slack" in loaded(f"{channels}assert len(KINDS) == len(list(KINDS)) > 9")


def test_an_identity_brings_nothing_that_calls_azure() -> None:
    statement = "from pathlib import Path; from shared.composition import App; from shared.config.settings import *; "
    statement += "App(from_environment({'AzureWebJobsStorage__accountName': 'desk'}, Path('/'))).store"
    assert loaded(statement).isdisjoint({"httpx", "shared.azure.arm_client"})


def test_azure_is_built_with_its_first_call() -> None:
    statement = "from pathlib import Path; from shared.composition import App; from shared.config.settings import *; "
    statement += "app = App(from_environment({'AzureWebJobsStorage': 'UseDevelopmentStorage=true'}, Path('/'))); "
    built = "from local.stack.memory import MemoryStore; app.__dict__['store'] = MemoryStore(); app.api; "
    assert "shared.azure.data_protection" not in loaded(statement + built)
    assert "shared.azure.data_protection" in loaded(statement + built + "app.parts.azure.azure_time()")


@pytest.mark.parametrize("part", ["sweep.sweep", "workflow.queue_in", "notices.notifier", "api.restores"])
def test_each_ways_own_module_brings_no_sdk_either(part: str) -> None:
    assert loaded(f"import shared.{part}").isdisjoint(HEAVY)


def test_the_api_brings_nothing_of_the_page_which_does_bring_it() -> None:
    app = f"""{APP}
assert app.api.list_restores(Call()).status == 200
assert app.dead_letters.answer(Call()).status == 200
"""
    assert loaded(app).isdisjoint(PAGE)
    assert loaded(f"{app}\nassert app.page.show(Call()).status == 403").issuperset(PAGE)


def test_a_worker_that_nobody_calls_has_all_of_a_post_beforehand_and_writes_nothing() -> None:
    app = App(from_environment({"AzureWebJobsStorage__accountName": "desk", "DESK_CONFIG": "samples/desk.toml"}, ROOT))
    app.__dict__["store"] = store = MemoryStore()
    warm(app)
    assert {"api", "board", "http", "intake", "parts", "send"} <= set(app.__dict__)
    assert (store.reads, store.writes) == (1, 0)  # the token and the connection are there
    assert Restore.__pydantic_complete__


@pytest.mark.parametrize("name", ["store", "desk"])
def test_what_is_amiss_while_it_gets_warm_is_left_to_the_first_call(name: str) -> None:
    lies = "samples/desk.toml" if name == "store" else "nowhere.toml"
    app = App(from_environment({"AzureWebJobsStorage__accountName": "desk", "DESK_CONFIG": lies}, ROOT))
    app.__dict__["store"] = Down() if name == "store" else MemoryStore()
    warm(app)
    assert app.api.parts is app.parts


def test_a_worker_gets_warm_after_its_indexing_and_only_where_an_identity_reaches_the_storage() -> None:
    indexed = "import function_app, threading; function_app.app.get_functions(); "
    timers = "assert [t.function for t in threading.enumerate() if t.daemon] == [function_app.warm_up]; "
    assert loaded(f"{indexed}{timers}").isdisjoint(OURS)
    assert "shared.composition" in loaded(f"{indexed}function_app.warm_up()")
    assert "shared.api.restores" not in loaded(f"{indexed}function_app.warm_up()")
