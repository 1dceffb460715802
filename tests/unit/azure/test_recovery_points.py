"""Recovery points: what a list says, and which point a request gets, or why none."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.azure.recovery_points import NoPoint, PointRead, choose, read_datasource, read_point, unfit
from shared.domain.restore import Point

SAMPLES = Path(__file__).parents[2] / "samples"
NOW = datetime(2026, 10, 2, 12, 0, tzinfo=UTC)
FLEX_NEWEST, FLEX_OLDER = "aa01f9c41eb8498bbf13b915b1521f77", "aa02f9c41eb8498bbf13b915b1521f77"
GOOD, ARCHIVED = "bb0426995b408bab9f4252d76c6b2304", "bb0526995b408bab9f4252d76c6b2305"
REHYDRATED, GONE_AGAIN = "bb0626995b408bab9f4252d76c6b2306", "bb0726995b408bab9f4252d76c6b2307"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def points(name: str) -> list[PointRead]:
    return [point for point in map(read_point, sample(name)["value"]) if point]


def chosen(name: str, asked: dict[str, Any], flexible: bool = False, now: datetime = NOW) -> Point:
    return choose(points(name), asked, now, flexible)


def by_id(identity: str) -> dict[str, Any]:
    return {"recoveryPoint": {"id": identity}}


def before(text: str) -> dict[str, Any]:
    return {"recoveryPoint": {"atOrBefore": text}}


def test_the_articles_point_is_read_and_named_by_its_id_not_its_friendly_name() -> None:
    point = chosen("article_points", {}, now=datetime(2021, 10, 22, 20, tzinfo=UTC))
    assert point.id == "eb006fde78cb47198be5a320fbe45e9b"
    assert point.friendly_name == "794ead7c7661410da03997d210d469e7"
    assert point.time == datetime(2021, 10, 21, 16, 31, 16, 831671, tzinfo=UTC)
    assert (point.tier, point.tag, point.type) == ("VaultStore", "Default", "Full")


def test_the_articles_point_expires_with_its_only_store() -> None:
    with pytest.raises(NoPoint, match="1 expired"):
        chosen("article_points", {}, now=datetime(2022, 10, 22, tzinfo=UTC))


CHOICES: list[tuple[str, dict[str, Any], str, str]] = [
    ("points_flexible", {}, FLEX_NEWEST, "VaultStore"),
    ("points_flexible", {"recoveryPoint": "latest"}, FLEX_NEWEST, "VaultStore"),
    ("points_flexible", before("2026-09-26T08:08:02.918866Z"), FLEX_NEWEST, "VaultStore"),
    ("points_flexible", before("2026-09-26T08:08:02.918865Z"), FLEX_OLDER, "VaultStore"),
    ("points_flexible", before("2026-09-26T10:08:02.918865+02:00"), FLEX_OLDER, "VaultStore"),
    ("points_flexible", by_id(FLEX_OLDER.upper()), FLEX_OLDER, "VaultStore"),
    ("points_secondary", {}, "cc01f9c41eb8498bbf13b915b1521f01", "VaultStore"),
    ("points_single", {}, GOOD, "VaultStore"),  # the newer ones are Partial, hidden and expired
    ("points_single", before("2026-06-30T00:00:00Z"), ARCHIVED, "ArchiveStore"),
    ("points_single", by_id(REHYDRATED), REHYDRATED, "VaultStore"),
    ("points_single", by_id(GONE_AGAIN), GONE_AGAIN, "ArchiveStore"),
]


@pytest.mark.parametrize(("name", "asked", "identity", "tier"), CHOICES)
def test_the_point_that_was_asked_for(name: str, asked: dict[str, Any], identity: str, tier: str) -> None:
    point = chosen(name, asked)
    assert (point.id, point.tier) == (identity, tier)
    assert point.rehydrated == (identity == REHYDRATED)


REFUSALS: list[tuple[str, dict[str, Any], bool, str]] = [
    ("points_single", before("2026-05-01T00:00:00Z"), False, "at or before 2026-05-01 00:00:00 UTC .*none is listed"),
    ("points_single", {"maxAgeHours": 24}, False, rf"{GOOD}\), is 628 hours old; maxAgeHours is 24"),
    ("points_single", {**by_id(GOOD), "maxAgeHours": 24}, False, "maxAgeHours is 24"),
    ("points_single", by_id("f00d163d5b408bab9f4252d76c6b2304"), False, f"friendlyName .* its id is {GOOD}"),
    ("points_single", by_id("bb0126995b408bab9f4252d76c6b2301"), False, "is partial"),
    ("points_single", by_id("bb0226995b408bab9f4252d76c6b2302"), False, "is hidden"),
    ("points_single", by_id("bb0326995b408bab9f4252d76c6b2303"), False, "is expired"),
    ("points_single", by_id(ARCHIVED), True, "in archive, which flexible servers cannot be restored from"),
    ("points_single", by_id("0" * 32), False, "has no recovery point 0{32}; it may have expired"),
    (
        "points_single",
        before("2026-05-01T00:00:00Z"),
        False,
        r"there are: oldest 2026.*\(id .*, newest 2026.*nearest to it",
    ),
    ("points_single", by_id("0" * 32), False, r"there are: oldest 2026.*\(id .*, newest 2026"),
]


@pytest.mark.parametrize(("name", "asked", "flexible", "words"), REFUSALS)
def test_why_there_is_none(name: str, asked: dict[str, Any], flexible: bool, words: str) -> None:
    with pytest.raises(NoPoint, match=words):
        chosen(name, asked, flexible)


def test_an_empty_list_is_no_point() -> None:
    with pytest.raises(NoPoint, match=r"no recovery point can be restored \(none is listed\)"):
        choose([], {}, NOW, False)


def test_a_flexible_servers_latest_passes_archived_points_over() -> None:
    archived = points("points_single")[4:5] + points("points_flexible")[1:]
    assert choose(archived, {}, NOW, True).id == FLEX_OLDER


def one(*stores: dict[str, Any]) -> PointRead:
    item = {"name": "p", "properties": {"recoveryPointTime": "2026-09-01T00:00:00Z"}}
    item["properties"]["recoveryPointDataStoresDetails"] = list(stores)  # type: ignore[index]
    found = read_point(item)
    assert found
    return found


VAULT, ARCHIVE = {"type": "VaultStore"}, {"type": "ArchiveStore"}
READY = {"rehydrationStatus": "COMPLETED", "rehydrationExpiryTime": "2026-10-12T00:00:00Z"}
OVER = {"rehydrationStatus": "COMPLETED", "rehydrationExpiryTime": "2026-10-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("stores", "tier"),
    [
        ([VAULT], "VaultStore"),
        ([VAULT, ARCHIVE], "VaultStore"),
        ([ARCHIVE], "ArchiveStore"),
        ([{**ARCHIVE, **READY}], "VaultStore"),
        ([{**ARCHIVE, **OVER}], "ArchiveStore"),
        ([ARCHIVE, {**VAULT, **READY}], "VaultStore"),
        ([ARCHIVE, {**VAULT, **OVER}], "ArchiveStore"),
        ([ARCHIVE, {**VAULT, "rehydrationStatus": "CREATE_IN_PROGRESS"}], "ArchiveStore"),
        ([ARCHIVE, {**VAULT, "rehydrationStatus": "DELETED"}], "ArchiveStore"),
        ([ARCHIVE, {**VAULT, "visible": False}], "ArchiveStore"),
        ([ARCHIVE, {**VAULT, "expiryTime": "2026-10-01T00:00:00Z"}], "ArchiveStore"),
        ([{"type": "archivestore"}], "ArchiveStore"),
        ([], "VaultStore"),
    ],
)
def test_the_tier_it_is_restored_from(stores: list[dict[str, Any]], tier: str) -> None:
    point = one(*stores)
    assert unfit(point, NOW, False) is None
    assert point.chosen(NOW).tier == tier


@pytest.mark.parametrize(
    "item", [None, [], {}, {"name": "p"}, {"name": "p", "properties": {"recoveryPointTime": "0001-01-01T00:00:00Z"}}]
)
def test_what_is_no_point_is_passed_over(item: Any) -> None:
    assert read_point(item) is None


def test_what_an_instance_protects() -> None:
    found = read_datasource(sample("instance_single"))
    assert found
    assert not found.flexible
    assert found.id.endswith("/servers/ossserver/databases/emp")
    assert (found.name, found.location) == ("ossserver\\emp", "westus")
    assert read_datasource({"properties": {}}) is None


@pytest.mark.parametrize("asked", [{}, before("2026-05-01T00:00:00Z"), by_id("0" * 32)])
def test_an_instance_without_any_point_is_told_so(asked: dict[str, Any]) -> None:
    with pytest.raises(NoPoint, match="the vault lists none of this instance"):
        choose([], asked, NOW, False)
