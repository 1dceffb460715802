"""What a cold worker costs until its first answer, message and tick: the desk beside the SDK peer, turn by turn.

As deployed: a managed identity for the storage (Azurite over TLS, which reads the tokens), bytecode of everything,
Azure over TLS. The CPU is a process's own, from its start to the end of the call; the lowest of some runs.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt

from local.bench.deployed import linked, required
from local.bench.document import write
from local.bench.ours import desk_toml
from local.bench.shows import Show, markdown
from local.bench.world import Case, World, world
from local.emulator.gateway.tls import pair
from local.setup.environment import hermetic
from local.stack.azurite import Azurite, Certificate
from local.stack.processes import ROOT

RUNS, QUICK = 7, 2
CASE = Case(restores=4, vaults=1, speed=20.0, days=1, held=4)
PEER = "azure-mgmt-dataprotection"
MODULES = {"ours": "function_app", "peer": "local.bench.peer_app"}
CALLS = {
    "first 202": ("request_restore", "http"),
    "first message": ("run_restore", "queue"),
    "first tick": ("sweep_restores", "timer"),
}
WARM = "first 202, warm"
VALIDATIONS = {  # begun at Azure by each call: a POST of the desk's is only saved, a message or tick then begins it
    "ours": {"first 202": 0, "first message": 1, "first tick": 1, WARM: 0},
    "peer": {"first 202": 1, "first message": 1, "first tick": 0},
}
MOST_CPU, MOST_WARM = 320, 60  # milliseconds
NOTE = (
    "Both run as they are deployed: with a managed identity for the storage (Azurite over TLS), bytecode of everything "
    "and only their own packages. The peer's POST and message list the points and begin a validation; its tick reads "
    "the first page of the vault's jobs. The peer saves nothing. The desk does all that it does in Azure; its message "
    "and its tick each begin a validation. The CPU is the lowest of several runs, the memory their median."
)


@dataclass(frozen=True)
class First:
    """One worker's first call: CPU ms of all and of the call alone, and the peak of its memory."""

    all_ms: float
    call_ms: float
    mib: float


class Identity(BaseHTTPRequestHandler):
    """The platform's token endpoint for managed identities."""

    def do_GET(self) -> None:
        now, scope = int(time.time()), parse_qs(urlsplit(self.path).query)["resource"][0]
        claims = {"aud": scope, "iss": "https://sts.windows.net/bench/", "nbf": now - 60, "iat": now, "exp": now + 9000}
        token = jwt.encode(claims, "a key that nobody checks, of 32 bytes", "HS256")
        body = json.dumps(
            {"access_token": token, "expires_on": str(now + 9000), "resource": scope, "token_type": "Bearer"}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@contextmanager
def identity() -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Identity)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/msi/token"
    finally:
        server.shutdown()
        server.server_close()


def _environ(made: World, azurite: Azurite, tokens: str) -> dict[str, str]:
    """The settings that infra/ deploys, as far as both need them; bytecode lies in the run's own folder."""
    kept = {name: value for name, value in hermetic(os.environ).items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(made.home / "packages"))),
        "PYTHONPYCACHEPREFIX": str(made.home / "bytecode"),
        "IDENTITY_ENDPOINT": tokens,
        "IDENTITY_HEADER": "bench",
        "REQUESTS_CA_BUNDLE": str(made.certificate),
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "AzureWebJobsStorage__tableServiceUri": azurite.table_url,
        "AzureWebJobsStorage__queueServiceUri": azurite.queue_url,
        "AzureWebJobsStorage__clientId": "bbbbbbbb-2222-3333-4444-555555555555",
        "ARM_ENDPOINT": made.url,
        "ARM_CA_BUNDLE": str(made.certificate),
        "DESK_PACE": str(CASE.speed),
        "DESK_CONFIG": str(desk_toml(CASE, made.home / "desk.toml")),
        "BENCH_VAULT": CASE.instances()[0][0],
        "BENCH_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }


def _once(name: str, call: str, body: Mapping[str, str], environ: Mapping[str, str], rest: float) -> First:
    function, trigger = CALLS[call]
    line = [sys.executable, "-S", "-m", "local.bench.first_answer", MODULES[name], function, trigger, json.dumps(body)]
    done = subprocess.run([*line, str(rest)], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}, {call}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    value = json.loads(done.stdout.splitlines()[-1])
    return First(value["all"] * 1000, value["call"] * 1000, value["mib"])


def _round(made: World, tokens: str, found: dict[tuple[str, str], list[First]]) -> None:
    """Each call of each contender in turn, on storage that holds nothing but what the calls before left."""
    names = [(instance.rpartition("/")[2], named) for _, instance, named in CASE.instances()]
    tls = Certificate(*pair(made.certificate.parent))
    with Azurite(made.home, in_memory=True, tls=tls) as azurite:
        environ = _environ(made, azurite, tokens)
        for at, call in enumerate((*CALLS, WARM)):
            for name in MODULES:
                if (call, name) == (WARM, "peer"):
                    continue
                key = 0 if name == "peer" else 1
                body = {"instance": names[at][key], "target": "drills", "requestedBy": "bench@contoso.com"}
                before = _validations(made)
                first = _once(name, call.removesuffix(", warm"), body, environ, 5.0 if call == WARM else 0.0)
                check(name, call, _validations(made) - before)
                found.setdefault((call, name), []).append(first)


def _validations(made: World) -> int:
    return sum(one["verb"] == "validateRestore" for one in made.asked("calls"))


def check(name: str, call: str, begun: int) -> None:
    """A call that did not do its work took no time worth comparing."""
    due = VALIDATIONS[name][call]
    if begun != due:
        raise RuntimeError(f"{name}, {call}: {begun} validations were begun, and {due} are its work")


def measured(runs: int = RUNS) -> dict[tuple[str, str], First]:
    """By call and contender: the lowest CPU, the median memory."""
    found: dict[tuple[str, str], list[First]] = {}
    with world(CASE) as made, identity() as tokens:
        linked(made.home / "packages", [*required(), PEER])
        _round(made, tokens, {})  # writes the bytecode
        for _ in range(runs):
            _round(made, tokens, found)
    return {
        what: First(
            min(f.all_ms for f in all_), min(f.call_ms for f in all_), sorted(f.mib for f in all_)[len(all_) // 2]
        )
        for what, all_ in found.items()
    }


def shows(found: Mapping[tuple[str, str], First]) -> list[Show]:
    """What holds of them."""
    said = []
    for call in CALLS:
        ours, peer = found[call, "ours"], found[call, "peer"]
        said.append(Show(f"{call}: CPU, ours : peer's", ours.all_ms / peer.all_ms, most=1.0))
        said.append(Show(f"{call}: CPU ms", ours.all_ms, most=MOST_CPU))
        said.append(Show(f"{call}: peak MiB, ours : peer's", ours.mib / peer.mib, most=1.0))
    return [
        *said,
        Show("first 202 of a worker that was left to get warm: CPU ms", found[WARM, "ours"].call_ms, most=MOST_WARM),
    ]


def document(found: Mapping[tuple[str, str], First]) -> str:
    """For docs/performance.md."""
    rows = [
        f"| {call} | {'**Restore Desk**' if name == 'ours' else 'SDK peer'} | {one.all_ms:.0f} | {one.call_ms:.0f} "
        f"| {one.mib:.0f} |"
        for (call, name), one in found.items()
    ]
    head = ["| worker's start to its | by | CPU ms | of the call alone | peak MiB |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + f"\n\n{NOTE}\n\n{markdown(shows(found))}"


def record(found: Mapping[tuple[str, str], First]) -> None:
    """Puts the figures into the document."""
    write("cold", document(found))
