"""The desk's own calls of table and queue are those of Microsoft's SDKs, and each reads what the other wrote."""

import json
import random
import ssl
import string
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from azure.core import MatchConditions
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient, UpdateMode
from azure.storage.queue import QueueClient, QueueSasPermissions, generate_queue_sas

from local.stack.azurite import ACCOUNT, Azurite
from shared.storage.store import Change, Field, Row
from shared.storage.table_store import TableStore
from shared.wire.connection_string import table_service
from shared.wire.http import Answer, Http
from shared.wire.queues import VERSION as QUEUE_VERSION
from shared.wire.queues import NoQueue, Queue, QueueDown, RestQueue
from shared.wire.sdk_queue import SdkQueue
from shared.wire.service import Service, bearer
from shared.wire.tables import VERSION, read_row

KEY, ETAG = "r a'k:1é", "W/\"datetime'2026-11-26T22%3A13%3A14.0000000Z'\""
FIELDS: dict[str, Field] = {"text": "té <&> \U0001f600", "n": 3, "yes": True, "half": 1.5, "raw": b"\x00\xff"}
ENTITY = {"PartitionKey": "p'x", "RowKey": KEY, **FIELDS}
IF_SAME = {"etag": ETAG, "match_condition": MatchConditions.IfNotModified}
MERGE = {"mode": UpdateMode.MERGE}


class Seen(Exception):
    """The call that would be sent."""

    def __init__(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> None:
        parts = urlsplit(url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.call = (method, parts.path.removesuffix("()"), asked)
        self.guard = {name.lower(): value for name, value in headers.items() if name.lower() in SAID}
        self.body = json.loads(body) if body and body[:1] in ("{", b"{") else body


SAID = ("if-match", "x-ms-version", "dataserviceversion", "authorization")


class SdkWire(RequestsTransport):  # type: ignore[misc]
    """The SDK's way out."""

    def send(self, request: Any, **_: Any) -> Any:
        raise Seen(request.method, request.url, request.headers, getattr(request, "body", None))


class Wire:
    """Ours."""

    def call(self, method: str, url: str, headers: Mapping[str, str], body: Any, seconds: float, most: int) -> Answer:
        raise Seen(method, url, headers, body)


class Credential:
    """A token for storage."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("right", int(time.time()) + 9000)


def seen(act: Any) -> Seen:
    with pytest.raises(Seen) as caught:
        act()
    return caught.value


def sdk_table() -> TableClient:
    return TableClient("https://a.example", "restores", credential=Credential(), transport=SdkWire(), retry_total=0)


def our_table() -> TableStore:
    service = Service(cast("Http", Wire()), "https://a.example", VERSION, bearer(lambda scope: "right"))
    return TableStore(service, "restores")


PLAIN: dict[str, tuple[Any, Any]] = {
    "get": (lambda t: t.get_entity("p'x", KEY), lambda s: s.get("p'x", KEY)),
    "insert": (lambda t: t.create_entity(ENTITY), lambda s: s.commit("p'x", [Change("insert", KEY, FIELDS)])),
    "update": (
        lambda t: t.update_entity(ENTITY, **MERGE, **IF_SAME),
        lambda s: s.commit("p'x", [Change("update", KEY, FIELDS, ETAG)]),
    ),
    "update of any": (
        lambda t: t.update_entity(ENTITY, **MERGE),
        lambda s: s.commit("p'x", [Change("update", KEY, FIELDS)]),
    ),
    "put": (
        lambda t: t.upsert_entity(ENTITY, mode=UpdateMode.REPLACE),
        lambda s: s.commit("p'x", [Change("put", KEY, FIELDS)]),
    ),
    "delete": (
        lambda t: t.delete_entity(ENTITY, **IF_SAME),
        lambda s: s.commit("p'x", [Change("delete", KEY, etag=ETAG)]),
    ),
    "delete of any": (lambda t: t.delete_entity(ENTITY), lambda s: s.commit("p'x", [Change("delete", KEY)])),
    "scan": (
        lambda t: list(
            t.query_entities(
                "PartitionKey eq @p and RowKey ge @a and RowKey lt @b",
                parameters={"p": "p'x", "a": "a b", "b": "é"}, results_per_page=7,
            )
        ),
        lambda s: list(s.scan("p'x", "a b", "é", 7)),
    ),
}  # fmt: skip


def typed(body: Any) -> Any:
    """An entity without the types that it has without them."""
    if not isinstance(body, dict):
        return body
    return {name: value for name, value in body.items() if value != "Edm.String"}


@pytest.mark.parametrize("name", PLAIN)
def test_each_call_of_a_row_is_the_sdks(name: str) -> None:
    theirs, ours = PLAIN[name]
    sdk, own = seen(lambda: theirs(sdk_table())), seen(lambda: ours(our_table()))
    assert own.call == sdk.call
    assert own.guard == sdk.guard
    assert typed(own.body) == typed(sdk.body)


def test_a_transaction_has_the_sdks_parts() -> None:
    changes = [
        Change("insert", "a", FIELDS), Change("update", "b", FIELDS, ETAG), Change("update", "c", FIELDS),
        Change("put", "d", FIELDS), Change("delete", "e", etag=ETAG), Change("delete", "f"),
    ]  # fmt: skip
    operations: list[Any] = [
        ("create", {**ENTITY, "RowKey": "a"}), ("update", {**ENTITY, "RowKey": "b"}, {**MERGE, **IF_SAME}),
        ("update", {**ENTITY, "RowKey": "c"}, MERGE),
        ("upsert", {**ENTITY, "RowKey": "d"}, {"mode": UpdateMode.REPLACE}),
        ("delete", {**ENTITY, "RowKey": "e"}, IF_SAME), ("delete", {**ENTITY, "RowKey": "f"}, {}),
    ]  # fmt: skip
    sdk = seen(lambda: sdk_table().submit_transaction(operations))
    own = seen(lambda: our_table().commit("p'x", changes))
    assert own.call == sdk.call == ("POST", "/$batch", {})
    assert _parts(own.body) == _parts(sdk.body)
    assert len(_parts(own.body)) == 6


def _parts(body: bytes) -> list[tuple[str, str | None, Any]]:
    found = []
    for part in body.split(b"Content-Type: application/http")[1:]:
        _, head, *rest = part.split(b"\r\n\r\n")
        line, *headers = head.decode().split("\r\n")
        match = next((each.partition(": ")[2] for each in headers if each.startswith("If-Match")), None)
        text = rest[0].split(b"\r\n")[0] if rest else b""
        found.append((line, match, typed(json.loads(text)) if text[:1] == b"{" else None))
    return found


def _name(head: str) -> str:
    return head + "".join(random.choices(string.ascii_lowercase, k=12))  # noqa: S311


def test_each_reads_what_the_other_wrote(azurite: Azurite) -> None:
    http, name = Http(ssl.create_default_context), _name("beside")
    store = TableStore(table_service(http, azurite.connection_string), name)
    whole: dict[str, Field] = {**FIELDS, "whole": 2.0, "big": -(2**31), "empty": "", "none": b""}
    with TableClient.from_connection_string(azurite.connection_string, name) as client:
        store.commit("p'x", [Change("insert", KEY, whole)])
        entity = client.get_entity("p'x", KEY)
        assert {key: value for key, value in entity.items() if key not in ("PartitionKey", "RowKey")} == whole
        client.create_entity({"PartitionKey": "p'x", "RowKey": "theirs", **whole, "long": (2**40, "Edm.Int64")})
        read = store.get("p'x", "theirs")
        etag = client.get_entity("p'x", "theirs").metadata["etag"]
        assert read == Row("theirs", {**whole, "long": 2**40}, str(etag))
        assert [type(read.fields[key]) for key in ("whole", "half", "n", "yes")] == [float, float, int, bool]
        client.submit_transaction([("upsert", {"PartitionKey": "p'x", "RowKey": f"z{n:04}"}) for n in range(90)])
        assert [row.key for row in store.scan("p'x", "z", "z0042")] == [f"z{n:04}" for n in range(42)]
    http.close()
    with pytest.raises(TypeError, match="32 bits"):
        store.commit("p", [Change("put", "a", {"n": 2**31})])


def test_the_queue_is_the_sdks(azurite: Azurite) -> None:
    name, http = _name("beside"), Http(ssl.create_default_context)
    ends = datetime.now(UTC) + timedelta(hours=1)
    right = QueueSasPermissions(read=True, add=True, process=True)
    sas = generate_queue_sas(ACCOUNT, name, azurite.key, permission=right, expiry=ends)
    ours: Queue = RestQueue(Service(http, azurite.queue_url, QUEUE_VERSION, sas=sas, waits=()), name)
    client = QueueClient.from_connection_string(azurite.connection_string, name)
    theirs: Queue = SdkQueue(client)
    for queue in (ours, theirs):
        for act in (queue.count, queue.first, lambda queue=queue: queue.put("x", 0)):
            with pytest.raises(NoQueue):
                act()
    theirs.make()
    theirs.make()
    assert (ours.first(), ours.count()) == (theirs.first(), theirs.count()) == (None, 0)
    ours.put("a <b> & é \U0001f600", 0)
    ours.put("later", 3600)
    assert ours.count() == theirs.count() == 2
    assert ours.first() == theirs.first()
    message = client.receive_message()
    assert message is not None
    assert message.content == "a <b> & é \U0001f600"
    assert client.receive_message() is None
    assert message.expires_on is not None
    assert message.expires_on.year == 9999
    with pytest.raises(QueueDown, match="403"):
        ours.make()  # the signature gives no such right
    client.close()
    http.close()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("AccountName=a;AccountKey=a2V5", "https://a.table.core.windows.net"),
        ("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;EndpointSuffix=x.example;", "http://a.table.x.example"),
        ("TableEndpoint=https://a.example/;SharedAccessSignature=?sv=1&sig=a%3D", "https://a.example/"),
        ("UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1"),
        ("BlobEndpoint=https://b.example;SharedAccessSignature=sig=a", ""),
        ("AccountName=a", ""),
        ("nonsense", ""),
    ],
)  # fmt: skip
def test_a_connection_string_names_the_place_that_the_sdk_reads(text: str, url: str) -> None:
    http = Http(ssl.create_default_context)
    if not url:
        with pytest.raises(ValueError, match="connection string"):
            table_service(http, text)
        with pytest.raises(ValueError, match="onnection string"):
            TableClient.from_connection_string(text, "restores")
        return
    service = table_service(http, text)
    assert service.url == url
    assert TableClient.from_connection_string(text, "restores").url.split("?")[0] == url.rstrip("/")
    assert unquote(service.sas) == ("sv=1&sig=a=" if "Signature" in text else "")


def test_a_whole_number_is_a_double_where_its_type_says_so() -> None:
    _, fields, _ = read_row({"RowKey": "r", "a": 2, "a@odata.type": "Edm.Double", "b": 2})
    assert [type(field) for field in fields.values()] == [float, int]
