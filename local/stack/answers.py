"""Stands for `shared.wire.http.Http`: a function that would answer httpx answers a caller of ours."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import httpx

from shared.azure.arm_client import ArmClient
from shared.wire.http import TOO_LARGE, Answer, NoAnswer, NotSent

ARM = "https://management.azure.com"
type Answers = Callable[[httpx.Request], httpx.Response]
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def answer(found: httpx.Response) -> Answer:
    """An answer of httpx's, read and unpacked, as ours."""
    names = {name.lower(): value for name, value in found.headers.items() if name.lower() != "content-encoding"}
    return Answer(found.status_code, found.reason_phrase, names, found.content)


class Answering:
    """Each call goes to `answers`; an error of httpx's there is what it would be on the wire."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float,
        most: int,
        before: Callable[[], None] | None = None,
    ) -> Answer:
        if before is not None:
            before()
        try:
            found = self._answers(httpx.Request(method, url, headers=dict(headers), content=body))
        except UNSENT as error:
            raise NotSent(type(error).__name__) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise NoAnswer(type(error).__name__) from error
        if len(found.content) > most:
            raise NoAnswer(TOO_LARGE, replace(answer(found), body=b""))
        return answer(found)


def arm_over(
    answers: Answers, token: Callable[[], str] = lambda: "token", forget: Callable[[], None] = lambda: None
) -> ArmClient:
    """A client of ARM that is answered so."""
    return ArmClient(Answering(answers), ARM, token, forget)
