"""One thing that is written in several ways is the same thing: numbers, ids in paths, accounts, URLs, base64."""

import base64
import json
from pathlib import Path

import pytest

from shared.api.dead_letters import DeadLetters
from shared.api.http import Call, answered
from shared.api.instances import InstancesApi
from shared.config.desk_file import parse_desk
from shared.config.plans import Ground, check_file
from shared.config.settings import from_environment
from shared.domain.clouds import PUBLIC
from shared.domain.problems import Ours
from shared.storage.queue_messages import Asked, read_message
from tests.kits.world import DESK_MODEL, World, body, desk_with, running


@pytest.mark.parametrize("number", ["0000010000000", "00000199", "1" * 5000, "0" * 5000, "-1", "\u0661", "1.0"])
def test_a_number_is_all_that_is_written(number: str) -> None:
    """Not its first digits: a notice that is not there is not found, and no page is larger than the largest."""
    process = World().process()
    one = running(World(), process)
    act = json.dumps({"by": "dba", "reason": "drill"}).encode()
    assert answered(process.api.resend, Call({"id": one, "n": number}, {}, {}, act)).status == 404
    for list_of in (process.api.list_restores, DeadLetters(process.parts).answer):
        assert answered(list_of, Call(query={"pageSize": number})).status == 422


def test_two_instances_never_share_a_container_made_of_their_names() -> None:
    one = DESK_MODEL.instances["pg-a"]
    desk = desk_with(instances={"pg-a": one, "PG.A": DESK_MODEL.instances["pg-b"]})
    assert check_file(DESK_MODEL, Ground(PUBLIC)) == []
    assert "rename one" in check_file(desk, Ground(PUBLIC))[0]


@pytest.mark.parametrize("slash", ["%2F", "%2f"])
def test_an_id_in_a_path_may_have_its_slashes_encoded_either_way(slash: str) -> None:
    world = World()
    process = world.process()
    instances = InstancesApi(process.parts)
    said = DESK_MODEL.instances["pg-a"].id.replace("/", slash)
    assert answered(instances.recovery_points, Call(path={"instance": said})).status == 200


@pytest.mark.parametrize(
    "storage",
    [
        "AccountName=deskstore;AccountKey=x",
        "BlobEndpoint=https://deskstore.blob.core.windows.net/;SharedAccessSignature=sv=2024",
        "TableEndpoint=https://DeskStore.table.core.windows.net;SharedAccessSignature=sv=2024",
    ],
)
def test_the_desks_own_account_is_known_however_its_storage_is_said(storage: str) -> None:
    assert from_environment({"AzureWebJobsStorage": storage}, Path()).own_account == "deskstore"


@pytest.mark.parametrize("query", ["sv=2024&sig=abc", "code=abcdefgh"])
def test_a_signed_url_stands_in_the_environment_only(query: str) -> None:
    text = f'[channels.q]\nkind = "queue"\nurl = "https://acct.queue.core.windows.net/q?{query}"\n'
    with pytest.raises(Ours, match="env"):
        parse_desk(text)


def test_base64_with_line_ends_is_read() -> None:
    long = json.dumps(body(reason="x" * 200)).encode()
    assert isinstance(read_message(base64.encodebytes(long), "m1"), Asked)
