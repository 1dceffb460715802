"""The desk's own calls for containers, against the emulator's ARM: made, seen, refused, deleted, listed."""

from collections.abc import Iterator

import pytest

from shared.azure.arm_calls import ArmCalls
from shared.azure.arm_client import ArmClient
from shared.azure.data_protection import DataProtection
from shared.azure.port import Rejected
from shared.wire.http import Http
from shared.wire.trust import trusted
from tests.emulator.test_containers import ACCOUNT
from tests.kits.emulator_kit import API, Azure

NAME = "rd-abcdefgh-01k00000000000000000000000-1"


@pytest.fixture
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with Azure(tmp_path_factory.mktemp("own") / "world") as running:
        yield running


def test_a_container_from_its_making_to_its_end(azure: Azure) -> None:
    arm = ArmClient(Http(trusted), azure.emulator.url, lambda: "token")
    desk = DataProtection(ArmCalls(arm, API, 60.0), lambda: "token")
    assert desk.container(ACCOUNT, NAME) is None
    assert desk.make_container(ACCOUNT, NAME, {"restoredesk": "x"}) is True
    assert desk.make_container(ACCOUNT, NAME, {"restoredesk": "x"}) is False
    found = desk.container(ACCOUNT, NAME)
    assert found is not None
    assert (found.name, found.metadata) == (NAME, {"restoredesk": "x"})
    assert [one for one in desk.containers(ACCOUNT) if one.name == NAME] == [found]
    desk.delete_container(ACCOUNT, NAME)
    desk.delete_container(ACCOUNT, NAME)
    assert desk.container(ACCOUNT, NAME) is None
    with pytest.raises(Rejected) as no:
        desk.container(ACCOUNT.replace("testossstorageaccount", "nowhere"), NAME)
    assert no.value.error.code == "ResourceNotFound"
