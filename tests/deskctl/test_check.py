"""`check` tells whether a desk.toml holds, names each fault, and prints what each source may do."""

import tomllib
from pathlib import Path

import pytest

from local.cli import run
from local.stack.other_cloud import NAMED, moved, settings
from local.stack.processes import ROOT
from shared.config.desk_file import parse_desk
from shared.config.rights import asker

VAULT = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.DataProtection"
GOOD = f"""
[instances.pg]
id = "{VAULT}/backupVaults/v/backupInstances/pg"
targets = ["drills"]
channels = ["dba"]
[targets.drills]
kind = "files"
container = "https://acct.blob.core.windows.net/drills"
[http]
instances = ["*"]
targets = ["drills"]
[channels.dba]
kind = "slack"
url = {{ env = "SLACK_URL" }}
[tickets.jira]
kind = "jira"
secret = {{ env = "JIRA_SECRET" }}
instances = ["pg"]
targets = ["drills"]
when = "body.ok"
request = "{{instance: body.db, target: 'drills'}}"
"""
FAULTS = {
    "not TOML": ('[instances."', "not TOML"),
    "an unknown key": ("[desk]\nx = 1", "desk: there is no such key"),
    "a target that is not there": (GOOD.replace('targets = ["drills"]', 'targets = ["drill"]'), "names drill"),
    "the wrong kind of id": (GOOD.replace("/backupInstances/pg", ""), "this is the id of a"),
    "a container with a signature": (GOOD.replace("net/drills", "net/drills?sv=1"), "may not contain"),
    "a container of a website": (GOOD.replace("net/drills", "net/$web"), "a website's container is public"),
    "a mapping that does not compile": (GOOD.replace("body.ok", "body.["), "tickets.jira.when"),
    "a secret in the file": (GOOD.replace('{ env = "SLACK_URL" }', '"https://hooks.slack.com/x"'), "is a secret"),
    "any account of Azure": ('[allow]\ncontainers = ["https://*.blob.core.windows.net/*"]', "name the account"),
    "a kind of tickets that is none": (GOOD.replace('"jira"', '"jura"'), "did you mean jira?"),
    "a pattern out of its place": ('[allow]\ncontainers = ["*"]', "an allow pattern begins with"),
}


def told(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    code = run(["check", "--config", str(path)])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_file_that_holds_is_shown_as_what_each_source_may_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = told(tmp_path, GOOD, capsys)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]
    assert code == 0
    assert rows == [
        ["http", "pg", "drills", "dba"],
        ["queue", "nothing", "", ""],
        ["tickets/jira", "pg", "drills", "dba"],
    ]
    assert "no channel is a default" in said


REPLY = """[channels.comments]
kind = "github"
secret = { env = "GITHUB_TOKEN" }
"""


@pytest.mark.parametrize(("kind", "noted"), [("jira", True), ("github", False), ("generic", False)])
def test_a_reply_to_another_systems_tickets_is_noted(
    kind: str, noted: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GOOD.replace('kind = "jira"', f'kind = "{kind}"\nreply = "comments"') + REPLY
    code, said = told(tmp_path, text, capsys)
    assert (code, f"comments, which writes to no tickets of {kind}" in said) == (0, noted)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_the_file_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, words = FAULTS[name]
    code, said = told(tmp_path, text, capsys)
    assert code == 1
    assert words in said
    assert "has 1 fault." in said


def test_two_faults_are_two_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(tmp_path, "[a]\n[b]", capsys)
    assert (code, len([line for line in said.splitlines() if "there is no such key" in line])) == (1, 2)


def test_a_missing_file_says_how_another_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--config", "/nowhere/desk.toml"]) == 1
    assert "--config says where it is" in capsys.readouterr().err


def test_ids_in_full_show_the_patterns_they_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD.replace('targets = ["drills"]\n[channels', 'targets = ["drills"]\nexplicit = true\n[channels')
    allow = f'[allow]\ninstances = ["{VAULT}/backupVaults/v/backupInstances/*"]\n'
    code, said = told(tmp_path, allow + 'containers = ["https://acct.blob.core.windows.net/*"]' + text, capsys)
    assert code == 0
    assert "any under" in said
    assert "allow covers" in said


@pytest.mark.parametrize("name", ["government", "china", "contoso"])
def test_a_file_is_judged_by_the_cloud_that_arm_endpoint_names(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = NAMED[name]
    monkeypatch.setenv("ARM_ENDPOINT", f"{cloud.arm}:443/")
    if not cloud.name:
        assert run(["check", "--config", str(ROOT / "samples" / "desk.toml")]) == 1
        assert "set ARM_STORAGE_SUFFIX" in capsys.readouterr().err
        for setting, value in settings(cloud, cloud.authority).items():
            monkeypatch.setenv(setting, value)
    sample = (ROOT / "samples" / "desk.toml").read_text()
    (tmp_path / "public.toml").write_text(sample)
    (tmp_path / "here.toml").write_text(moved(sample, cloud))
    assert run(["check", "--config", str(tmp_path / "here.toml")]) == 0
    assert run(["check", "--config", str(tmp_path / "public.toml")]) == 1
    assert f"https://<account>.blob.{cloud.storage_suffix}/<container> is due" in capsys.readouterr().err


OLD = GOOD.replace('[http]\ninstances = ["*"]\ntargets = ["drills"]\n', "").replace(
    'instances = ["pg"]\ntargets = ["drills"]\nwhen', 'instances = ["pg"]\nwhen'
)


def upgraded(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    code = run(["check", "--upgrade", "--config", str(path)])
    return code, capsys.readouterr().out


def test_an_old_file_is_given_the_lines_that_keep_open_what_0_1_0_left_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    allow = f'[allow]\ninstances = ["{VAULT}/backupVaults/v/backupInstances/*"]\n'
    code, said = upgraded(tmp_path, allow + OLD, capsys)
    assert code == 1
    lines = "\n".join(line for line in said.splitlines() if not line.startswith(("#", "note:")))
    added = tomllib.loads(lines)
    assert added == {
        "http": {"instances": ["*"], "targets": ["drills"], "explicit": True},
        "queue": {"instances": ["*"], "targets": ["drills"], "explicit": True},
        "tickets": {"jira": {"targets": ["drills"]}},
    }
    head, _, jira = lines.partition("[tickets.jira]")
    whole = allow + OLD.replace("[tickets.jira]", f"[tickets.jira]{jira}") + "\n" + head
    new = parse_desk(whole)
    for source in ("http", "queue", "tickets/jira"):
        before = asker(parse_desk(allow + OLD), source, "0.1")
        now = asker(new, source)
        assert (now.instances, now.targets, now.ids) == (before.instances, before.targets, before.ids)
    code, said = upgraded(tmp_path, whole, capsys)
    assert (code, "lacks nothing" in said) == (0, True)


def test_a_file_that_says_what_each_source_may_ask_for_lacks_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = upgraded(tmp_path, GOOD + "[queue]\ninstances = []\ntargets = []\n", capsys)
    assert (code, "lacks nothing" in said, "[queue]" in said) == (0, True, False)
    assert "note: requests of queue may name no `callback`" in said
