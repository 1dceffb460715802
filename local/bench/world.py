"""What both contenders of the bench are given: the same emulator, the same durations, the same databases."""

import argparse
import json
import os
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from local.emulator.world.seed import SUBSCRIPTION, Instance, Resource, vault_id
from local.emulator.world.worlds import bench_seed
from local.setup.environment import hermetic
from local.stack.processes import Child

CONTAINER = "https://benchstore.blob.core.windows.net/drills"
ACCOUNT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/benchRG/providers/Microsoft.Storage/storageAccounts/benchstore"


OWN = "account targets"


@dataclass(frozen=True)
class Case:
    """So many restores at once, in so many vaults; `speed` divides every duration of Azure's and of the contender's."""

    restores: int
    vaults: int
    speed: float
    job_seconds: float = 600.0
    moving: bool = False  # a running job's etag changes every 20 s; else only when the job does
    days: int = 14  # of daily backups of each instance, all in the vault's list of jobs
    held: int = 100  # instances in a vault, at least
    sweep_every: float = 30.0  # the schedule that a deployment has
    threads: int = 500  # of the peer's pool, at the most
    limits: bool = True  # off: Azure counts what is called and refuses nothing
    azurite: bool = False  # the ledger's table in Azurite in place of memory
    account: bool = False  # each restore gets a container of its own, which is deleted an hour after its end

    @property
    def each(self) -> int:
        """How many instances a vault holds."""
        return max(self.held, -(-self.restores // self.vaults))

    @property
    def words(self) -> str:
        """How this case differs from the plain case."""
        said = [f"{self.job_seconds / 3600:g} h jobs"] if self.job_seconds >= 3600 else []
        said += ["etag moves"] if self.moving else []
        said += ["never refused"] if not self.limits else []
        said += [OWN] if self.account else []
        said += [f"{self.threads} threads"] if self.threads != Case.threads else []
        return ", ".join(said + (["Azurite"] if self.azurite else []))

    def instances(self) -> list[tuple[str, str, str]]:
        """Vault, instance's ARM id and its name in desk.toml, one for each restore; neighbours are in other vaults."""
        seed = bench_seed(self.vaults, self.each)
        found = [
            (vault_id(SUBSCRIPTION, vault), f"{vault_id(SUBSCRIPTION, vault)}/backupInstances/{held.name}", held.server)
            for held_at in range(self.each)
            for vault in seed.vaults
            for held in [vault.instances[held_at]]
        ]
        return found[: self.restores]


@dataclass(frozen=True)
class World:
    """An emulator that runs, and where its certificate and its folder are."""

    url: str
    certificate: Path
    home: Path

    def asked(self, path: str) -> Any:
        """The emulator's control API."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        answer = httpx.get(f"{self.url}/_emulator/{path}", timeout=120, trust_env=False, verify=trusted)
        answer.raise_for_status()
        return answer.json()


def _lasting(instance: Instance, seconds: float, number: int) -> Instance:
    """Durations up to a tenth longer or shorter, so that no contender gains from jobs that end just at its poll."""
    return replace(instance, job_seconds=seconds * (0.9 + 0.2 * (number * 0.618 % 1)))


@contextmanager
def world(case: Case) -> Iterator[World]:
    """A fresh emulator over TLS with ARM's real token buckets; nothing is left of it after the block."""
    home = Path(tempfile.mkdtemp(prefix="restore-desk-bench-"))
    seed = bench_seed(case.vaults, case.each, case.days, history=True)
    vaults = tuple(
        replace(v, instances=tuple(_lasting(i, case.job_seconds, n) for n, i in enumerate(v.instances)))
        for v in seed.vaults
    )
    resources = (*seed.resources, *([Resource(id=ACCOUNT, location="eastus2")] if case.account else []))
    (home / "seed.json").write_text(json.dumps(asdict(replace(seed, vaults=vaults, resources=resources))))
    line = ["-m", "local.emulator", "--port", "0", "--state", str(home / "state"), "--seed", str(home / "seed.json")]
    line += ["--speed", str(case.speed), "--tls", "--fractional-retry-after"]
    line += ["--ends-at-first-poll", *(["--buckets"] if case.limits else [])]
    line += ["--etag-every", "20"] if case.moving else []
    child = Child("the emulator", line, home / "emulator.log", hermetic(os.environ))
    try:
        child.start()
        url = next(word for word in child.first_line.split() if word.startswith("https")).rstrip(",")
        yield World(url, home / "state" / "emulator.crt", home)
    finally:
        child.stop(5)
        shutil.rmtree(home, ignore_errors=True)


def contender_arguments(argv: list[str] | None = None) -> tuple[Case, World]:
    """The arguments of a contender's process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case", type=json.loads)
    parser.add_argument("world", type=json.loads)
    given = parser.parse_args(argv)
    told = given.world
    return Case(**given.case), World(told["url"], Path(told["certificate"]), Path(told["home"]))
