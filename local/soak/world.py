"""The world of a soak: vaults of the emulator, and the desk.toml of their 109 instances and five channels. Pure."""

from dataclasses import asdict
from typing import Any

from local.emulator.world.seed import SUBSCRIPTION, Seed, vault_id
from local.emulator.world.worlds import bench_seed

VAULTS, EACH, INSTANCES = 3, 37, 109
STEADY, FAILING = "events", "dba"  # the channels that hear of each step; one of them fails now and then
SHARE = 0.1
MORE = ("audit", "report", "tickets")  # channels that hear of ends only, at the same other end as the steady one


def seed() -> Seed:
    """The vaults beside the emulator's own."""
    return bench_seed(VAULTS, EACH)


def seed_json() -> dict[str, Any]:
    return {"seed": asdict(seed())}


def names() -> list[str]:
    """The instances by their names in desk.toml; neighbours are in other vaults."""
    made = seed()
    return [vault.instances[n].server for n in range(EACH) for vault in made.vaults][:INSTANCES]


def desk_toml() -> str:
    """All instances, one container for their files, and the channels."""
    wanted, lines = set(names()), list[str]()
    for vault in seed().vaults:
        for one in vault.instances:
            if one.server in wanted:
                place = f"{vault_id(SUBSCRIPTION, vault)}/backupInstances/{one.name}"
                lines.append(f'[instances.{one.server}]\nid = "{place}"\ntargets = ["drills"]\n')
    return "\n".join([*lines, _REST, *(_channel(name, *about) for name, about in _CHANNELS.items())])


_REST = """
[targets.drills]
kind = "files"
container = "https://testossstorageaccount.blob.core.windows.net/drills"

[http]
instances = ["*"]
targets = ["drills"]
"""
_STEPS, _ENDS = '["accepted", "submitted", "succeeded", "failed"]', '["succeeded", "failed"]'
_CHANNELS = {STEADY: ("DESK", _STEPS), FAILING: ("DBA", _STEPS), **dict.fromkeys(MORE, ("DESK", _ENDS))}


def _channel(name: str, end: str, events: str) -> str:
    url, secret = f'{{ env = "{end}_WEBHOOK_URL" }}', f'{{ env = "{end}_WEBHOOK_SECRET" }}'
    return f'[channels.{name}]\nkind = "webhook"\nurl = {url}\nsecret = {secret}\non = {events}\ndefault = true\n'
