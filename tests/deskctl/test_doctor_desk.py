"""`doctor --desk`: the health of a deployed desk, a sample notice on each channel, each fault with its mend."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from local.cli import run
from local.emulator import Emulator, Options
from tests.kits.doctor_kit import DESK, Case, examined, healthy
from tests.kits.served_desk import KEY, ServedDesk, written
from tests.kits.sink_kit import sink


@pytest.fixture
def url() -> Iterator[str]:
    with sink() as running:
        yield running


def secrets(url: str) -> Mapping[str, str]:
    signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    return {
        "GOOD": f"{url}/good",
        "GONE": f"{url}/gone",
        "SIGNING": signing,
        "DESK_HEALTH_KEY": "health-key-of-the-desk",
    }


def test_a_deployed_desk_is_asked_for_its_health_and_each_channel_is_tested(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Case().config(tmp_path)
    channels = {
        name: {"kind": "webhook", "url": {"env": env}, "secret": {"env": "SIGNING"}}
        for name, env in {"good": "GOOD", "gone": "GONE", "unset": "NOT_SET"}.items()
    }
    text = config.read_text()
    config.write_text(text + written(tmp_path / "more.toml", channels=channels).read_text())
    with (
        Emulator(Options(state=tmp_path / "arm"), healthy()) as azure,
        ServedDesk(config, azure.url, secrets(url), working=False) as desk,
    ):
        given = ["--config", str(config), "--arm", azure.url, "--identity", DESK, "--desk", desk.url, "--key", KEY]
        code = run(["doctor", *given, "--health-key", secrets(url)["DESK_HEALTH_KEY"]])
        keyless = run(["doctor", *given[:-1], "not-the-key"])  # says what it cannot tell, and finds no fault
    said = capsys.readouterr().out
    assert (code, keyless) == (1, 0)
    assert "channels.good: a sample notice was delivered" in said
    assert "channels.gone: a sample notice was not delivered" in said
    assert "channels.unset: closed: NOT_SET is not set" in said
    assert "az keyvault secret set --vault-name '<vault>' --name gone" in said
    assert "config/configreferences/appsettings/refresh" in said
    assert "desk, storage: ok" in said
    assert "the key does not open check_channel" in said
    assert "it is ok; --health-key shows each check" in said


def test_a_desk_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = examined(tmp_path, Case(), capsys, "--desk", "http://127.0.0.1:9")
    assert seen.code == 1
    assert "does not answer" in seen.said
