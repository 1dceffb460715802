"""Knows the command line of `python3 -m local`: each command is a module of its own, read only when it is asked for."""

import argparse
import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence

from local.setup.commands import COMMANDS, Command
from local.setup.environment import hermetic

PROGRAM = "python3 -m local"


def present() -> dict[str, Command]:
    """The commands this tree has; the others are not offered."""
    return {name: command for name, command in COMMANDS.items() if importlib.util.find_spec(command.module)}


def parser_for(commands: dict[str, Command], arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Knows every command's name, and the arguments of the one that is named."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Restore Desk on one machine.")
    names = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, command in commands.items():
        of_command = names.add_parser(name, help=command.help, description=command.help)
        if name in arguments[:1] and not command.own_arguments:
            importlib.import_module(command.module).arguments(of_command)
    return parser


def isolate(command: Command) -> None:
    """Before the command's modules are read: from here on nobody sees the settings of whoever runs it."""
    if not command.inherits:
        kept = hermetic(os.environ)
        os.environ.clear()
        os.environ.update(kept)


def run(arguments: Sequence[str]) -> int:
    commands = present()
    command = commands.get(arguments[0]) if arguments else None
    if command:
        isolate(command)
        if command.own_arguments:
            own: int | None = importlib.import_module(command.module).main(list(arguments[1:]))
            return own or 0
    parsed = parser_for(commands, arguments).parse_args(arguments)
    code: int | None = importlib.import_module(commands[parsed.command].module).main(parsed)
    sys.stdout.flush()
    return code or 0


def main() -> int:
    try:
        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has read enough; https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


if __name__ == "__main__":
    sys.exit(main())
