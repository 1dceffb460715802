"""Each place where Azure may write a thing of a recovery point, and what is said of one that cannot be restored."""

from datetime import timedelta
from typing import Any

import pytest

from shared.azure.recovery_points import NoPoint, choose, read_point, unfit
from shared.domain.values import iso
from tests.kits.restores import NOW


def at(hours: float) -> str:
    return iso(NOW + timedelta(hours=hours))


def point(hours: float = -1, name: str = "p", *stores: dict[str, Any], **more: Any) -> Any:
    inner = {"recoveryPointTime": at(hours), "recoveryPointDataStoresDetails": list(stores), **more}
    found = read_point({"name": name, "properties": inner})
    assert found
    return found


IN_VAULT = {"type": "VaultStore"}
ARCHIVED = {"type": "ArchiveStore"}


@pytest.mark.parametrize(
    ("stores", "more", "fault"),
    [
        ((), {}, None),
        ((), {"recoveryPointState": "Partial"}, "partial"),
        ((), {"recoveryPointState": "Completed"}, None),
        ((), {"expiryTime": at(0)}, "expired"),
        ((), {"expiryTime": at(0.1)}, None),
        (({**IN_VAULT, "visible": False},), {}, "hidden"),
        (({**IN_VAULT, "visible": None},), {}, None),
        (({**IN_VAULT, "expiryTime": at(0)},), {}, "expired"),
        (({**IN_VAULT, "expiryTime": at(0.1)},), {}, None),
        (({**IN_VAULT, "visible": False}, {**IN_VAULT, "expiryTime": at(-1)}), {}, "expired"),
        (({**IN_VAULT, "visible": False}, IN_VAULT), {}, None),
    ],
)
def test_why_a_point_cannot_be_restored(stores: Any, more: Any, fault: str | None) -> None:
    assert unfit(point(-1, "p", *stores, **more), NOW, False) == fault


@pytest.mark.parametrize(
    ("stores", "tier", "rehydrated"),
    [
        ((), "VaultStore", False),
        ((IN_VAULT,), "VaultStore", False),
        ((ARCHIVED,), "ArchiveStore", False),
        ((ARCHIVED, IN_VAULT), "VaultStore", False),
        (({**ARCHIVED, "rehydrationStatus": "Completed", "rehydrationExpiryTime": at(1)},), "VaultStore", True),
        (({**ARCHIVED, "rehydrationStatus": "Completed", "rehydrationExpiryTime": at(0)},), "ArchiveStore", False),
        (({**ARCHIVED, "rehydrationStatus": "Completed"},), "ArchiveStore", False),
        (({**ARCHIVED, "rehydrationStatus": "InProgress", "rehydrationExpiryTime": at(1)},), "ArchiveStore", False),
        ((ARCHIVED, {**IN_VAULT, "rehydrationStatus": "InProgress"}), "ArchiveStore", False),
        (
            (ARCHIVED, {**IN_VAULT, "rehydrationStatus": "Completed", "rehydrationExpiryTime": at(1)}),
            "VaultStore",
            True,
        ),
        ((ARCHIVED, {**IN_VAULT, "visible": False}), "ArchiveStore", False),
    ],
)
def test_in_which_tier_a_point_is(stores: Any, tier: str, rehydrated: bool) -> None:
    found = point(-1, "p", *stores).chosen(NOW)
    assert (found.tier, found.rehydrated) == (tier, rehydrated)
    archived = unfit(point(-1, "p", *stores), NOW, True) is not None
    assert archived is (tier == "ArchiveStore")


def test_the_point_that_is_asked_for() -> None:
    points = [point(-3, "c"), point(-1, "a", friendlyName="Friday"), point(-2, "b", recoveryPointState="Partial")]
    assert choose(points, {}, NOW, False).id == "a"
    assert choose(points, {"recoveryPoint": {"atOrBefore": at(-1)}}, NOW, False).id == "a"
    assert choose(points, {"recoveryPoint": {"atOrBefore": at(-1.01)}}, NOW, False).id == "c"
    assert choose(points, {"recoveryPoint": {"id": "A"}}, NOW, False).id == "a"
    assert choose(points, {"maxAgeHours": 1}, NOW, False).id == "a"
    assert choose([point(1, "later"), *points], {}, NOW, False).id == "a", "a point of the future is none"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"recoveryPoint": {"atOrBefore": at(-4)}},
            "no recovery point at or before 2026-10-02 08:00:00 UTC can be restored "
            "(none is listed); there are: oldest 2026-10-02 09:00 UTC (id c), newest 2026-10-02 11:00 UTC (id a), "
            "nearest to it 2026-10-02 09:00 UTC (id c)",
        ),
        (
            {"recoveryPoint": {"id": "x"}},
            "this instance has no recovery point x; it may have expired; there are: oldest "
            "2026-10-02 09:00 UTC (id c), newest 2026-10-02 11:00 UTC (id a)",
        ),
        (
            {"recoveryPoint": {"id": "b"}},
            "recovery point b is partial; there are: oldest 2026-10-02 09:00 UTC (id c), newest "
            "2026-10-02 11:00 UTC (id a), nearest to it 2026-10-02 11:00 UTC (id a)",
        ),
        (
            {"recoveryPoint": {"id": "friday"}},
            "friday is the friendlyName of a recovery point, which is for display only; its "
            'id is a: ask with "recoveryPoint": {"id": "a"}',
        ),
        (
            {"maxAgeHours": 0.5},
            "the fitting recovery point, of 2026-10-02 11:00 UTC (id a), is 1 hours old; maxAgeHours is 0.5",
        ),
    ],
)
def test_a_point_that_cannot_be_had_is_said_with_those_that_can(asked: Any, words: str) -> None:
    points = [point(-3, "c"), point(-1, "a", friendlyName="Friday"), point(-1.5, "b", recoveryPointState="Partial")]
    with pytest.raises(NoPoint) as caught:
        choose(points, asked, NOW, False)
    assert str(caught.value) == words


def test_without_a_usable_point_it_is_said_how_many_there_are_and_why() -> None:
    gone = [
        point(-1, "a", recoveryPointState="Partial"),
        point(-2, "b", expiryTime=at(-1)),
        point(-3, "c", expiryTime=at(-1)),
    ]
    with pytest.raises(NoPoint) as caught:
        choose(gone, {}, NOW, False)
    assert str(caught.value) == (
        "no recovery point can be restored (1 partial, 2 expired); none of the 3 listed can be restored, the oldest "
        "2026-10-02 09:00 UTC (id c), newest 2026-10-02 11:00 UTC (id a)"
    )
    with pytest.raises(NoPoint, match=r"\(none is listed\); the vault lists none of this instance"):
        choose([], {}, NOW, False)
