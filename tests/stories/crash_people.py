"""Stories with crash points of what people do: they resolve what is lost, take rights, pause, correct a request."""

from typing import Any

import pytest

from shared.azure.port import Doubt, Gone
from shared.domain.problems import Problem, Trouble
from shared.domain.request import canonical_hash
from shared.domain.restore import Phase
from shared.storage import row_keys
from shared.storage.idempotency import KeyRows
from shared.storage.shared_state import Pause
from shared.workflow.operator_acts import Act
from tests.kits.breaker import Break, Breaker
from tests.kits.crash_story import Story, now_of, of, waits
from tests.kits.fakes import VAULT
from tests.kits.stories import no
from tests.kits.world import Process, body
from tests.stories.crash_timer import DAY
from tests.stories.proof_kit import resolution


# --- people, pauses, keys ----------------------------------------------------------------------------------------
def adopts(story: Story, process: Process) -> bool:
    """What is lost with a job is adopted, what is lost without one sent anew."""
    for restore in of(story, phase=Phase.LOST):
        jobs = [job.id for job in story.world.azure.jobs_by_id.values() if job.restore == restore.id]
        process.acts.resolve(restore, resolution("adopt", jobs[0]) if jobs else resolution("resubmit"))
    return bool(of(story, key="k1", closed=True)) and bool(of(story, key="k2", closed=True))


def resolved(plan: dict[int, Break]) -> Story:
    """A vault that echoes nothing: one whose POST took effect, one whose POST was lost while others restore."""
    story = Story(Breaker(plan), persons=False).by_http("k1").by_http("k2", instance="pg-b")
    story.world.azure.echoes = False
    story.world.azure.script |= {"answer": [Doubt("reset")], "submit": [lambda: None, Doubt("reset")]}
    story.world.azure.job_of_nobody("pg-b", started_after=3600)
    story.todo = [adopts]
    return story


def gives_up(story: Story, process: Process) -> bool:
    for restore in of(story, key="k1", phase=Phase.LOST):
        process.acts.resolve(restore, resolution("close"))
    return bool(of(story, key="k1", closed=True))


def cannot(story: Story, process: Process) -> bool:
    """Acts that come too late."""
    for restore in of(story, key="k1"):
        with pytest.raises(Problem):
            process.acts.withdraw(restore, Act(by="dba", reason="late"))
        with pytest.raises(Problem):
            process.acts.resolve(restore, resolution("close"))
        with pytest.raises(Problem):
            process.acts.withdraw(restore.model_copy(update={"id": restore.id[:-1] + "9"}), Act(by="dba", reason="?"))
    return True


def given_up(plan: dict[int, Break]) -> Story:
    """Lost, looked for in vain, closed by a person."""
    story = Story(Breaker(plan), persons=False).by_http("k1")
    story.world.azure.echoes = False
    story.world.azure.script["submit"] = [Doubt("reset")]
    story.world.azure.job_of_nobody("pg-a", started_after=3600)
    story.todo = [is_lost, waits(1000), waits(1000), gives_up, cannot]
    return story


def is_lost(story: Story, process: Process) -> bool:
    return bool(of(story, key="k1", phase=Phase.LOST) or of(story, key="k1", closed=True))


def unread(plan: dict[int, Break]) -> Story:
    """The vault's jobs cannot be read at first: a right is missing, then a strange answer."""
    story = Story(Breaker(plan)).by_http("k1")
    story.world.azure.script |= {
        "answer": [Doubt("reset")],
        "jobs": [no("AuthorizationFailed", 403), no("Strange", 418)],
    }
    return story


def rights(plan: dict[int, Break]) -> Story:
    """Rights that were given a moment ago, at every call; a job that is not shown at first; Azure's own 500s."""
    story = Story(Breaker(plan)).by_http("k1")
    missing = no("UserErrorMSIMissingPermissions", 403)
    script: dict[str, list[Any]] = {
        "validate": [missing],
        "submit": [missing],
        "job": [Gone("404")],
        "datasource": [Trouble("500")],
    }
    story.world.azure.script |= script
    return story


def pauses(story: Story, process: Process) -> bool:
    now = story.world.clock.now()
    process.parts.board.set_paused(Pause("dba", "maintenance", now), now)
    process.parts.board.set_paused(Pause("sre", "incident", now), now)
    return bool(process.parts.board.paused())


def resumes(story: Story, process: Process) -> bool:
    return process.parts.board.set_paused(None, story.world.clock.now()) is None


def paused(plan: dict[int, Break]) -> Story:
    """Paused for two days before the POST, throttled, and validated twice: its operation's URL was gone."""
    story = Story(Breaker(plan)).by_http("k1")
    throttled = Trouble("Azure answered 429", 30.0, 429, True)
    story.world.azure.script |= {"points": [throttled], "operation": [Gone("404")]}
    story.todo = [pauses, waits(DAY), waits(DAY), stands_still, resumes]
    return story


def stands_still(story: Story, process: Process) -> bool:
    return any("paused by" in (restore.trouble or "") for restore in of(story)) or bool(of(story, closed=True))


def claims(story: Story, process: Process) -> bool:
    """A process ended between a key and its restore, as another release of the desk may have left it."""
    dead = row_keys.new_id(VAULT, story.world.clock.now(), b"0123456789")
    KeyRows(story.world.store).claim("http", "k1", dead, canonical_hash(body(reason="dead")), now_of(story))
    story.pending.append(("k1", body()))
    return True


def corrects(story: Story, process: Process) -> bool:
    if not of(story, key="k2", closed=True):
        return False
    story.pending.append(("k2", body("pg-b")))
    return True


def keyed(plan: dict[int, Break]) -> Story:
    """One key was claimed by a process that ended, one stands for a restore that was refused."""
    story = Story(Breaker(plan)).by_http("k2", instance="pg-b", recoveryPoint={"atOrBefore": "2001-01-01T00:00:00Z"})
    story.todo = [claims, corrects]
    return story
