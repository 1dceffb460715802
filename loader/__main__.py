"""`python -m loader <command>`."""

import sys

from loader.cli import main
from loader.shielded import shield

if __name__ == "__main__":
    shield()
    sys.exit(main(sys.argv[1:]))
