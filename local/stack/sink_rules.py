"""Knows what each channel would refuse: its published shape and limits, checked on what would be posted. Pure."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from local.stack.sink_card_rules import check_slack, check_teams

ADF_NODES = {"paragraph", "bulletList", "listItem", "codeBlock", "text"}
ADF_MARKS = {"strong", "code", "link"}


def check_payload(kind: str, headers: Mapping[str, str], body: bytes) -> list[str]:
    """What a channel of `kind` would find wrong with a message; nothing, if it would take it."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if kind == "queue":
        return _check_queue(body)
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except ValueError as error:
        return [f"the body is no JSON: {error}"]
    if kind == "teams":
        return check_teams(value, len(body))
    faults = [] if isinstance(value, dict) else ["the body is no object"]
    if "json" not in lowered.get("content-type", ""):
        faults.append("content-type is not JSON")
    check = _CHECKS.get(kind)  # of a kind without rules here only the JSON is looked at
    return faults or (check(value, lowered, len(body)) if check else [])


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _slack(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    return check_slack(value)


def check_cloud_event(value: Any) -> list[str]:
    """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md"""
    if not isinstance(value, dict):
        return ["a CloudEvent is an object"]
    faults = [f"{name} is missing" for name in ("id", "source", "type", "specversion") if not value.get(name)]
    faults += [f"{name} is no attribute name" for name in value if not re.fullmatch(r"[a-z0-9]{1,20}", name)]
    if value.get("specversion") != "1.0":
        faults.append("specversion is not 1.0")
    faults += [f"{name} is no text" for name, part in value.items() if name != "data" and not isinstance(part, str)]
    if value.get("time"):
        try:
            datetime.fromisoformat(value["time"])
        except ValueError:
            faults.append("time is not RFC 3339")
    return faults


def _webhook(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    faults = check_cloud_event(value)
    if size > 20_000:
        faults.append(f"{size} bytes; Standard Webhooks keep under 20 KB")
    if headers.get("webhook-id") != value.get("id"):
        faults.append("webhook-id is not the event's id")
    if not re.fullmatch(r"[0-9]{10}", headers.get("webhook-timestamp", "")):
        faults.append("webhook-timestamp is no time")
    if not re.fullmatch(r"v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)?", headers.get("webhook-signature", "")):
        faults.append("webhook-signature is not one or two v1 signatures")
    return faults + _structured(headers)


def _structured(headers: Mapping[str, str]) -> list[str]:
    structured = headers.get("content-type", "").startswith("application/cloudevents+json")
    return [] if structured else ["content-type is not application/cloudevents+json"]


def _eventgrid(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    return check_cloud_event(value) + _structured(headers) + (["over 1 MB"] if size > 1024 * 1024 else [])


def _check_queue(body: bytes) -> list[str]:
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - what our own desk posted
    except ElementTree.ParseError as error:
        return [f"the body is no XML: {error}"]
    text = root.findtext("MessageText") or ""
    if root.tag != "QueueMessage" or len(text.encode()) > 64 * 1024:
        return ["a QueueMessage with a MessageText of up to 64 KiB is due"]
    try:
        raw = text.encode() if text.startswith("{") else base64.b64decode(text, validate=True)
        return check_cloud_event(json.loads(raw))
    except (ValueError, binascii.Error):
        return ["MessageText is neither JSON nor base64 of it"]


def _servicenow(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    if value.keys() not in ({"work_notes"}, {"comments"}):
        return ["one of work_notes and comments is due, and nothing else"]
    (text,) = value.values()
    faults = [] if isinstance(text, str) and 0 < len(text) <= 4000 else ["a note has 1 to 4000 characters"]
    return faults + (["[code] makes HTML of what follows"] if "[code]" in str(text).lower() else [])


def _jira(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    body = value.get("body")
    if isinstance(body, str):
        good = 0 < len(body) <= 32_767 and value.keys() == {"body", "public"} and isinstance(value["public"], bool)
        return [] if good else ["a service desk comment is a body of up to 32767 characters, and public"]
    if not isinstance(body, dict) or body.get("type") != "doc" or body.get("version") != 1:
        return ["body is no document of version 1"]
    faults = [fault for node in body.get("content", []) for fault in _check_node(node)]
    return faults + (["over 32767 characters"] if size > 32_767 else [])


def _check_node(node: Any) -> list[str]:
    """https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/"""
    kind = node.get("type")
    if kind not in ADF_NODES:
        return [f"no node that the desk uses: {kind}"]
    if kind == "text":
        marks = {mark.get("type") for mark in node.get("marks", [])}
        return [] if node.get("text") and marks <= ADF_MARKS else ["a text node is empty or has an unknown mark"]
    if not node.get("content"):
        return [f"a {kind} is empty"]
    return [fault for child in node["content"] for fault in _check_node(child)]


def _zendesk(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    comment = value.get("ticket", {}).get("comment", {})
    text = comment.get("body")
    faults = [] if isinstance(text, str) and 0 < len(text) <= 65_535 else ["a comment has 1 to 65535 characters"]
    faults += [] if isinstance(comment.get("public"), bool) else ["public is not said: it would default to true"]
    return faults + (["a placeholder would be filled in"] if re.search(r"\{[{%]", str(text)) else [])


def _github(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    text = value.get("body")
    faults = [] if isinstance(text, str) and 0 < len(text) <= 65_536 else ["a comment has 1 to 65536 characters"]
    faults += [] if headers.get("user-agent") else ["GitHub refuses calls without a User-Agent"]
    prose = re.sub(r"(?ms)^(`{3,})sh$.*?^\1$", "", str(text))  # in code nothing is a mention
    prose = re.sub(r"(?<!\\)`[^`\n]*`", "", prose)
    return faults + (["it mentions somebody"] if re.search(r"(?<![A-Za-z0-9])@[A-Za-z0-9]", prose) else [])


def _pagerduty(value: dict[str, Any], headers: Mapping[str, str], size: int) -> list[str]:
    payload = value.get("payload", {})
    checks = {
        "routing_key": bool(value.get("routing_key")),
        "event_action": value.get("event_action") in ("trigger", "acknowledge", "resolve"),
        "dedup_key": 0 < len(value.get("dedup_key", "")) <= 255,
        "summary": 0 < len(payload.get("summary", "")) <= 1024,
        "source": bool(payload.get("source")),
        "severity": payload.get("severity") in ("critical", "error", "warning", "info"),
        "links": all(link.get("href", "").startswith("https://") for link in value.get("links", [])),
        "512 KB": size <= 512 * 1024,
    }
    return [f"{name} is wrong" for name, good in checks.items() if not good]


_CHECKS: dict[str, Callable[[dict[str, Any], Mapping[str, str], int], list[str]]] = {
    "slack": _slack,
    "webhook": _webhook,
    "eventgrid": _eventgrid,
    "servicenow": _servicenow,
    "jira": _jira,
    "zendesk": _zendesk,
    "github": _github,
    "pagerduty": _pagerduty,
}
