"""The Bicep compiler has nothing to say of infra/, and what it would say is heard."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from local.build.bicep import DEPLOYMENTS, INFRA, MISSING, compiler, findings, main, snapshot
from tests.kits.snapshots import NAMES

BICEP = compiler()


@pytest.mark.skipif(BICEP is None, reason=MISSING)
def test_the_compiler_has_nothing_to_say() -> None:
    assert BICEP is not None
    assert findings(BICEP) == []


def test_no_compiler_is_said_aloud(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("AZURE_CONFIG_DIR", "/nowhere")
    if compiler() is not None:
        pytest.skip("a compiler lies beside this repository")
    assert (main([]), main(["--needed"])) == (0, 1)
    assert MISSING in capsys.readouterr().out


APP = "module app 'app.bicep' = {"
FAULTS = {  # the file, what stands there, what is put there, a word of the finding
    "a property that the type lacks": (
        "app.bicep",
        "httpsOnly: true",
        "httpsOnly: true\n    httpOnly: true",
        '"httpOnly"',
    ),
    "a misspelt key of ours": (
        "main.bicep",
        "page: { clientId: pageClientId }",
        "page: { clientld: pageClientId }",
        '"clientld"',
    ),
    "an unformatted line": (
        "identity.bicep",
        "  location: location",
        "  location:   location",
        "identity.bicep changes",
    ),
    "a name that is not there": ("storage.bicep", "name: name", "name: nam", 'The name "nam"'),
    "a module with a name of its own": ("main.bicep", APP, f"{APP}\n  name: 'app'", "no-module-name"),
}


def _spoilt(tmp_path: Path, faults: Iterable[tuple[str, str, str, str]]) -> Path:
    infra = Path(shutil.copytree(INFRA, tmp_path / "infra"))
    for file, before, after, _ in faults:
        text = (infra / file).read_text()
        assert before in text
        (infra / file).write_text(text.replace(before, after, 1))
    return infra


@pytest.mark.slow
@pytest.mark.skipif(BICEP is None, reason=MISSING)
def test_every_planted_fault_is_heard(tmp_path: Path) -> None:
    assert BICEP is not None
    said = "\n".join(findings(BICEP, _spoilt(tmp_path, FAULTS.values()), tmp_path))
    assert [name for name, (*_, word) in FAULTS.items() if word not in said] == []


@pytest.mark.slow
@pytest.mark.skipif(BICEP is None, reason=MISSING)
def test_another_resource_than_in_the_snapshot_is_heard(tmp_path: Path) -> None:
    assert BICEP is not None
    _spoilt(tmp_path, [("main.bicep", "'kv-${token}'", "'kv2-${token}'", "")])
    deployments = tmp_path / "tests" / "infra" / "deployments"
    deployments.mkdir(parents=True)
    for path in DEPLOYMENTS.glob("defaults.*"):
        shutil.copy(path, deployments)
    assert "kv2-" in "".join(snapshot(BICEP, deployments / "defaults.bicepparam", "validate"))


def test_every_deployment_has_its_snapshot_and_no_module_comes_from_a_registry() -> None:
    assert sorted(path.stem for path in DEPLOYMENTS.glob("*.bicepparam")) == NAMES
    assert len(NAMES) == 5
    for path in INFRA.glob("*.bicep"):
        text = path.read_text()
        assert not re.search(r"'(br|ts)[:/]", text), "a module from a registry cannot be looked into here"
        assert not re.search(r"\blist(Keys|Secrets|AccountSas)\b", text), "identities, no keys"
    used = {name for path in INFRA.glob("*.bicep") for name in re.findall(r"'([\w-]+\.bicep)'", path.read_text())}
    assert used | {"main.bicep"} == {path.name for path in INFRA.glob("*.bicep")}
