"""What the tests of the Data Protection API's client share: clients whose transport answers as planned."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from local.stack.answers import arm_over
from shared.azure.arm_calls import ArmCalls
from shared.azure.data_protection import DataProtection
from shared.domain.restore import Attempt, Phase, Plan, Point, Restore
from tests.kits.fakes import START, VAULT

BASE = "https://management.azure.com"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/drillstore"
type Answer = Callable[[httpx.Request], httpx.Response]


def calls(answer: Answer) -> ArmCalls:
    return ArmCalls(arm_over(answer), "2024-04-01", 60)


def azure(answer: Answer) -> DataProtection:
    return DataProtection(calls(answer), lambda: "token")


def says(status: int, body: Any = None, **headers: str) -> Answer:
    return lambda request: httpx.Response(status, json=body, headers=headers)


INSTANCE = f"{VAULT}/backupInstances/pg-a"
REQUEST_ID = "aaaaaaaa-0000-0000-0000-000000000001"
TRACKED = {"azure-asyncoperation": f"{BASE}/subscriptions/x/op?api-version=1&t=abc%2Fd", "retry-after": "7"}
HTML = httpx.Response(502, html="<html>bad gateway</html>")

RESTORE = Restore(
    id="yoeytdsl-01m3vnbwg00000000000000000",
    phase=Phase.SUBMITTING,
    vault=VAULT,
    instance=INSTANCE,
    instance_name="pg-a",
    source="http",
    asked={},
    plan=Plan(kind="files", container="https://dumps.blob.core.windows.net/drills", location="westeurope"),
    point=Point(id="pt-1", time=START, tier="VaultStore"),
    attempts=(Attempt(number=1, request_id=REQUEST_ID, at=START),),
    accepted_at=START,
    due=START,
)


@dataclass
class Transport:
    """Answers in turn, remembers each request; one more than was planned is refused."""

    answers: list[httpx.Response | Exception]
    seen: list[httpx.Request] = field(default_factory=list)
    forgotten: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        assert self.answers, f"unexpected {request.method} {request.url}"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def forget(self) -> None:
        self.forgotten += 1

    @property
    def azure(self) -> DataProtection:
        return DataProtection(
            ArmCalls(arm_over(self, lambda: "secret-token", self.forget), "2024-04-01", 60), lambda: "secret-token"
        )


def answering(*answers: httpx.Response | Exception) -> Transport:
    return Transport(list(answers))


def said(status: int, code: str = "UserErrorNo") -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "words"}})


def in_time() -> None: ...
