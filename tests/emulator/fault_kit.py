"""What the tests of faults ask of the emulator: its jobs, a request, which calls a rule strikes."""

from tests.kits.emulator_kit import FLEX, PG, Azure, Json, as_files, instance_path

POINTS = f"{instance_path(FLEX, PG)}/recoveryPoints"


def jobs(azure: Azure) -> list[Json]:
    found: list[Json] = azure.http.get("/_emulator/jobs").json()
    return found


def request(azure: Azure) -> Json:
    return as_files(azure.newest(FLEX, PG))


def strikes(azure: Azure, times: int) -> str:
    return "".join(".X"[azure.get(POINTS).status_code == 500] for _ in range(times))
