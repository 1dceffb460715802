"""A pause that is a setting: on from the first read, joined to the operators' own, ended by no resume."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.stack.memory import MemoryStore
from shared.config.settings import from_environment
from shared.storage.shared_state import Board, Pause

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FIXED = Pause("DESK_START_PAUSED", "the setting is true", NOW)


def test_no_resume_ends_it() -> None:
    board = Board(MemoryStore(), FIXED)
    assert board.paused() == FIXED
    board.set_paused(Pause("me", "incident", NOW), NOW)
    both = board.paused()
    assert both is not None
    assert both.by == "me"
    assert [one.by for one in both.also] == ["DESK_START_PAUSED"]
    board.set_paused(None, NOW)
    assert board.paused() == FIXED
    assert Board(board.store).paused() is None


@pytest.mark.parametrize(("text", "on"), [("", False), ("False", False), ("true", True), ("True", True)])
def test_the_setting_is_read_as_bicep_writes_it(text: str, on: bool) -> None:
    given = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "DESK_START_PAUSED": text}
    assert from_environment(given, Path()).start_paused is on
    unread = from_environment({**given, "DESK_START_PAUSED": "yes please"}, Path())
    assert unread.start_paused, "what may mean a pause is one"
    assert "must be true or false" in unread.faults["DESK_START_PAUSED"]
