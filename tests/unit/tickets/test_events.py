"""A ticket's event as it is read: without secrets, forms as their approver saw them; and the mapping command."""

import argparse
import copy
import json
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import quote

import pytest

from deskctl import map as map_command
from shared.domain.problems import Problem
from shared.tickets.event import event_of
from shared.tickets.issue_forms import read_form
from shared.tickets.mapping import Mapped
from tests.kits.ticket_samples import DESK, SAMPLES, mapped, saved


def test_no_secret_of_a_call_reaches_a_mapping() -> None:
    headers = {
        "X-Desk-Secret": "s",
        "Authorization": "s",
        "Cookie": "s",
        "x-functions-key": "s",
        "X-Hub-Signature-256": "s",
        "X-Zendesk-Webhook-Signature-Timestamp": "s",
        "Ocp-Apim-Subscription-Key": "s",
        "X-GitHub-Event": "issues",
    }
    servicenow = DESK.tickets["servicenow"]
    assert event_of(servicenow, {**headers, "Host": "x"}, b"{}")["headers"] == {"x-github-event": "issues", "host": "x"}


@pytest.mark.parametrize("system", sorted(DESK.tickets))
def test_a_json_body_is_json_whatever_the_content_type_says(system: str) -> None:
    """The hole of the review: the text of a signed JSON body held `&payload=…`, and a form was said to be sent."""
    inner = quote(json.dumps({"evil": True}))
    raw = json.dumps({"issue": {"body": f"x&payload={inner}&y"}}).encode()
    for kind in ("application/x-www-form-urlencoded", "application/json", ""):
        read = event_of(DESK.tickets[system], {"Content-Type": kind}, raw)
        assert read["body"] == json.loads(raw)


def test_a_megabyte_of_names_is_read_in_time() -> None:
    """A quadratic look for the name that stands twice held a worker for a minute."""
    names = "".join(f'"{n}":1,' for n in range(70_000))
    started = process_time()
    with pytest.raises(Problem, match="stands twice"):
        event_of(DESK.tickets["portal"], {}, f'{{{names}"69999":1}}'.encode())
    assert process_time() - started < 2


def test_an_issue_form_is_read_as_its_approver_saw_it() -> None:
    text = (
        "### Instance\r\n\r\npg-prod-01\r\n\r\n### Reason\r\n\r\ntwo\r\nlines\r\n#### not a field\r\n"
        "> ### nor this\r\n\r\n### Script\r\n\r\n```shell\r\n### Target\r\n```\r\n\r\n"
        "### Point\r\n\r\n_No response_"
    )
    assert read_form(text) == {
        "Instance": "pg-prod-01",
        "Reason": "two\nlines\n\nnot a field\n\nnor this",
        "Script": "### Target",
        "Point": "",
    }


def test_a_form_field_that_stands_twice_is_nobodys_word() -> None:
    sample = saved("github")
    sample["body"]["issue"]["body"] += "\n\n### Target\n\nsomewhere-else"
    with pytest.raises(Problem, match="the field 'Target' stands twice") as caught:
        mapped("github", sample)
    assert caught.value.where == "form"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://x y", "ftp://x", 7, None])
def test_a_ticket_link_that_is_none_is_left_out(url: Any) -> None:
    sample = saved("github")
    sample["body"]["issue"]["html_url"] = url
    found = mapped("github", sample)
    assert isinstance(found, Mapped)
    assert "url" not in found.request["ticket"]


def run_map(capsys: pytest.CaptureFixture[str], *argv: str, desk: Path = SAMPLES / "desk.toml") -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    map_command.arguments(parser)
    code = map_command.main(parser.parse_args([*argv, "--config", str(desk)]))
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_mapping_is_tried_from_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = run_map(capsys, "jira", str(SAMPLES / "jira.json"))
    assert code == 0
    assert '"instance": "pg-prod-01"' in said
    assert "key: OPS-12" in said
    body = copy.deepcopy(saved("jira")["body"])
    body["issue"]["fields"]["customfield_10101"] = None
    bare = tmp_path / "event.json"
    bare.write_text(json.dumps(body), encoding="utf-8")
    code, said = run_map(capsys, "jira", str(bare))
    assert code == 1
    assert "instance: it is missing, and it is required" in said
    assert run_map(capsys, "jira", str(SAMPLES / "zendesk.json"))[0] == 1
    assert "did you mean jira" in run_map(capsys, "jirra", str(bare))[1]
    desk = tmp_path / "desk.toml"
    desk.write_text((SAMPLES / "desk.toml").read_text("utf-8").replace('kind = "generic"', 'kind = "genric"'))
    code, said = run_map(capsys, "portal", str(SAMPLES / "portal.json"), desk=desk)
    assert (code, "did you mean generic" in said) == (1, True)
    assert "No such file" in run_map(capsys, "jira", str(tmp_path / "none.json"))[1]
