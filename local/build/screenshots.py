"""Writes the pictures of the page in docs/page, as its browser tests take them."""

import os
import sys

import pytest

from local.host.process import ROOT


def main() -> int:
    """`python -m local.build.screenshots`; the set-up of `python3 -m local test` brings the browser."""
    os.environ["DESK_SCREENSHOTS"] = "write"
    return int(pytest.main([str(ROOT / "tests" / "browser" / "test_pages.py"), "-k", "everybody", "-n", "0"]))


if __name__ == "__main__":
    sys.exit(main())
