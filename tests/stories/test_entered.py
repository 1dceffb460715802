"""Every function that does I/O or decides is entered by a story with crash points, or a reason stands for it."""

import json
import os
from pathlib import Path

from shared.tickets import expressions
from tests.kits.breaker import CRASHES, Break
from tests.kits.crash_story import every, short, whole
from tests.kits.entered import ROOMS, entering, functions
from tests.stories import test_crash_acts, test_crash_more, verification_story
from tests.stories.crash_people import keyed
from tests.stories.verification_disorder import orders

REASONED = Path(__file__).with_name("not_entered.json")
STORIES = (short, whole, *test_crash_acts.STORIES, *test_crash_more.STORIES)
FEWEST_FUNCTIONS = 500  # a search that finds less checks nothing
POINTS = 40  # the first crash points of two stories, for what only a crash between key and restore brings about


def never_entered() -> set[str]:
    for cached in (expressions.compiled, expressions._options):  # other tests of this process may have filled them
        cached.cache_clear()
    with entering() as entered:
        for make in STORIES:
            make({}).run()
        for make in (short, keyed):
            for plan in every(make, CRASHES)[:POINTS]:
                make(plan).run()
        for plan in every(short, (Break.TROUBLE_AFTER,)):  # what only a lost answer brings about
            short(plan).run()
        verification_story.play({})
        orders(range(2))
    return functions() - entered


def _covers(place: str, name: str) -> bool:
    """A place that ends in a dot stands for all in a module, or in a package, that is never entered."""
    return name.startswith(place) if place.endswith(".") else name == place


def test_what_no_story_enters_is_reasoned(quiet_log: None, tried: object) -> None:
    reasons: dict[str, str] = json.loads(REASONED.read_text())
    never, there = never_entered(), functions()
    assert len(there) >= FEWEST_FUNCTIONS
    assert callable(tried)
    tried(f"{len(there) - len(never)} of {len(there)} functions of {', '.join(ROOMS)} are entered by stories")
    why = {name: [reason for place, reason in reasons.items() if _covers(place, name)] for name in sorted(never)}
    if os.environ.get("DESK_PRINT_NEVER_ENTERED"):
        tried("\n".join(f"never entered: {name}: {said[0] if said else 'NO REASON'}" for name, said in why.items()))
    assert [name for name, said in why.items() if not said] == [], "write a story, or a reason in not_entered.json"
    idle = [place for place in reasons if not any(_covers(place, name) for name in never)]
    assert idle == [], "all of these are entered by now, or gone: take them out of not_entered.json"
    assert all(len(reason) > 20 for reason in reasons.values())


def test_the_search_sees_a_function_that_nobody_enters() -> None:
    for cached in (expressions.compiled, expressions._options):  # other tests of this process may have filled them
        cached.cache_clear()
    with entering() as entered:
        short({})
    assert "shared.workflow.submission.submit" in functions() - entered
    for cached in (expressions.compiled, expressions._options):  # other tests of this process may have filled them
        cached.cache_clear()
    with entering() as entered:
        short({}).run()
    assert "shared.workflow.submission.submit" in entered
