"""Gathers what is known of a run of chaos: from the desk's API and ledger, Azure's journal, channels and logs."""

import json
from collections.abc import Iterator

from local.chaos import causes
from local.chaos.invariants import Evidence, View
from local.chaos.run import Run
from local.chaos.world import CHANNELS, SILENT, places


def gather(run: Run) -> Evidence:
    """What is known now."""
    heard, views = run.callers.heard, {view["id"]: view for view in _views(run)}
    ids = {number: set(found) for number, found in heard.ids.items()}
    by_key = {(view.get("via"), view.get("request", {}).get("reason")): view["id"] for view in views.values()}
    for request in run.requests:
        if request.via != "http" and (found := by_key.get(("queue", request.body["reason"]))):
            ids.setdefault(request.number, set()).add(found)
    arrived = run.stack.channels.ends.arrived
    good = [(one.channel, json.loads(one.text), one.at) for one in arrived if one.status < 300 and not one.faults]
    happened = _happened(run, list(views.values()), [(name, e["id"], e["time"], at) for name, e, at in good])
    return Evidence(
        requests=run.requests,
        ids=ids,
        views=views,
        calls=run.stack.emulated("calls"),
        jobs=run.stack.emulated("jobs"),
        posts=[(channel, e["id"], e["type"].split(".")[2], e["data"]["restore"]) for channel, e, _ in good],
        spoilt=[f"{one.channel}: {fault}" for one in arrived for fault in one.faults],
        left=[*run.left()],
        wrong=heard.wrong,
        silent=frozenset(place.id for place in places() if place.vault == SILENT),
        channels=CHANNELS,
        under_chaos=run.under_chaos,
        wanted=run.wanted,
        failed_operations=run.failed_operations,
        fired=run.fired,
        planted=causes.planted(happened, run.stack.options.pace),
        certain=causes.certain(happened),
        still=run.still,
    )


def _happened(run: Run, views: list[View], arrivals: list[tuple[str, str, str, str]]) -> causes.Happened:
    moved = sum(log.read_text(errors="replace").count("moved to") for log in run.stack.home.glob("host-*.log"))
    rows = run.stack.traces()
    return causes.Happened(
        deeds=dict(run.done.counts),
        struck=run.struck,
        poisoned=run.callers.heard.poisoned,
        moved=moved,
        views=views,
        waited=causes.longest_wait(arrivals),
        sweeps=list(causes.sweeps(rows)),
        sound=list(causes.sweeps(rows, sound=True)),
    )


def _views(run: Run) -> Iterator[View]:
    link = "/api/restores?format=jsonl&pageSize=100"
    while link:
        answer = run.stack.http.get(link).raise_for_status()
        yield from map(json.loads, answer.text.splitlines())
        link = answer.links.get("next", {}).get("url", "")
