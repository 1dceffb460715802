"""The zip that Azure runs: whole, the same bytes each time, its bytecode taken without a look at any clock."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from local.build.package import APP, CONFIG, NotPackaged, interpreter, package, stage
from local.build.package_index import NotIndexed, closure, index

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "desk.toml"
MAGIC_OF_3_13 = (3571).to_bytes(2, "little") + b"\r\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app as it stands now: nothing changes it while the tests run."""
    try:
        interpreter()
    except NotPackaged as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("source")
    stage(ROOT, folder, libraries=False, config=SAMPLE)
    return folder


@pytest.fixture(scope="module")
def zipped(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("package") / "restore-desk.zip"
    package(made, libraries=False, source=source, config=SAMPLE)
    return made


def test_microsofts_runtime_indexes_it_where_only_its_requirements_are(zipped: Path) -> None:
    functions = index(zipped)
    assert {"request_restore", "run_restore", "take_poison", "sweep_restores", "health"} <= set(functions)


def test_it_holds_the_app_and_nothing_else(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        names = [name for name in archive.namelist() if "__pycache__" not in name]
        assert {name.split("/")[0] for name in names} == {*APP, CONFIG}
        assert json.loads(archive.read("host.json"))["version"] == "2.0"


def test_every_module_has_bytecode_that_needs_no_clock(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        names = archive.namelist()
        sources = [name for name in names if name.endswith(".py")]
        compiled = [name for name in names if name.endswith(".cpython-313.pyc")]
        assert len(compiled) == len(sources)
        for name in compiled:
            head = archive.read(name)[:8]
            assert head == MAGIC_OF_3_13 + b"\x01\x00\x00\x00", f"{name}: hash-based, and not checked"


def test_the_same_source_gives_the_same_bytes(source: Path, zipped: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(source, moved)
    for path in moved.rglob("*.py"):
        path.touch()
    package(tmp_path / "again.zip", libraries=False, source=moved, config=SAMPLE)
    assert (tmp_path / "again.zip").read_bytes() == zipped.read_bytes()


def test_a_module_that_the_zip_lacks_is_found_out(source: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn"
    shutil.copytree(source, torn)
    (torn / "shared" / "domain" / "values.py").unlink()
    package(tmp_path / "torn.zip", libraries=False, source=torn, config=SAMPLE)
    with pytest.raises(NotIndexed, match=r"shared\.domain\.values"):
        index(tmp_path / "torn.zip")


def test_a_library_that_requirements_do_not_bring_is_found_out(source: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn"
    shutil.copytree(source, torn)
    lines = (torn / "requirements.txt").read_text().splitlines()
    (torn / "requirements.txt").write_text("\n".join(line for line in lines if "jmespath" not in line))
    package(tmp_path / "torn.zip", libraries=False, source=torn, config=SAMPLE)
    with pytest.raises(NotIndexed, match="jmespath"):
        index(tmp_path / "torn.zip")


def test_outside_of_the_repository_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotPackaged, match=r"function_app\.py is missing"):
        package(tmp_path / "x.zip", libraries=False, source=tmp_path, config=SAMPLE)


def test_requirements_bring_what_they_require_and_no_tools() -> None:
    found = closure(["httpx", "azure-identity"])
    assert {"httpcore", "certifi", "msal", "cryptography"} <= found
    assert not {"pytest", "ruff", "aiohttp"} & found
