"""Whatever a POST is answered, there are never two jobs for one restore, and two hundred doubts park nothing."""

import random
from collections.abc import Callable

import httpx
import pytest

from local.stack.answers import arm_over
from shared.azure.arm_calls import ArmCalls
from shared.azure.data_protection import DataProtection
from shared.azure.port import Doubt, Taken
from shared.domain.restore import Phase, Restore
from tests.kits.fake_azure import FakeAzure
from tests.kits.stories import now_is
from tests.kits.world import running
from tests.stories.proof_kit import posts_of, world_of

BODIES = {
    "Azure's words": {"error": {"code": "UserErrorInvalidRequest", "message": "no"}},
    "already running": {"error": {"code": "UserErrorOperationAlreadyRunning", "message": "no"}},
    "max concurrent": {"error": {"code": "UserErrorMaxConcurrentOperationLimitReached", "message": "no"}},
    "it passes": {"error": {"code": "CloudServiceRetryableError", "message": "no"}},
    "a proxy's": {"message": "forbidden by policy"},
    "none": None,
}
STATUSES = (400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 415, 422, 423, 425, 429, 451, 500, 503)
WITHOUT_EFFECT = (401, 429)  # the gate stands before the service: these never took effect


class Answering(FakeAzure):
    """Its POST is answered by real HTTP, after it took effect or without any."""

    response: httpx.Response | None = None
    took: bool = False

    def answers(self, response: httpx.Response, took: bool) -> None:
        self.response, self.took = response, took

    def submit(self, restore: Restore, check: Callable[[], None]) -> Taken:
        response, self.response = self.response, None
        if response is None:
            return super().submit(restore, check)
        if self.took:
            super().submit(restore, check)
        else:
            self._called("submit", restore.id)
        calls = ArmCalls(arm_over(lambda request: response), "2024-04-01", 60)
        return DataProtection(calls, lambda: "t").submit(restore, check)


@pytest.mark.parametrize("status", STATUSES)
def test_whatever_the_post_is_answered_there_are_never_two_jobs(
    status: int, request: pytest.FixtureRequest, quiet_log: None
) -> None:
    row = []
    for name, body in BODIES.items():
        for took in (False, True):
            if took and (status in WITHOUT_EFFECT or (status in (400, 403, 404) and name == "Azure's words")):
                continue
            world = world_of(Answering)
            assert isinstance(world.azure, Answering)
            world.azure.answers(httpx.Response(status, json=body) if body else httpx.Response(status), took)
            one = running(world, world.process(), key="one")
            world.settle(world.process(), rounds=200)
            restore, jobs = now_is(world, one), posts_of(world, one)
            assert jobs <= 1, (status, name, took)
            assert (restore.phase is Phase.SUCCEEDED) == (jobs == 1), (status, name, took, restore.phase)
            assert restore.phase in (Phase.SUCCEEDED, Phase.FAILED), (status, name, took, restore.trouble)
            assert world.faults() == [], (status, name, took)
            row.append(f"{name}{'+effect' if took else ''}: {restore.phase.value}")
    request.node.user_properties.append(("said", f"POST answered {status}: {'; '.join(row)}"))


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


def test_two_hundred_single_doubts_park_nothing(quiet_log: None, request: pytest.FixtureRequest) -> None:
    dice, ended = random.Random(11), dict[str, int]()  # noqa: S311 - a seed, no secret
    for _ in range(200):
        world = world_of(teacher=dice.random() < 0.5)
        world.azure.echoes = dice.random() < 0.5
        world.azure.echoes_prefix = not world.azure.echoes
        took = dice.random() < 0.5
        world.azure.listed_after = dice.choice([0, 300, 1200, 5000])
        world.azure.script["answer" if took else "submit"] = [Doubt("the worker was killed between claim and answer")]
        one = running(world, world.process(), key="one")
        world.settle(world.process(), rounds=200)
        restore = now_is(world, one)
        ended[restore.phase.value] = ended.get(restore.phase.value, 0) + 1
        assert posts_of(world, one) == 1, restore.timeline
    request.node.user_properties.append(("said", f"200 single doubts: {ended}"))
    assert ended == {"succeeded": 200}
