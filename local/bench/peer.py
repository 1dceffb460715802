"""The peer, what a team would write instead: azure-mgmt-dataprotection's pollers at their defaults, in threads."""

import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import HttpResponseError
from azure.mgmt.dataprotection import DataProtectionMgmtClient, models

from local.bench.contender import Score, until_done
from local.bench.peer_request import asked_for
from local.bench.world import CONTAINER, Case, contender_arguments

JOB_EVERY = 30.0  # seconds between two looks at a job, as the SDK's own pollers wait by default
LIMIT = 6 * 3600.0  # of the service's seconds
RUNNING, WELL = "InProgress", ("Completed", "CompletedWithWarnings")


class Token:
    """Any token will do on the loopback."""

    def get_token_info(self, *_: str, **__: Any) -> AccessTokenInfo:
        return AccessTokenInfo("peer", int(time.time()) + 86_400)

    def get_token(self, *_: str, **__: Any) -> Any:
        return self.get_token_info()

    def close(self) -> None:
        """Nothing is held."""


class Peer:
    """One restore a thread, from its points to the end of its job."""

    def __init__(self, client: DataProtectionMgmtClient, case: Case, score: Score) -> None:
        self._client, self._case, self._score = client, case, score

    def run(self, instance: str) -> None:
        """What went wrong is counted, as a script would log it."""
        try:
            self._run(instance)
        except Exception as error:  # noqa: BLE001 - the pool would keep it to itself
            self._score.fail(f"{type(error).__name__}: {error}")

    def _run(self, instance: str) -> None:
        parts = instance.split("/")
        where = (parts[4], parts[8], parts[10])
        points = list(self._client.recovery_points.list(*where))
        request = asked_for(str(points[0].name), where[2], "eastus2", CONTAINER)
        asked = models.ValidateRestoreRequestObject(restore_request_object=request)
        every = JOB_EVERY / self._case.speed
        backups = self._client.backup_instances
        backups.begin_validate_for_restore(*where, asked, polling_interval=every).result()
        result = backups.begin_trigger_restore(*where, request, polling_interval=every).result()
        self._follow(where[0], where[1], str(result.job_id).rpartition("/")[2], every)

    def _follow(self, group: str, vault: str, job: str, every: float) -> None:
        end = time.monotonic() + LIMIT / self._case.speed
        while time.monotonic() < end:
            try:
                found = self._client.jobs.get(group, vault, job)
            except HttpResponseError as error:
                if error.status_code != 429:
                    raise
            else:
                status = str(found.properties.status) if found.properties else RUNNING
                if status in WELL:
                    return self._score.notice(job)
                if status != RUNNING:
                    return self._score.fail(f"job {job} ended as {status}")
            time.sleep(every)
        return self._score.fail(f"job {job} was not seen to end")


def main() -> int:
    case, world = contender_arguments()
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # "Connection pool is full": its default is ten
    subscription = case.instances()[0][1].split("/")[2]
    trusted = str(world.certificate)
    with DataProtectionMgmtClient(Token(), subscription, base_url=world.url, connection_verify=trusted) as client:
        score = Score(case.restores)
        peer = Peer(client, case, score)
        with ThreadPoolExecutor(min(case.restores, case.threads)) as pool:
            for _, instance, _ in case.instances():
                pool.submit(peer.run, instance)
            until_done(score, LIMIT / case.speed, lambda: 0.05)
        score.report()
    return 0


if __name__ == "__main__":
    sys.exit(main())
