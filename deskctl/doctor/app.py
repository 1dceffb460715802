"""The doctor's look at a function app in ARM: functions listed and switched on, references to Key Vault resolved."""

from collections.abc import Iterator
from dataclasses import dataclass

from deskctl.arm_reader import Absent, ArmReader, Hidden, Json
from deskctl.doctor.findings import Finding, fault, ok, unknown
from shared.advice.shell_commands import Verbatim, az
from shared.api.routes import ROUTES
from shared.domain.resource_ids import ArmId

SITE = "Microsoft.Web/sites"
TRIGGERS = {
    "sweep_restores": "nothing is watched, repaired or told",
    "run_restore": "requests begin only when the sweep looks",
    "show_page": "the page is not served",
    "act_on_page": "the page is not served",
    "take_poison": "a request that crashed five times is not even refused, and gone after the seven days of its queue",
    "take_verdict": "what loaders find is not heard: every verification ends as lost",
    "take_verdict_poison": "an answer of a loader that crashed five times is not read again",
}


@dataclass(frozen=True)
class FunctionApp:
    """A function app by its ARM id."""

    reader: ArmReader
    id: ArmId

    @property
    def place(self) -> str:
        return f"app {self.id.name}"

    @property
    def where(self) -> dict[str, str]:
        return {"name": self.id.name, "resource_group": self.id.resource_group}

    def look(self) -> Iterator[Finding]:
        """Each of the two lists by itself."""
        for check in (self._functions, self._references):
            try:
                yield from check()
            except Absent as error:
                line = az("functionapp list", "-o table", resource_group=self.id.resource_group)
                yield fault(self.place, f"there is nothing at {error}", line)
            except Hidden as error:
                yield unknown(self.place, f"it may not be read: {error}")

    def _functions(self) -> Iterator[Finding]:
        listed = {
            str(one.get("name")).rpartition("/")[2]: one for one in self.reader.pages(f"{self.id.text}/functions")
        }
        wanted = {**{route.name: f"{route.method} {route.path} is not served" for route in ROUTES}, **TRIGGERS}
        missing = [name for name in wanted if name not in listed]
        if missing:
            words = f"it lacks {', '.join(missing)}: the package did not load, or is an older one"
            yield fault(self.place, words, "sh infra/deploy.sh", az("functionapp function list", **self.where))
        off = [name for name, one in listed.items() if (one.get("properties") or {}).get("isDisabled") is True]
        for name in off:
            setting = f"AzureWebJobs.{name}.Disabled"
            line = az("functionapp config appsettings delete", setting_names=setting, **self.where)
            yield fault(self.place, f"its function {name} is switched off: {wanted.get(name, 'it is not ours')}", line)
        if not missing and not off:
            yield ok(self.place, f"its {len(listed)} functions are there and switched on")

    def _references(self) -> Iterator[Finding]:
        path = f"{self.id.text}/config/configreferences/appsettings"
        found = [one for one in self.reader.pages(path) if _status(one)]
        bad = [one for one in found if _status(one).lower() != "resolved"]
        refresh = az("rest", method="post", url=Verbatim(f"{path}/refresh?api-version=2022-03-01"))
        for one in bad:
            inner = one.get("properties") or {}
            vault, secret = inner.get("vaultName") or "<vault>", inner.get("secretName") or "<secret>"
            line = az("keyvault secret set", vault_name=str(vault), name=str(secret), file="<file with the value>")
            words = f"its setting {one.get('name')} is not resolved ({_status(one)}): what it belongs to is closed"
            yield fault(self.place, words, line, refresh)
        if found and not bad:
            yield ok(self.place, f"its {len(found)} references to Key Vault are resolved")


def _status(reference: Json) -> str:
    return str((reference.get("properties") or {}).get("status") or "")
