"""`doctor --desk`: the health of a deployed desk, a sample notice on each channel, each fault with its mend."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deskctl.doctor.desk import Deployed
from local.cli import run
from local.emulator import Emulator, Options
from shared.config.desk_file import Desk, Page, PageRole
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


PAGE = Page(tenant="99999999-8888-4777-8666-555555555555", roles={"RestoreDesk.Reader": PageRole()})


@pytest.mark.parametrize(
    ("page", "status", "state"),
    [
        (None, 404, None), (None, 401, "warning"), (PAGE, 401, "ok"), (PAGE, 404, "fault"), (PAGE, 403, "fault"),
        (PAGE, 302, "fault"), (PAGE, 200, "fault"), (PAGE, 500, "fault"),
    ],
)  # fmt: skip
def test_the_page_must_ask_strangers_to_sign_in(page: Page | None, status: int, state: str | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert not request.headers.get("x-functions-key") or request.url.path == "/api/health"
        return httpx.Response(status if request.url.path == "/desk" else 200, json={"status": "ok"})

    with httpx.Client(base_url="https://desk.example", transport=httpx.MockTransport(answer)) as http:
        found = [
            one for one in Deployed(http, Desk(page=page), lambda: datetime.now(UTC)).look() if one.place == "page"
        ]
    assert [one.state for one in found] == ([state] if state else [])
    assert all(one.mend for one in found if one.state in ("fault", "warning"))


MENDS = {
    "sweep": "functionapp restart",
    "desk.toml": "deskctl check",
    "token": "AzureWebJobsStorage__clientId",
    "storage": "AzureWebJobsStorage__",
    "settings": "azd provision",
}


@pytest.mark.parametrize(("check", "mend"), MENDS.items())
def test_a_check_that_is_not_ok_is_mended_by_what_can_help_it(check: str, mend: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503, json={"status": "down", "version": "0", "checks": {check: "bad", "other": "ok"}})

    with httpx.Client(base_url="https://desk.example", transport=httpx.MockTransport(answer)) as http:
        found = [one for one in Deployed(http, Desk(), lambda: datetime.now(UTC)).look() if one.state == "fault"]
    (bad,) = [one for one in found if one.place == f"desk, {check}"]
    assert any(mend in line for line in bad.mend)
    assert any("functionapp restart" in line for line in bad.mend) is (check == "sweep")
