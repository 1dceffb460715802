"""What seldom happens to a notice: a ticket that cannot be written to, an answer before the call, a limit reached."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.stack.memory import MemoryStore
from shared.config.desk_file import Channel, Desk
from shared.domain.problems import Ours, Trouble
from shared.domain.restore import Phase
from shared.notices.channels.registry import covered, is_ticket_system
from shared.notices.facts import facts_of
from shared.notices.messages import Delivered, Message, Stop, TryAgain
from shared.notices.notifier import FAILS_IN_A_ROW, DeliveryRound, HttpPost, Notifier, sample_notice
from shared.notices.outbox import MAX_CHANNELS, UNROUTED, Notice, Outbox, channels_or_later, owed, read_notice
from shared.storage.store import Row
from tests.kits.desk_kit import DESK_MODEL, SECRET
from tests.kits.fakes import START
from tests.kits.restores import NOW, a_restore
from tests.kits.world import DBA_URL, EVENTS_URL, World, desk_with, running

ENVIRON = {"S": SECRET, "EVENTS_SECRET": SECRET, "DBA_SECRET": SECRET}
SYS_ID = "0123456789abcdef0123456789abcdef"
SERVICENOW = Channel.model_validate(
    {"kind": "servicenow", "url": "https://x.service-now.com", "user": "bot", "secret": {"env": "S"}, "refs": ["*"]}
)


def notifier(channel: Channel, *answers: Any) -> tuple[Notifier, list[Message]]:
    desk: Desk = desk_with(channels={**DESK_MODEL.channels, "x": channel})
    left, posted = list(answers), list[Message]()

    def post(message: Message) -> Any:
        posted.append(message)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    outbox = Outbox(MemoryStore())
    made = Notifier(outbox, lambda: desk, ENVIRON, post, lambda: NOW, lambda: 0.5, World().pace)
    return made, posted


def a_notice(**changes: Any) -> Notice:
    facts = facts_of(a_restore(Phase.LOST, **changes), "lost", NOW)
    _, line, _ = owed(facts, ["x"])
    return read_notice(Row(line.key, line.fields))


TICKET = {"system": "servicenow", "id": "RITM1", "ref": f"sc_req_item/{SYS_ID}"}
JSON = {"content-type": "application/json"}
ASKED = "asked whether the note is there already, the channel answered"


def test_a_ticket_of_another_table_can_never_be_written_to() -> None:
    made, posted = notifier(SERVICENOW.model_copy(update={"refs": ()}))
    found = made.tell("other", SERVICENOW, a_notice(ticket={**TICKET, "ref": "sys_user/x"}))
    assert isinstance(found, Stop)
    assert found.why.startswith("other writes to servicenow tickets, but its ticket's ref is not <table>/<sys_id>")
    assert posted == []


@pytest.mark.parametrize(
    ("before", "verdict", "calls"),
    [
        ((200, b'{"result": [{"sys_id": "1"}]}', JSON), Delivered(), 1),
        ((503, b"", {}), TryAgain(f"{ASKED} 503"), 1),
        ((429, b"", {"retry-after": "9"}), TryAgain(f"{ASKED} 429", 9.0, rest=True), 1),
        ((200, b'{"result": []}', JSON), Delivered(), 2),
        ((200, b"<html>", {}), Delivered(), 2),
        ((403, b"{}", JSON), Delivered(), 2),
    ],
)  # fmt: skip
def test_a_journal_is_asked_first_whether_the_note_is_there(before: Any, verdict: Any, calls: int) -> None:
    made, posted = notifier(SERVICENOW, before, (200, b"{}", JSON))
    assert made.tell("x", SERVICENOW, a_notice(ticket=TICKET)) == verdict
    assert [message.method for message in posted] == ["GET", "PATCH"][:calls]


def test_what_is_no_ticket_system_covers_no_ticket() -> None:
    assert not covered("webhook", TICKET, ("*",))
    assert not covered("servicenow", {"system": "jira", "id": "1"}, ("*",))
    assert covered("servicenow", TICKET, ("sc_req_item",))
    assert covered("servicenow", TICKET, (f"SC_REQ_ITEM/{SYS_ID}",))
    assert not covered("servicenow", TICKET, ("sc_req", "incident"))
    assert [is_ticket_system(kind) for kind in ("servicenow", "webhook", "nothing")] == [True, False, False]


@pytest.mark.parametrize(
    ("error", "rest"), [(Trouble("not reached"), True), (Ours("no secret"), True), (KeyError("bug"), False)]
)
def test_what_goes_wrong_with_a_call_postpones_it(error: Exception, rest: bool) -> None:
    made, _ = notifier(DESK_MODEL.channels["events"], error)
    found = made.tell("events", DESK_MODEL.channels["events"], replace(a_notice(), channel="events"))
    assert isinstance(found, TryAgain)
    assert found.rest is rest


# --- rounds -----------------------------------------------------------------------------------------------------------
def test_a_channel_rests_when_it_wants_to_or_fails_three_times_in_a_row() -> None:
    told = DeliveryRound()
    for _ in range(FAILS_IN_A_ROW - 1):
        told.answered("a", TryAgain("no"))
    assert not told.resting("a", "webhook")
    told.answered("a", Delivered())
    for _ in range(FAILS_IN_A_ROW - 1):
        told.answered("a", TryAgain("no"))
    assert not told.resting("a", "webhook")
    told.answered("a", Stop("never"))
    told.answered("a", TryAgain("no"))
    assert not told.resting("a", "webhook")
    for answer in (TryAgain("no", rest=True), TryAgain("no", 0.0)):
        other = DeliveryRound()
        other.answered("b", answer)
        assert other.resting("b", "webhook")
    assert not told.resting("b", "webhook")
    told.sent["s"] = 9
    assert not told.resting("s", "slack")
    told.sent["s"] = 10
    assert told.resting("s", "slack")


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [(1, 0.5, 5), (2, 0.5, 300), (9, 0.5, 86400), (10, 0.5, 86400), (1, 0, 4.5), (1, 1, 5.5)],
)
def test_a_notice_waits_longer_each_time(attempts: int, jitter: float, seconds: float) -> None:
    made, _ = notifier(DESK_MODEL.channels["events"])
    assert replace(made, jitter=lambda: jitter)._wait(attempts) == pytest.approx(seconds)


def test_a_notice_is_given_up_after_its_tenth_attempt() -> None:
    world = World()
    world.posts.answers[EVENTS_URL] = [500] * 10
    one = running(world, world.process(), dryRun=True)
    tries = []
    for _ in range(60):
        world.process().sweep.run()
        (first, *_rest) = [n for n in Outbox(world.store).of_restore(one) if n.channel == "events"]
        tries.append((first.attempts, first.state))
        world.clock.advance(8 * 3600)
    assert tries[-1] == (10, "given up")
    assert (9, "owed") in tries


def test_a_channel_that_asks_for_more_time_gets_it() -> None:
    for seconds, wait in ((2.0, 5), (100_000.0, 86400)):
        world = World()
        one = running(world, world.process(), dryRun=True)
        heads = {"retry-after": str(seconds)}

        def post(message: Message, heads: dict[str, str] = heads) -> Any:
            return 429, b"", heads

        process = world.process()
        process.posts = post
        process.sweep.run()
        (notice,) = [n for n in Outbox(world.store).of_restore(one) if n.channel == "events" and n.sequence == 1]
        assert notice.due == START + timedelta(seconds=wait)


# --- the outbox -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("count", "named"), [(MAX_CHANNELS, True), (MAX_CHANNELS + 1, False)])
def test_so_many_channels_hear_in_the_transaction_of_a_step(count: int, named: bool) -> None:
    channels = {f"c{n:02}": DESK_MODEL.channels["events"] for n in range(count)}
    desk = desk_with(channels=channels)
    restore = a_restore(channels=("c00",))
    found = channels_or_later(lambda: desk, restore, "lost")
    assert found == (sorted(channels) if named else [UNROUTED, "c00"])

    def broken() -> Desk:
        raise Ours("broken")

    assert channels_or_later(broken, restore, "lost") == [UNROUTED, "c00"]


def test_a_told_notice_is_owed_once_more_with_its_words() -> None:
    world = World()
    one = running(world, world.process(), dryRun=True)
    world.settle(world.process())
    outbox = Outbox(world.store)
    told = outbox.of_restore(one)[0]
    assert (told.state, told.facts) == ("delivered", "")
    assert outbox.with_facts(told).read_facts().event == told.event
    world.clock.advance(600)
    now = world.clock.now()
    outbox.resend(told, now)
    again = next(n for n in outbox.of_restore(one) if (n.sequence, n.channel) == (told.sequence, told.channel))
    assert (again.state, again.attempts, again.due, again.owed_since) == ("owed", 0, now, now)
    before = world.posts.events(EVENTS_URL).count(told.event_id)
    world.settle(world.process())
    assert world.posts.events(EVENTS_URL).count(told.event_id) == before + 1
    assert world.posts.events(DBA_URL) == []


def test_a_sample_is_owed_now() -> None:
    facts = facts_of(a_restore(), "accepted", NOW)
    text = '{"restore": "r-1"}'
    found = sample_notice(text, "dba", NOW)
    assert (found.restore, found.sequence, found.channel, found.due, found.state) == ("r-1", 1, "dba", NOW, "owed")
    assert facts.sequence == 0


# --- HTTP -------------------------------------------------------------------------------------------------------------
def test_a_token_that_cannot_be_had_is_trouble_that_names_the_scope() -> None:
    def no_token(scope: str) -> str:
        raise OSError("secret")

    def call(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing is sent")

    post = HttpPost(None, no_token, call)  # type: ignore[arg-type]
    with pytest.raises(Trouble, match=r"^no token for https://s/.default \(OSError\)$"):
        post(Message("POST", "https://x.example", {}, b"", "https://s/.default"))
