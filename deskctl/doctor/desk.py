"""The doctor's look at a deployed desk: its health, each channel's test, and everybody's clocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from deskctl.doctor.findings import Finding, fault, ok, unknown, warning
from shared.advice.shell_commands import Verbatim, az
from shared.config.cloud_settings import is_loopback
from shared.config.desk_file import Channel, Desk, FromEnvironment
from shared.domain.version import VERSION

SKEW = 120.0  # seconds; signed calls of ticket systems are refused after five minutes


WHO = {"by": "deskctl doctor", "reason": "each channel is tried"}


@dataclass(frozen=True)
class Deployed:
    """A desk by its URL and key."""

    http: httpx.Client
    desk: Desk
    now: Callable[[], datetime]
    health_key: str = field(default="", repr=False)

    @property
    def app(self) -> str:
        return urlsplit(str(self.http.base_url)).hostname or ""

    def look(self) -> Iterator[Finding]:
        try:
            answer = self.http.get("/api/health", headers={"x-functions-key": self.health_key})
        except httpx.HTTPError as error:
            line = az("functionapp list", query=f"[?defaultHostName=='{self.app}'].state")
            yield fault("desk", f"{self.http.base_url} does not answer ({type(error).__name__})", line)
            return
        if answer.status_code not in (200, 503):
            line = az("functionapp function list", "-o table", name=self._name, resource_group=self._group)
            yield fault("desk", f"/api/health answers {answer.status_code}: is this a desk?", line)
            return
        yield from clock("desk", answer.headers.get("date"), self.now())
        yield from self._health(answer)
        yield from self._page()
        for name, channel in self.desk.channels.items():
            yield self._channel(name, channel)

    @property
    def _name(self) -> str:
        return self.app.split(".")[0]

    @property
    def _group(self) -> Verbatim:
        query = f"[?name=='{self._name}'].resourceGroup"
        return Verbatim(f'"$({az("functionapp list", "-o tsv", query=query)})"')

    def _health(self, answer: httpx.Response) -> Iterator[Finding]:
        try:
            told = answer.json()
        except ValueError:
            told = {}
        if "checks" not in told:
            state = told.get("status", "silent")
            line = az("functionapp config appsettings list", name=self._name, resource_group=self._group,
                      query="[?name=='DESK_HEALTH_KEY']")  # fmt: skip
            if is_loopback(str(self.http.base_url)):
                line = 'DESK_HEALTH_KEY="$DESK_KEY"'  # `up` makes one key for both
            if state == "ok":
                yield unknown("desk", "it is ok; --health-key shows each check", line)
            else:
                yield fault("desk", f"it is {state}; --health-key shows each check", line)
            return
        for check, words in told["checks"].items():
            good = words == "ok" or str(words).startswith("ok,")
            yield ok(f"desk, {check}", words) if good else fault(f"desk, {check}", words, *self._mends(check))
        for place, words in told.get("closed", {}).items():
            yield fault(place, f"closed: {words}", self._refresh())
        if told.get("version") != VERSION:
            words = f"it runs version {told.get('version')}, this is {VERSION}"
            yield warning("desk", words, "sh infra/deploy.sh")

    def _mends(self, check: str) -> tuple[str, ...]:
        """What helps against a check of health that is not ok: a new start helps a sweep, and nothing else."""
        where = {"name": self._name, "resource_group": self._group}
        if check == "desk.toml":
            return "python3 -m deskctl check", "sh infra/deploy.sh"
        if check == "token":
            query = "[?name=='AzureWebJobsStorage__clientId'].value"
            client = az("functionapp config appsettings list", query=query, **where)
            return az("functionapp show", query="identity", **where), client, "azd provision"
        if check == "storage":
            query = "[?starts_with(name, 'AzureWebJobsStorage__')]"
            return az("functionapp config appsettings list", query=query, **where), "azd provision"
        return ("azd provision",) if check == "settings" else (self._log(),)

    def _page(self) -> Iterator[Finding]:
        """The page as a stranger meets it: it must ask for sign-in and show nothing."""
        try:
            status = self.http.get("/desk", headers={"x-functions-key": ""}).status_code
        except httpx.HTTPError as error:
            yield unknown("page", f"/desk does not answer ({type(error).__name__})")
            return
        if self.desk.page is None:
            if status != 404:
                words = f"/desk answers {status}: the deployed desk.toml has a [page] table, this one has none"
                yield warning("page", words, "sh infra/deploy.sh")
        elif status == 401:
            yield ok("page", "it asks strangers to sign in")
        elif status == 404:
            yield fault("page", "the deployed desk.toml has no [page] table", "sh infra/deploy.sh")
        elif status == 403:
            words = "App Service Authentication is off, so nobody can sign in (docs/deploy.md, Sign-in for the page)"
            yield fault("page", words, 'azd env set DESK_PAGE_CLIENT_ID "<client id>"', "azd provision")
        elif status in (301, 302, 307):
            words = "sign-in is asked of every call: webhooks and calls with a key fail; let anonymous calls pass"
            yield fault("page", words, "azd provision")
        else:
            yield fault("page", f"/desk answers {status} to a stranger; 401 is expected", self._log())

    def _log(self) -> str:
        return az("functionapp restart", name=self._name, resource_group=self._group)

    def _refresh(self) -> str:
        """`az rest` puts the cloud's ARM before a path. Key Vault references are read once a day:
        https://learn.microsoft.com/azure/app-service/app-service-key-vault-references"""
        query = f"[?name=='{self._name}'].id"
        app = f"$({az('functionapp list', '-o tsv', query=query)})"
        url = f'"{app}/config/configreferences/appsettings/refresh?api-version=2022-03-01"'
        return az("rest", method="post", url=Verbatim(url))

    def _channel(self, name: str, channel: Channel) -> Finding:
        place = f"channels.{name}"
        try:
            answer = self.http.post(f"/api/channels/{name}/test", json=WHO)
            told = answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            return unknown(place, f"its test did not answer ({type(error).__name__})")
        if answer.status_code == 200:
            return ok(place, f"a sample notice was delivered ({channel.kind})")
        if answer.status_code == 401:
            line = az("functionapp keys list", name=self._name, resource_group=self._group)
            return unknown(place, "the key does not open check_channel: give --key the host's", line)
        if answer.status_code == 422:
            return fault(place, "the deployed desk.toml does not have it", "sh infra/deploy.sh")
        words = told.get("answer") or told.get("detail") or f"answer {answer.status_code}"
        env = next((part.env for part in (channel.url, channel.user) if isinstance(part, FromEnvironment)), None)
        secret = (env or name).lower().replace("_", "-")
        mend = az("keyvault secret set", vault_name="<vault>", name=secret, file="<file with the new value>")
        return fault(place, f"a sample notice was not delivered: {words}", mend, self._refresh())


def clock(place: str, date: str | None, now: datetime) -> Iterator[Finding]:
    """Whether two clocks agree, by the Date of an answer."""
    if not date:
        yield unknown(place, "its answer has no Date: the clocks cannot be compared")
        return
    try:
        apart = (parsedate_to_datetime(date).astimezone(UTC) - now).total_seconds()
    except ValueError:
        yield unknown(place, f"its Date cannot be read: {date[:40]!r}")
        return
    if abs(apart) > SKEW:
        yield fault(place, f"its clock and yours are {abs(apart):.0f} s apart", "sudo timedatectl set-ntp true")
    else:
        yield ok(place, "its clock and yours agree")
