"""Every shell line of the deploy page and the runbook: bash and shellcheck take it, each command exists."""

import argparse
import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskctl.commands import COMMANDS
from tests.infra.known_commands import AZ, AZ_GLOBAL, AZD

ROOT = Path(__file__).parents[2]
PAGES = ("docs/deploy.md", "docs/runbook.md")
READ = (
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
)
SCRIPTS = sorted((ROOT / "infra").glob("*.sh"))


def blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)


def commands(page: str) -> Iterator[list[str]]:
    """Each command of a page's lines that call az, azd or deskctl, as words; those inside $(…) too."""
    for block in blocks(page):
        for line in re.findall(r"^.*\b(?:azd?|deskctl) .*$", block.replace("\\\n", " "), re.M):
            inner = re.findall(r"\$\(((?:[^()]|\([^()]*\))*)\)", line)
            for part in (re.sub(r"\$\((?:[^()]|\([^()]*\))*\)", "X", line), *inner):
                yield from (shlex.split(one, comments=True) for one in re.split(r" (?:\||&&|;) ", part))


def judge(words: list[str], known: dict[str, set[str]], common: set[str]) -> str:
    """What is wrong with one command; empty where nothing is."""
    text = " ".join(words[1:])
    verb = max((one for one in known if text == one or text.startswith(f"{one} ")), key=len, default=None)
    if verb is None:
        return f"{words[0]} {text[:60]}: no such command is on the list"
    flags = {re.split("=", word)[0] for word in words if re.match(r"--?[a-z]", word)}
    return f"{words[0]} {verb}: {flags - known[verb] - common}" if flags - known[verb] - common else ""


def test_bash_takes_every_block_and_shellcheck_has_nothing_to_say() -> None:
    shellcheck = str(Path(sys.executable).with_name("shellcheck"))
    files = {page: "\n".join(blocks(page)) for page in PAGES}
    files |= {path.name: path.read_text() for path in SCRIPTS}
    assert len(files) == len(PAGES) + 3
    for name, text in files.items():
        done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)  # noqa: S607
        assert (done.returncode, done.stderr) == (0, ""), name
        line = [shellcheck, "--shell=bash", "--exclude=SC2154,SC2034,SC2016", "-"]
        done = subprocess.run(line, input=text, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.stdout == "", f"{name}\n{done.stdout}"


@pytest.mark.parametrize("page", READ)
def test_every_az_and_azd_command_is_on_the_list_with_its_flags(page: str) -> None:
    inline = re.findall(r"`(azd? [^`$]+)`", re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.M | re.S))
    found = [*(words for words in commands(page) if words), *(shlex.split(line) for line in inline)]
    judged = [judge(words, AZ, AZ_GLOBAL) for words in found if words[0] == "az"]
    judged += [judge(words, AZD, set()) for words in found if words[0] == "azd"]
    assert page not in PAGES or len(judged) > 10
    assert [one for one in judged if one] == []


def said_by_code(text: str) -> Iterator[list[str]]:
    """The az commands that a module makes: calls of `az(…)`, and strings that begin with az or azd."""
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("az")
            and isinstance(node.args[0], ast.Constant)
        ):
            flags = [ast.unparse(one).strip("'").split()[0] for one in node.args[1:]]
            options = [f"--{one.arg.replace('_', '-')}" for one in node.keywords if one.arg]
            yield ["az", *str(node.args[0].value).split(), *flags, *options]
        if isinstance(node, ast.JoinedStr):
            yield re.sub(r"[{}'\"]", " ", "".join(ast.unparse(one) for one in node.values)).split()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"['\"<>]", " ", node.value.partition("\n")[0]).split()


def test_every_az_command_that_notices_and_the_doctor_print_is_on_the_list() -> None:
    judged = [
        (path.name, judge(words, AZ if words[0] == "az" else AZD, AZ_GLOBAL))
        for room in ("shared", "deskctl")
        for path in sorted((ROOT / room).rglob("*.py"))
        for words in said_by_code(path.read_text())
        if len(words) > 1 and words[0] in {"az", "azd"}
    ]
    assert len(judged) > 60
    assert [one for one in judged if one[1]] == []
    assert judge(next(said_by_code("az('resource look', ids=x)")), AZ, AZ_GLOBAL)


def test_a_command_that_is_not_there_is_found() -> None:
    assert "no such command" in judge(["az", "functionapp", "refresh"], AZ, AZ_GLOBAL)
    assert "--nam" in judge(["az", "functionapp", "restart", "--nam", "x"], AZ, AZ_GLOBAL)
    assert judge(["azd", "ship"], AZD, set())


@pytest.mark.parametrize("page", PAGES)
def test_every_deskctl_command_takes_its_flags(page: str) -> None:
    for words in commands(page):
        if words[:3] == ["python3", "-m", "deskctl"]:
            parser = argparse.ArgumentParser()
            importlib.import_module(COMMANDS[words[3]].module).arguments(parser)
            parser.parse_args(words[4:])


def test_actions_are_pinned_by_commit_and_the_lock_is_what_the_constraints_say() -> None:
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", path.read_text()):
            assert used.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{path.name}: {used}"
    lock = (ROOT / "requirements.lock").read_text()
    pins = dict(re.findall(r"^([\w.-]+)==(\S+) \\$", lock, re.M))
    plain = {re.sub("[-_.]+", "-", name).lower(): version for name, version in pins.items()}
    constraints = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
    known = {re.sub("[-_.]+", "-", name).lower(): version for name, version in constraints.items()}
    for name in re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.M):
        assert name in plain, f"{name} is not in requirements.lock"
    assert {name: version for name, version in plain.items() if known.get(name) != version} == {}
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", lock)) > len(plain) > 20
    assert "--require-hashes" in (ROOT / "local/build/package.py").read_text()


def test_azd_stops_a_plain_deploy_and_has_hooks_for_both_shells() -> None:
    text = (ROOT / "azure.yaml").read_text()
    hooks = re.findall(r"^ +(?:posix|windows):\n +shell: (\w+)\n +run: (.+)$", text, re.M)
    assert [shell for shell, _ in hooks] == ["sh", "pwsh"] * 3
    guard = next(run for shell, run in hooks if shell == "sh")
    done = subprocess.run(["sh", "-c", guard], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert (done.returncode, "sh infra/deploy.sh" in done.stderr) == (1, True)
    assert "deploy desk --from-package dist/restore-desk.zip" in text
