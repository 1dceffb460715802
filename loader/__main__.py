"""`python -m loader <command>`."""

import sys

from loader.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
