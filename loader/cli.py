"""The command line: a table of commands, each a module with `arguments(parser)` and `main(parsed)`."""

import argparse
import importlib
import importlib.util
import logging
import sys
import traceback
from collections.abc import Callable, Sequence

from loader.sources import NoSource
from loader.verdict import EXIT_CODES, USAGE, Outcome

COMMANDS = {
    "manifest": ("loader.manifest_command", "shows what a folder or container holds, by the files' heads"),
    "verify": ("loader.verify_command", "tells whether a backup is whole: passed, failed or inconclusive"),
    "load": ("loader.into_command", "loads delivered files into a server"),
    "work": ("loader.work", "takes verifications from the queue restore-loads"),
}


class _Parser(argparse.ArgumentParser):
    """A wrong command line is exit 3: 2 means inconclusive."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Knows the commands that are here."""
    whole = _Parser(prog="python -m loader", description="Reads, verifies and loads what a restore delivered as files.")
    names = whole.add_subparsers(dest="command", metavar="command", required=True)
    for name, (module, text) in COMMANDS.items():
        if importlib.util.find_spec(module):
            one = names.add_parser(name, help=text, description=text)
            importlib.import_module(module).arguments(one)
    return whole


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 passed or done, 1 failed, 2 inconclusive, 3 wrong usage, 130 Ctrl-C."""
    parsed = parser().parse_args(arguments)
    logging.getLogger("azure").setLevel(logging.ERROR)  # its warnings hold URLs and headers
    return guarded(lambda: int(importlib.import_module(COMMANDS[parsed.command][0]).main(parsed)))


def guarded(command: Callable[[], int]) -> int:
    """A fault of our own ends with 2, inconclusive: Python's 1 would say that the backup is bad."""
    try:
        return command()
    except NoSource as error:
        print(error, file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - whatever it is, it is ours
        traceback.print_exc()
        return EXIT_CODES[Outcome.INCONCLUSIVE]
