"""`python3 -m local <command>`: starts on whatever Python there is; local/setup/bootstrap.py finds the right one."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib is newer than what may run this


def start(program):
    # type: (str) -> None
    """Says what is missing, or has the folder set up and becomes the command."""
    if sys.version_info < (3, 8):  # noqa: UP036 - the very point of this file
        sys.stderr.write(
            "This Python (" + sys.version.split()[0] + ") is too old to start from: use python3, 3.8 or newer.\n"
        )
        sys.exit(3)
    if os.name != "posix":
        sys.stderr.write("Linux or macOS is needed; on Windows run it in WSL.\n")
        sys.exit(3)
    if os.path.realpath(os.getcwd()) != os.path.realpath(ROOT):  # noqa: PTH109
        again = "python3 -m " + program + " " + " ".join(sys.argv[1:])
        sys.stderr.write("Run it in the repository's root: cd " + ROOT + " && " + again + "\n")
        sys.exit(2)
    sys.path[0] = ROOT
    from local.setup.bootstrap import main

    sys.exit(main(sys.argv[1:], program))


if __name__ == "__main__":
    start("local")
