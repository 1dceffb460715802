"""Announces once that an instance's newest usable point is older than `staleAfterDays`, and once that it is recent."""

from contextlib import suppress
from dataclasses import replace

from shared.notices.outbox import MAX_CHANNELS, UNROUTED, owed
from shared.notices.point_facts import point_facts
from shared.notices.routing import channels_of
from shared.storage import row_keys
from shared.storage.stale_points import Watched, key_of, watched
from shared.storage.store import Change, Conflict
from shared.workflow.points import PointsRead, is_stale, newest_usable, vault_of
from shared.workflow.ports import Parts


def judge(parts: Parts, instance: str, name: str, days: float | None, read: PointsRead) -> bool:
    """Whether a notice was made. State and notices are saved in one transaction. Raises Conflict."""
    row = parts.ledger.store.get(row_keys.vault_partition(vault_of(instance)), key_of(instance))
    before = watched(row) if row else Watched(instance, name)
    if read.problem and not read.points:
        return False  # nothing is known of its points: neither stale nor fresh
    newest = newest_usable(parts, instance, read)
    stale = days is not None and is_stale(newest, days, parts.now())
    if stale == before.stale:
        return False
    after = replace(before, instance=instance, name=name, stale=stale, sequence=before.sequence + 1)
    facts = point_facts(after, days, newest.time if newest else None, parts.now())
    channels = channels_of(parts.read_desk(), name, (), facts.event, None, facts.source)
    parts.ledger.enter_vault(facts.vault)
    notices = owed(facts, channels if len(channels) <= MAX_CHANNELS else [UNROUTED])
    parts.ledger.store.commit(row_keys.partition(after.id), [after.change(), *notices])
    _clear(parts, after)
    return True


def _clear(parts: Parts, said: Watched) -> None:
    """The delivered notices of events before the last one go: no restore ends here that retention would remove."""
    store, place = parts.ledger.store, row_keys.partition(said.id)
    start = row_keys.notice(said.id, 0, "")
    rows = list(store.scan(place, start, row_keys.notice(said.id, said.sequence - 1, "")))
    owed = {row.text("sequence") for row in rows if row.text("state") == "owed"}
    for row in rows:
        if row.text("sequence") in owed:
            continue  # its event's row is still to be sent
        said_key = row_keys.said(said.id, int(row.text("sequence")))
        for key in filter(None, (row.text("dead"), said_key, row.key)):
            with suppress(Conflict):  # it is gone already
                store.commit(place, [Change("delete", key)])
