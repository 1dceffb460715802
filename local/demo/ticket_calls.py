"""What each ticket system's webhook sends, signed as that system signs: for the demo. Pure."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any


def _hex(secret: str, raw: bytes) -> str:
    return "sha256=" + hmac.digest(secret.encode(), raw, hashlib.sha256).hex()


def _zendesk(secret: str, raw: bytes) -> dict[str, str]:
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    signature = base64.b64encode(hmac.digest(secret.encode(), at.encode() + raw, hashlib.sha256)).decode()
    return {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": at}


SIGNED: dict[str, Any] = {
    "jira": lambda secret, raw: {"X-Hub-Signature": _hex(secret, raw)},
    "github": lambda secret, raw: {"X-Hub-Signature-256": _hex(secret, raw), "X-GitHub-Event": "issues"},
    "zendesk": _zendesk,
    "servicenow": lambda secret, raw: {"X-Desk-Secret": secret},
    "portal": lambda secret, raw: {"Authorization": f"Bearer {secret}"},  # a token of Entra
}


def call(system: str, secret: str, body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """The bytes and headers of a webhook."""
    raw = json.dumps(body).encode()
    return raw, {"Content-Type": "application/json", **SIGNED[system](secret, raw)}


def jira(instance: str) -> dict[str, Any]:
    """An issue that is moved to Approved."""
    fields = {
        "summary": "Restore for the quarterly drill",
        "reporter": {"emailAddress": "ada@contoso.com", "displayName": "Ada"},
        "customfield_10101": {"value": instance},
        "customfield_10102": {"value": "drills"},
        "customfield_10103": None,
    }
    item = {"field": "status", "fieldId": "status", "fromString": "Waiting", "toString": "Approved"}
    return {
        "timestamp": 1790000000000,
        "webhookEvent": "jira:issue_updated",
        "user": {"accountId": "5b10", "displayName": "Lead"},
        "issue": {"id": "10042", "key": "OPS-42", "fields": fields},
        "changelog": {"id": "1", "items": [item]},
    }


def servicenow(instance: str) -> dict[str, Any]:
    """An approved requested item."""
    ticket = {
        "table": "sc_req_item", "sys_id": "0f" * 16, "number": "RITM0012345", "requested_for": "bo@contoso.com",
        "approved_by": "lead@contoso.com", "approval": "approved",
    }  # fmt: skip
    request = {"instance": instance, "point": "latest", "target": "drills", "dry_run": False, "reason": "audit"}
    return {
        "source": "servicenow", "event": "restore.requested", "ticket": ticket, "request": request,
        "idempotency_key": "RITM0012345:1",
    }  # fmt: skip


def zendesk(instance: str) -> dict[str, Any]:
    """What a trigger's webhook action sends."""
    return {
        "event": "restore.requested", "ticket_id": "35436", "title": "Please restore", "requester": "cy@contoso.com",
        "instance": instance, "target": "drills", "point": "latest", "dry_run": "false",
    }  # fmt: skip


def github(instance: str) -> dict[str, Any]:
    """An issue made with a form, labelled by somebody who may."""
    empty = "_No response_"
    said = {"Instance": instance, "Target": "drills", "Point in time": empty, "Dry run": "false", "Reason": "Drill"}
    form = "\n\n".join(f"### {name}\n\n{value}" for name, value in said.items())
    issue = {
        "number": 42, "title": "Restore", "html_url": "https://github.com/contoso/restores/issues/42", "body": form,
        "labels": [{"name": "approved"}], "user": {"login": "octo-asker"},
    }  # fmt: skip
    return {
        "action": "labeled",
        "issue": issue,
        "label": {"name": "approved"},
        "repository": {"full_name": "contoso/restores"},
        "sender": {"login": "octo-dba", "type": "User"},
    }


def portal(instance: str) -> dict[str, Any]:
    """What a service of one's own sends, which signs in with Entra."""
    said = {"instance": instance, "target": "drills", "requester": "di@contoso.com", "reason": "drill"}
    return {"event": "restore.requested", "id": "REQ-7", **said}


EVENTS = {"jira": jira, "servicenow": servicenow, "zendesk": zendesk, "github": github, "portal": portal}
