"""The command line offers what the tree has, and a self-contained run sees nothing of whoever runs it."""

import importlib.util
import subprocess
import sys

import pytest

from deskctl.cli import parser_for
from local.build.checks import Verdicts, passes
from local.host.process import ROOT
from local.setup.commands import COMMANDS
from local.setup.environment import LOOPBACK, hermetic


def test_each_command_has_its_module() -> None:
    assert {"test", "ask"} <= set(COMMANDS)
    for command in COMMANDS.values():
        assert importlib.util.find_spec(command.module) is not None


def test_help_names_each_command_without_reading_any(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser_for(COMMANDS, ["--help"]).parse_args(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"    {name} " in said for name in COMMANDS)


def test_what_runs_a_stack_of_its_own_is_shielded_from_inherited_settings() -> None:
    shielded = {name for name, command in COMMANDS.items() if not command.inherits}
    assert shielded == {"demo", "test", "chaos", "soak", "alerts", "bench", "mutants", "package"}


@pytest.mark.parametrize(
    "name",
    [
        *("AzureWebJobsStorage", "AzureWebJobsStorage__queueServiceUri", "AZURE_CLIENT_SECRET", "AZURITE_ACCOUNTS"),
        *("ARM_ENDPOINT", "ARM_SCOPE", "DATA_PROTECTION_API_VERSION", "DESK_CONFIG", "SWEEP_SCHEDULE", "TEAMS_URL"),
        *("APPLICATIONINSIGHTS_CONNECTION_STRING", "OTEL_EXPORTER_OTLP_ENDPOINT", "IDENTITY_ENDPOINT", "NODE_OPTIONS"),
    ],
)
def test_a_setting_of_storage_arm_or_a_channel_does_not_get_through(name: str) -> None:
    assert name not in hermetic({name: "x"})


def test_what_a_machine_needs_gets_through_and_loopback_goes_past_any_proxy() -> None:
    needed = {"PATH": "/bin", "HOME": "/h", "LC_ALL": "C", "PIP_CERT": "c", "https_proxy": "p", "PYTHONUNBUFFERED": "1"}
    kept = hermetic({**needed, "NO_PROXY": "corp.example"})
    assert kept == {**needed, "NO_PROXY": f"corp.example,{LOOPBACK}", "no_proxy": LOOPBACK}


def test_a_failed_check_shows_its_words_and_a_passed_one_only_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert passes("quiet", ["timeit", "-n1", "-r1", "pass"])
    assert "loop" not in capsys.readouterr().out
    assert not passes("loud", ["no_such_module"])
    assert "No module named no_such_module" in capsys.readouterr().out


def test_the_failed_checks_stand_above_pytests_closing_line() -> None:
    said: list[str] = []

    class Terminal:
        def section(self, title: str, sep: str = "=", **_: bool) -> None:
            said.append(title)

        def write_line(self, line: str | bytes, **_: bool) -> None:
            said.append(str(line))

    Verdicts(["mypy --strict"]).pytest_terminal_summary(Terminal())
    assert said == ["before the tests", "FAILED mypy --strict (its words are at the top)"]


def test_a_reader_that_has_read_enough_is_no_trouble() -> None:
    line = f"{sys.executable} -m local.cli doctor --print-roles --config samples/desk.toml | head -1"
    done = subprocess.run(["/bin/sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
