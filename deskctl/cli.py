"""Knows the command line of `python3 -m deskctl`; a command's module is read only when it is asked for."""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence

from deskctl.commands import COMMANDS, Command

PROGRAM = "python3 -m deskctl"
DESCRIPTION = "Restore Desk, from the outside."


def parser_for(
    commands: Mapping[str, Command], arguments: Sequence[str], program: str = PROGRAM, description: str = DESCRIPTION
) -> argparse.ArgumentParser:
    """Knows every command's name, and the arguments of the one that is named."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    names = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, command in commands.items():
        of_command = names.add_parser(name, help=command.help, description=command.help)
        if name in arguments[:1] and not command.own_arguments:
            importlib.import_module(command.module).arguments(of_command)
    return parser


def run(
    arguments: Sequence[str],
    commands: Mapping[str, Command] = COMMANDS,
    program: str = PROGRAM,
    about: str = DESCRIPTION,
) -> int:
    """Runs one command; gives its exit code."""
    command = commands.get(arguments[0]) if arguments else None
    if command and command.own_arguments:
        own: int | None = importlib.import_module(command.module).main(list(arguments[1:]))
        return own or 0
    parsed = parser_for(commands, arguments, program, about).parse_args(arguments)
    code: int | None = importlib.import_module(commands[parsed.command].module).main(parsed)
    sys.stdout.flush()
    return code or 0


def main(runner: Callable[[Sequence[str]], int] = run) -> int:
    """Runs what the command line says; Ctrl-C and a closed pipe are no tracebacks."""
    try:
        return runner(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has read enough; https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


if __name__ == "__main__":
    sys.exit(main())
