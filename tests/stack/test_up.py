"""`up` beside another: a port that is taken or a folder in use is said in words, before anything is started."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.stack.processes import ROOT, shorten
from local.stack.stack import Options, forget
from local.stack.up import alone, signed_in
from shared.config.desk_file import parse_desk
from shared.domain.problems import Ours
from shared.pages.access import HEADER, person_of


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Ours, match=rf"port {port} .*--port"), alone(Options(port=port, home=tmp_path)):
            pass


def test_a_folder_in_which_another_one_works(tmp_path: Path) -> None:
    options = Options(home=tmp_path / "up")
    with alone(options), pytest.raises(Ours, match=r"another `up`.*--state"), alone(options):
        pass
    with alone(options):
        pass  # the first has ended


def test_as_signs_in_with_the_roles_of_desk_toml() -> None:
    header = signed_in("ada@contoso.com", None, None, {})
    person = person_of({HEADER: header}, True, parse_desk(Options().config.read_text()))
    assert person.name == "ada@contoso.com"
    assert person.roles == ("RestoreDesk.Reader", "RestoreDesk.Requester", "RestoreDesk.Operator")
    one = signed_in("ada@contoso.com", "RestoreDesk.Reader", "http://127.0.0.1:1", {})
    assert person_of({HEADER: one}, True, parse_desk(Options().config.read_text())).roles == ("RestoreDesk.Reader",)


@pytest.mark.parametrize(
    ("name", "roles", "arm", "said"),
    [
        ("ada@contoso.com", None, "https://management.azure.com", "only with an ARM on this machine"),
        (None, "RestoreDesk.Reader", None, "--roles needs --as"),
        ("ada@contoso.com", "RestoreDesk.Reeder", None, "no role 'RestoreDesk.Reeder'"),
    ],
)
def test_as_is_refused(name: str | None, roles: str | None, arm: str | None, said: str) -> None:
    with pytest.raises(Ours, match=said):
        signed_in(name, roles, arm, {})


def test_as_needs_a_desk_toml_with_a_page(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_text("")
    with pytest.raises(Ours, match=r"has no \[page\] table"):
        signed_in("ada@contoso.com", None, None, {"DESK_CONFIG": str(tmp_path / "desk.toml")})


@pytest.mark.slow
def test_each_sample_works_as_it_is_printed_and_a_closed_terminal_leaves_no_process(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "local", "up", "--port", "0", "--speed", "300", "--state", str(tmp_path / "up")]
    own = (ROOT / "samples" / "desk.toml").read_text("utf-8").replace("[instances.pg-prod-01]", "[instances.pg-own]")
    (tmp_path / "desk.toml").write_text(own.replace('"pg-prod-01"', '"pg-own"'), "utf-8")
    environ = {**os.environ, "MY_OWN_TOKEN": f"taken-from-{'the-environment'}"}
    environ["DESK_CONFIG"] = str(tmp_path / "desk.toml")
    with (tmp_path / "said").open("w") as said:
        child = subprocess.Popen(line, cwd=ROOT, stdout=said, stderr=said, start_new_session=True, env=environ)  # noqa: S603
    try:
        text = printed(tmp_path / "said", child)
        exports = "\n".join(row for row in text.splitlines() if row.startswith("export "))
        for name in ("DESK_URL", "DESK_KEY", "AzureWebJobsStorage", "JIRA_SECRET", "SERVICENOW_SECRET"):
            assert f"export {name}=" in exports
        shown = dict(part.split("\n", 1) for part in text.partition("each way in:")[2].strip().split("\n\n"))
        commands = {about.removeprefix("# "): command for about, command in shown.items()}
        assert len(commands) == 6
        answers = {about: run(exports, command) for about, command in commands.items()}
        assert f"desk.toml  {tmp_path / 'desk.toml'}\n" in text
        assert '"name": "pg-own"' in answers["what can be restored"]
        assert '"phase": "accepted"' in answers["a request by HTTP"]
        assert "atOrBefore" in commands["a request by HTTP"]
        assert "checked" in answers["from the terminal"]
        ticket = next(about for about in answers if "ServiceNow" in about)
        assert '"status": "accepted"' in answers[ticket]
        settled(exports, ("try-http-1", "try-queue-1", "RITM0012345:1"))
    finally:
        child.send_signal(signal.SIGHUP)
        child.wait(60)
    assert left(str(tmp_path)) == []
    secrets = {*re.findall(r"(?:_KEY|_SECRET)=(\S+)", exports), *re.findall(r"AccountKey=([^;]+)", exports)}
    assert len(secrets) >= 4
    assert kept(tmp_path / "up", {*secrets, environ["MY_OWN_TOKEN"]}) == []


def kept(home: Path, secrets: set[str]) -> list[str]:
    """The files of a folder that hold one of these secrets."""
    files = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert len(files) > 5  # ledger, logs, emulator
    return [f"{name}: {secret[:3]}" for name, text in files.items() for secret in secrets if secret.encode() in text]


def test_what_a_killed_run_left_is_gone_before_the_next_begins(tmp_path: Path) -> None:
    for name in ("host-0/keys.json", "timers/keys.json", "settings.json", "host-0/timers/status.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a secret")
    forget(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["status.json"]


def printed(path: Path, child: "subprocess.Popen[bytes]") -> str:
    end = time.monotonic() + 120
    while "what became of it" not in path.read_text():
        assert child.poll() is None, path.read_text()
        assert time.monotonic() < end, path.read_text()
        time.sleep(0.2)
    time.sleep(0.3)
    return path.read_text()


def run(exports: str, command: str) -> str:
    folder = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603
        ["/bin/bash", "-ec", f"{exports}\n{command}"], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={"PATH": folder, "HOME": "/tmp", "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def settled(exports: str, keys: tuple[str, ...]) -> None:
    """Each restore of these keys ends well."""
    for key in keys:
        end = time.monotonic() + 90
        while True:
            found = run(exports, f"python3 -m deskctl list --json --find {key}")
            phase = json.loads(found.splitlines()[0])["phase"] if found.strip() else ""
            if phase == "succeeded":
                break
            assert phase not in ("failed", "refused", "lost"), found
            assert time.monotonic() < end, (key, found)
            time.sleep(0.5)


def left(word: str) -> list[str]:
    """The processes whose command line names this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


def test_a_log_that_has_grown_too_long_begins_anew_under_its_writer(tmp_path: Path) -> None:
    (tmp_path / "azurite").mkdir()
    long, short = tmp_path / "host-0.log", tmp_path / "azurite" / "azurite.log"
    short.write_text("short\n")
    with long.open("a") as writer:
        for words in ("x" * 100, "y" * 100):
            writer.write(words)
            writer.flush()
            shorten(tmp_path, most=50)
        writer.write("after")
    assert (long.read_text(), (tmp_path / "host-0.log.old").read_text()) == ("after", "y" * 100)
    assert short.read_text() == "short\n"
