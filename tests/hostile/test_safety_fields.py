"""Through all five ticket systems: a field for safety that is blank, lost or odd starts no restore by a default."""

import json
from typing import Any

import pytest

from shared.config.desk_file import Desk, parse_desk
from tests.kits.ticket_door import SYSTEMS, Door
from tests.kits.ticket_samples import SAMPLES, saved

FIELDS = ("dryRun", "crossRegion", "maxAgeHours")
# where each system's event carries the field in these tests
PLACES: dict[str, dict[str, str]] = {
    "jira": dict.fromkeys(FIELDS, "body.issue.fields.safety.value"),
    "servicenow": dict.fromkeys(FIELDS, "body.request.safety"),
    "zendesk": dict.fromkeys(FIELDS, "body.safety"),
    "github": dict.fromkeys(FIELDS, 'form."Safety"'),
    "portal": dict.fromkeys(FIELDS, "body.request.safety"),
}
REQUESTS = {
    "jira": "instance: body.issue.fields.customfield_10101.value, target: body.issue.fields.customfield_10102.value",
    "servicenow": "instance: body.request.instance, target: body.request.target",
    "zendesk": "instance: body.instance, target: body.target",
    "github": "instance: form.Instance, target: form.Target",
    "portal": "instance: body.request.instance, target: body.request.target",
}
LOST = object()
ODD = [LOST, "", " ", "\t\n", "None", "none", "null", "_No response_", "no", "No", "yes", "0", "1", "off", "flase",
       "<p>true</p>", "<b>false</b>", "&nbsp;", "true,false", "undefined", "{{ticket.safety}}",
       "n/a", "\u200b"]  # fmt: skip
TRUE, FALSE = ["true", "TRUE", " True ", "tRUE"], ["false", "FALSE", " False\n"]


def desk(system: str, name: str) -> Desk:
    """The samples' desk.toml, in which the source of this system maps the field too."""
    text = (SAMPLES / "desk.toml").read_text(encoding="utf-8")
    head, _, tail = text.partition(f"[tickets.{system}]")
    before, request, after = _cut(tail)
    assert request
    made = f"request = '''\n{{{REQUESTS[system]}, {name}: {PLACES[system][name]}}}\n'''"
    return parse_desk(f"{head}[tickets.{system}]{before}{made}{after}")


def _cut(table: str) -> tuple[str, str, str]:
    begin = table.index("request = ")
    end = table.index("\n", begin) if table[begin:].startswith('request = "') else table.index("'''", begin + 14) + 3
    return table[:begin], table[begin:end], table[end:]


def event(system: str, value: Any) -> dict[str, Any]:
    body: dict[str, Any] = saved(system)["body"]
    if system == "github":
        lines = body["issue"]["body"].split("### Dry run")[0]
        body["issue"]["body"] = lines + ("" if value is LOST else f"### Safety\n\n{value}\n")
        return body
    place = body["issue"]["fields"] if system == "jira" else body if system == "zendesk" else body["request"]
    place.pop("dry_run", None)
    if value is not LOST:
        place["safety"] = {"value": value} if system == "jira" else value
    return body


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_blank_lost_or_odd_is_refused_by_name_and_nothing_starts(system: str, name: str) -> None:
    mapping = desk(system, name)
    odd = [*ODD, *(value for value in ("true", "1.5", "-3", "48h", "１２") if name == "maxAgeHours")]
    values = [*(v for v in odd if name != "maxAgeHours" or v not in ("0", "1")), None, [], {}, 2.5, "'"]
    for value in values if system != "github" else odd:
        if name == "maxAgeHours" and value in ("0", "1"):
            continue
        door = Door(mapping)
        answer = door.send(system, event(system, value))
        hidden = (
            system == "github" and isinstance(value, str) and value.startswith("<")
        )  # HTML in a form refuses the whole form
        field = "form" if hidden else name
        assert (answer["http"], answer["status"], answer.get("field")) == (200, "refused", field), (value, answer)
        assert door.world.azure.posted == []
        refused = door.restore(answer)
        assert refused.phase == "refused"
        assert refused.ticket, "the refusal must reach the ticket"
        assert hidden or "send " in answer["reason"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_true_and_false_in_any_case_are_read(system: str) -> None:
    for value, dry in [*((one, True) for one in TRUE), *((one, False) for one in FALSE)]:
        door = Door(desk(system, "dryRun"))
        answer = door.send(system, event(system, value))
        assert answer["status"] == "accepted", answer
        assert door.restore(answer).dry_run is dry
        door.world.settle(door.process)
        assert len(door.world.azure.posted) == (not dry)


@pytest.mark.parametrize("system", SYSTEMS)
def test_hours_may_be_a_text_of_digits(system: str) -> None:
    door = Door(desk(system, "maxAgeHours"))
    answer = door.send(system, event(system, "48"))
    assert door.restore(answer).asked["maxAgeHours"] == 48


def test_a_form_whose_field_the_mapping_does_not_read_is_refused() -> None:
    text = (SAMPLES / "desk.toml").read_text(encoding="utf-8").replace('  dryRun: form."Dry run",\n', "")
    door = Door(parse_desk(text))
    answer = door.send("github", saved("github")["body"])
    assert answer["status"] == "refused"
    assert 'form."Dry run"' in answer["reason"]
    assert "tickets.github.request" in answer["reason"]


def test_the_ready_mappings_lose_no_dry_run() -> None:
    for system in SYSTEMS:
        body = json.loads(json.dumps(saved(system)["body"]).replace('"dry_run": "true"', '"dry_run": ""'))
        text = body.get("issue", {}).get("body")
        if text:
            body["issue"]["body"] = text.partition("### Dry run")[0]
        changed = body != saved(system)["body"]
        answer = Door().send(system, body)
        assert answer["status"] == ("refused" if changed else "accepted"), (system, answer)
