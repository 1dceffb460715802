"""Knows what must be there before a command can run, and has it made. Parses on Python 3.8.

Exit codes: 2 the command line is wrong, 3 something must be installed by hand, 4 a step failed, 130 Ctrl-C.
"""

from __future__ import annotations

import difflib
import os
import sys
from typing import Mapping, NoReturn, Sequence  # noqa: UP035 - typing's, for Python 3.8

from deskctl.commands import COMMANDS as DESKCTL
from deskctl.commands import Command
from local.setup import browser, node, postgres
from local.setup.commands import COMMANDS, needs_azurite, needs_browser
from local.setup.node import ROOT
from local.setup.python import Venv
from local.setup.steps import FAILED, Steps, Trouble, straight

USAGE = 2


def main(arguments: Sequence[str], program: str = "local") -> int:
    """Sets up what the command needs, then becomes it; comes back only when that was not possible."""
    steps = Steps(ROOT / ".local")
    try:
        refuse_unknown(arguments, DESKCTL if program == "deskctl" else COMMANDS)
        venv = Venv(ROOT / ".venv", ROOT)
        set_up(venv, steps, azurite=needs_azurite(arguments), chromium=needs_browser(arguments))
        become(venv, program, arguments)
    except Trouble as trouble:
        steps.say(str(trouble))
        return trouble.code
    except OSError as error:
        steps.say(
            f"{error.strerror or error}: {error.filename or ROOT}. The set-up writes to .venv, .local and local/npm."
        )
        return FAILED
    except KeyboardInterrupt:
        steps.say("interrupted; the same command takes it up again")
        return 130


def refuse_unknown(arguments: Sequence[str], known: Mapping[str, Command] = COMMANDS) -> None:
    """A slip of the finger is answered at once, not after a set-up."""
    name = arguments[0] if arguments else ""
    if name and not name.startswith("-") and name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise Trouble(
            f"no command {name!r}{f', did you mean {near[0]!r}?' if near else ''} ({', '.join(known)})", USAGE
        )


def set_up(venv: Venv, steps: Steps, azurite: bool, chromium: bool = False) -> None:
    """Nothing to do is found out without a network and without a lock."""
    servers = not azurite or (node.ready(venv.folder) and postgres.ready())
    if venv.ready() and servers and (not chromium or browser.ready()):
        return
    with steps.alone():
        if not venv.ready():
            venv.set_up(steps)
        if azurite and not node.ready(venv.folder):
            node.set_up(venv.folder, steps)
        if azurite:
            postgres.set_up(venv.python, steps)
        if chromium and not browser.ready():
            browser.set_up(venv.folder, steps)
        steps.say("set up; from now on this takes no time and no network")


def become(venv: Venv, program: str, arguments: Sequence[str]) -> NoReturn:
    """The same process goes on as .venv's Python: signals, terminal and exit code are the command's own."""
    sys.stdout.flush()
    sys.stderr.flush()
    line = [str(venv.python), "-m", f"{program}.cli", *arguments]
    os.execve(line[0], line, straight(os.environ))  # noqa: S606 - no shell is wanted
