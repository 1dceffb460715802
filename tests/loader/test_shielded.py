"""What PostgreSQL, a program of the same user, can see of the loader."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = 65534
CODE = """
import ctypes, os
from loader.shielded import PR_SET_DUMPABLE, shield
if os.getuid() == 0:
    os.setgid({nobody})
    os.setuid({nobody})
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as of a program that was just started
assert not {shielded} or shield()
ours = f"/proc/{{os.getpid()}}/environ"
if os.fork() == 0:
    try:
        print("read" if "IDENTITY_HEADER" in open(ours).read() else "not there", flush=True)
    except PermissionError:
        print("refused", flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has it")
@pytest.mark.parametrize(("shielded", "seen"), [(False, "read"), (True, "refused")])
def test_a_program_of_the_same_user_reads_the_loaders_environment_only_without_the_shield(
    shielded: bool, seen: str
) -> None:
    environ = {"IDENTITY_HEADER": "secret", "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    line = [sys.executable, "-c", CODE.format(shielded=shielded, nobody=NOBODY)]
    done = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.stdout.strip() == seen, done.stderr
