"""Table Storage's wire: rows as JSON, paths, filters, transactions and their answers. Pure.

https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from shared.frozen import frozen

VERSION = "2019-02-02"
JSON = "application/json;odata=minimalmetadata"
READ = {"Accept": JSON, "DataServiceVersion": "3.0"}
WRITE = {**READ, "Content-Type": "application/json"}
_INT32 = 2**31
_TYPE = "@odata.type"


@frozen
class Request:
    """A call for one row."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@frozen
class Outcome:
    """What became of one call: `code` is the service's own word for an error."""

    status: int
    reason: str
    etag: str = ""
    code: str = ""


def row_path(table: str, partition: str, key: str) -> str:
    """The address of a row."""
    return f"/{table}(PartitionKey='{_key(partition)}',RowKey='{_key(key)}')"


def _key(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")


def between(partition: str, start: str, stop: str) -> str:
    """The filter of rows with start <= key < stop."""
    asked = f"PartitionKey eq {_text(partition)} and RowKey ge {_text(start)} and RowKey lt {_text(stop)}"
    return quote(asked, safe="")


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def insert(table: str, partition: str, key: str, fields: Mapping[str, Any]) -> Request:
    """A row that must not be there."""
    headers = {**WRITE, "Prefer": "return-no-content"}
    return Request("POST", f"/{table}", headers, _row(partition, key, fields))


def merge(table: str, partition: str, key: str, fields: Mapping[str, Any], etag: str) -> Request:
    """Fields of a row that is there, in the version `etag` or in any."""
    headers = {**WRITE, "If-Match": etag or "*"}
    return Request("PATCH", row_path(table, partition, key), headers, _row(partition, key, fields))


def put(table: str, partition: str, key: str, fields: Mapping[str, Any]) -> Request:
    """A row, whatever is there."""
    return Request("PUT", row_path(table, partition, key), WRITE, _row(partition, key, fields))


def delete(table: str, partition: str, key: str, etag: str) -> Request:
    """A row that is there, in the version `etag` or in any."""
    return Request("DELETE", row_path(table, partition, key), {**READ, "If-Match": etag or "*"})


def _row(partition: str, key: str, fields: Mapping[str, Any]) -> bytes:
    value: dict[str, Any] = {"PartitionKey": partition, "RowKey": key}
    for name, field in fields.items():
        value[name] = field
        if isinstance(field, bytes):
            value[name], value[name + _TYPE] = base64.b64encode(field).decode(), "Edm.Binary"
        elif isinstance(field, float):
            value[name + _TYPE] = "Edm.Double"
        elif isinstance(field, int) and not -_INT32 <= field < _INT32:
            raise TypeError(f"{name}: {field} has more than 32 bits")
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def read_row(value: Mapping[str, Any]) -> tuple[str, dict[str, Any], str]:
    """Key, fields and version of a row as it is answered."""
    fields = {
        name: _field(field, value.get(name + _TYPE, ""))
        for name, field in value.items()
        if name not in ("PartitionKey", "RowKey", "Timestamp") and not name.startswith("odata.") and _TYPE not in name
    }
    return value["RowKey"], fields, value.get("odata.etag", "")


def _field(value: Any, edm: str) -> Any:
    if edm == "Edm.Binary":
        return base64.b64decode(value)
    if edm == "Edm.Double":
        return float(value)
    return int(value) if edm == "Edm.Int64" else value


def outcome(status: int, reason: str, etag: str, body: bytes) -> Outcome:
    """Of one call's answer."""
    return Outcome(status, reason, etag, _error_code(body) if status >= 400 else "")


def _error_code(body: bytes) -> str:
    found = re.search(rb'"code":\s*"(\w+)"', body) or re.search(rb"<(?:\w+:)?code>(\w+)<", body, re.IGNORECASE)
    return found.group(1).decode() if found else ""


def transaction(url: str, requests: Sequence[Request], mark: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call that does all of them or none; `mark` stands in no row."""
    lines = [f"--batch_{mark}", f"Content-Type: multipart/mixed; boundary=changeset_{mark}", ""]
    body = "\r\n".join([*lines, ""]).encode()
    for number, each in enumerate(requests):
        lines = [f"--changeset_{mark}", "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        lines += [f"Content-ID: {number}", "", f"{each.method} {url.rstrip('/')}{each.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in each.headers.items()]
        lines += [f"Content-Length: {len(each.body)}"] if each.body else []
        body += "\r\n".join([*lines, "", ""]).encode() + (each.body or b"") + b"\r\n"
    body += f"--changeset_{mark}--\r\n--batch_{mark}--\r\n".encode()
    return {**READ, "Accept": "application/json", "Content-Type": f"multipart/mixed; boundary=batch_{mark}"}, body


def outcomes(body: bytes) -> list[Outcome]:
    """What became of each call of a transaction; of one that failed there is the failure alone."""
    parts = re.split(rb"(?:^|\n)HTTP/1\.[01] (?=\d{3})", body)[1:]
    return [_part(part) for part in parts]


def _part(part: bytes) -> Outcome:
    head, _, rest = part.partition(b"\r\n\r\n")
    line, *headers = head.decode("utf-8", "replace").split("\r\n")
    status, _, reason = line.partition(" ")
    etag = next((each.partition(":")[2].strip() for each in headers if each.lower().startswith("etag:")), "")
    return outcome(int(status), reason, etag, rest)
