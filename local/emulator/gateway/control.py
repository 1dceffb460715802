"""The control API under /_emulator/: faults in, what happened out. For the loopback only; no token, no ARM.

A fault is `{"match": {"verb", "vault", "instance", "everyNth", "times", "probability"}, "fault": {"kind": …}}`,
one or a list; faults.py has the kinds. A call that got no answer is noted with status 0;
`effect` says whether it started something.
"""

import ipaddress
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulator.api.calls import World
from local.emulator.api.routes import ROUTES
from local.emulator.gateway import journal
from local.emulator.hindrance import faults
from local.emulator.wire.errors import Json
from local.emulator.world import left_behind, planting, ticks
from local.emulator.world.seed import Seed
from local.emulator.world.worlds import bench_seed

_RULES = TypeAdapter(list[faults.Rule])
_VERBS = {"any", *(route.verb.lower() for route in ROUTES)}


class Planted(BaseModel):
    """A seed to add: a tree, or `bench` with its two numbers."""

    model_config = ConfigDict(extra="forbid")

    seed: Seed | None = None
    bench: tuple[int, int] | None = None


class Control:
    def __init__(self, world: World, first: Seed) -> None:
        self._world = world
        self._first = first

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", "/_emulator", self._about),
            ("GET", "/_emulator/calls", self._calls),
            ("GET", "/_emulator/counts", self._counts),
            ("GET", "/_emulator/jobs", self._jobs),
            ("GET", "/_emulator/files", self._files),
            ("GET", "/_emulator/faults", self._faults),
            ("POST", "/_emulator/faults", self._add_faults),
            ("DELETE", "/_emulator/faults", self._clear_faults),
            ("POST", "/_emulator/reset", self._reset),
            ("POST", "/_emulator/seed", self._seed),
        ]
        return [Route(path, _local(endpoint), methods=[method]) for method, path, endpoint in table]

    async def _about(self, _: Request) -> Response:
        options = self._world.options
        vaults = [row["id"] for row in self._world.store.db.execute("SELECT id FROM vaults ORDER BY id")]
        return JSONResponse(
            {"speed": options.speed, "buckets": options.buckets, "state": str(options.state), "vaults": vaults}
        )

    async def _calls(self, request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not since.isdecimal():
            return _bad("since is the number of a call")
        return JSONResponse(journal.since(self._world.store.db, int(since)))

    async def _counts(self, _: Request) -> Response:
        return JSONResponse(journal.counts(self._world.store.db))

    async def _jobs(self, _: Request) -> Response:
        now = self._world.clock()
        return JSONResponse([_job(each, now) for each in left_behind.all_jobs(self._world.store.db)])

    async def _files(self, _: Request) -> Response:
        return JSONResponse(left_behind.list_files(self._world.store.db, self._world.clock()))

    async def _faults(self, _: Request) -> Response:
        rows = self._world.store.db.execute("SELECT n, doc, matched, applied FROM faults ORDER BY n")
        rules = [
            {"id": row["n"], "matched": row["matched"], "applied": row["applied"]}
            | faults.Rule.model_validate_json(row["doc"]).model_dump(mode="json", by_alias=True)
            for row in rows
        ]
        return JSONResponse(rules)

    async def _add_faults(self, request: Request) -> Response:
        """One rule or a list of them."""
        text = (await request.body()).strip()
        try:
            rules = _RULES.validate_json(text if text.startswith(b"[") else b"[" + text + b"]")
        except ValidationError as error:
            return _bad(str(error))
        if strange := {rule.match.verb for rule in rules if rule.match.verb.lower() not in _VERBS}:
            return _bad(f"unknown verbs {sorted(strange)}; known: {sorted(_VERBS)}")
        with self._world.store.transaction():
            return JSONResponse({"ids": [faults.add_rule(self._world.store, rule) for rule in rules]}, 201)

    async def _clear_faults(self, request: Request) -> Response:
        """All, or the one of `?id=`."""
        wanted = request.query_params.get("id")
        with self._world.store.transaction() as db:
            db.execute("DELETE FROM faults WHERE ? IS NULL OR n = CAST(? AS INTEGER)", (wanted, wanted))
        return Response(status_code=204)

    async def _reset(self, _: Request) -> Response:
        with self._world.store.transaction():
            self._world.store.clear()
            planting.plant(self._world.store, self._first, self._world.clock())
        self._world.inventory.forget()
        return Response(status_code=204)

    async def _seed(self, request: Request) -> Response:
        try:
            wanted = Planted.model_validate_json(await request.body())
        except ValidationError as error:
            return _bad(str(error))
        seed = wanted.seed or bench_seed(*(wanted.bench or (0, 0)))
        with self._world.store.transaction():
            planting.plant(self._world.store, seed, self._world.clock())
        self._world.inventory.forget()
        return Response(status_code=204)


def _local(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        peer = request.client.host if request.client else ""
        if not ipaddress.ip_address(peer or "0.0.0.0").is_loopback:  # noqa: S104 - an address to refuse, not to bind
            return JSONResponse({"error": "the control API answers the loopback only"}, 403)
        return await endpoint(request)

    return guarded


def _bad(message: str) -> Response:
    return JSONResponse({"error": message}, 400)


def _job(what: left_behind.Job, now: int) -> Json:
    return {
        "id": what.id,
        "vault": what.vault,
        "instance": what.instance,
        "category": what.category,
        "status": what.status(now) if now >= what.started else "NotStarted",
        "started": ticks.full(what.started),
        "ends": None if what.ends is None else ticks.full(what.ends),
        "activityID": what.activity,
        "point": what.point,
        "store": what.store,
        "destination": what.destination,
        "filePrefix": what.prefix,
        "error": what.error or None,
    }
