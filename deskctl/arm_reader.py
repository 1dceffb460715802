"""Reads ARM as the person at the keyboard: each answer is a document, or says that it is absent or may not be seen."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

from shared.azure.arm_client import LOCAL_TOKEN, ArmClient, Tokens
from shared.azure.one_host import link_on
from shared.config.cloud_settings import cloud_of, is_loopback
from shared.config.settings import API_VERSION
from shared.domain.problems import Ours, Trouble
from shared.wire.http import Answer, Http, NoAnswer, NotSent
from shared.wire.trust import trusted

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

type Json = dict[str, Any]
SECONDS, MOST = 60.0, 16 * 2**20  # of a call, and bytes of its answer
VERSIONS = {  # of the providers beside Data Protection
    "microsoft.storage": "2023-05-01",
    "microsoft.keyvault": "2023-07-01",
    "microsoft.dbforpostgresql/flexibleservers": "2024-08-01",
    "microsoft.dbforpostgresql/servers": "2017-12-01",
    "microsoft.authorization": "2022-04-01",
    "microsoft.web": "2024-04-01",
    "microsoft.managedidentity": "2023-01-31",
}


LOCAL = "To try it without Azure: python3 -m local up, then --arm with the ARM address that it prints."


class Absent(Exception):
    """404: there is no such thing."""


class Hidden(Exception):
    """401, 403, 429, 5xx or no answer: nobody can tell from here."""


class ArmReader:
    """Changes nothing. A loopback endpoint takes a fixed token, any other asks azure-identity (az login)."""

    def __init__(self, endpoint: str, api_version: str = API_VERSION) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.api_version = api_version
        if not is_loopback(endpoint) and not endpoint.startswith("https://"):
            raise Ours(f"--arm must be https: the token goes there, not to {endpoint}")
        self._http = Http(cache(trusted))
        self._arm = _arm(self.endpoint, self._http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, version: str | None = None, **query: str) -> Json:
        """One document; Absent or Hidden."""
        return self._read(path, {"api-version": version or self._version(path), **query})

    def pages(self, path: str, version: str | None = None, **query: str) -> Iterator[Json]:
        """Every item of a list, to its last page; links are followed on ARM's host only."""
        page = self.get(path, version, **query)
        while True:
            yield from (item for item in page.get("value") or [] if isinstance(item, dict))
            link = page.get("nextLink")
            if not link:
                return
            page = self._read(str(link), {})

    def judge(self, path: str, version: str, body: Json) -> Json:
        """A question that ARM takes as a POST and that changes nothing; Absent or Hidden."""
        return self._read(path, {"api-version": version}, body)

    def date(self) -> str | None:
        """ARM's own clock, of an answer's Date."""
        try:
            answer = self._call("/subscriptions", {"api-version": "2022-12-01"}, None)
        except Hidden:
            return None
        return answer.headers.get("date")

    def token(self) -> str:
        """The token that calls carry; "" if there is none."""
        return self._arm.token()

    def _call(self, path: str, query: dict[str, str], body: Json | None) -> Answer:
        """The answer, whatever its status; Hidden if there is none."""
        asked = urlencode(query, quote_via=quote)
        link = link_on(self.endpoint, f"{path}?{asked}" if asked else path)
        if link is None:
            raise Hidden("the link leads to another host than ARM's; it was not followed")
        try:
            return self._arm.call("GET" if body is None else "POST", link, body, {}, SECONDS, MOST)
        except (NotSent, NoAnswer, Trouble) as error:
            raise Hidden(f"ARM was not reached ({error})") from error

    def _read(self, path: str, query: dict[str, str], body: Json | None = None) -> Json:
        answer = self._call(path, query, body)
        if answer.status == 404:
            raise Absent(path)
        if answer.status != 200:
            raise Hidden(f"ARM answered {answer.status} {_code(answer)}".rstrip())
        try:
            found = json.loads(answer.body)
        except ValueError as error:
            raise Hidden("ARM's answer is not JSON") from error
        return found if isinstance(found, dict) else {}

    def _version(self, path: str) -> str:
        provider = path.lower().rpartition("/providers/")[2]
        return next((v for name, v in VERSIONS.items() if provider.startswith(name)), self.api_version)


def _code(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def signed_in(token: "Callable[[], AccessToken]") -> "AccessToken":
    """The token, or Ours in two lines if nobody has logged in."""
    from azure.core.exceptions import AzureError

    try:
        return token()
    except AzureError as error:
        raise Ours("nobody is logged in to Azure here: run `az login`, then this command again.\n" + LOCAL) from error


def _arm(endpoint: str, http: Http) -> ArmClient:
    cloud = cloud_of(endpoint, os.environ)
    if is_loopback(endpoint):
        return ArmClient(http, endpoint, lambda: LOCAL_TOKEN)
    from azure.identity import DefaultAzureCredential

    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # what it tried is no help to a person
    credential = DefaultAzureCredential(**cloud.sign_in)
    tokens = Tokens(lambda: signed_in(lambda: credential.get_token(cloud.scope)))
    return ArmClient(http, endpoint, tokens, tokens.forget)
