"""`python -m local.emulator`."""

import sys

from local.emulator.server import main

sys.exit(main())
