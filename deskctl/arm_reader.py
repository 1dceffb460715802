"""Reads ARM as the person at the keyboard: each answer is a document, or says that it is absent or may not be seen."""

import logging
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

import httpx

from shared.azure.arm_client import LOCAL_TOKEN, TokenAuth, Tokens, arm_client
from shared.azure.one_host import link_on
from shared.config.cloud_settings import cloud_of, is_loopback
from shared.config.settings import API_VERSION
from shared.domain.problems import Ours

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

type Json = dict[str, Any]
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
        self._auth = _auth(self.endpoint)
        self.http = arm_client(self.endpoint, self._auth, 60, keep_alive=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

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
            answer = self.http.get("/subscriptions", params={"api-version": "2022-12-01"})
        except httpx.HTTPError:
            return None
        return str(answer.headers["date"]) if "date" in answer.headers else None

    def token(self) -> str:
        """The token that calls carry; "" if there is none."""
        request = self.http.build_request("GET", "/")
        next(self._auth.auth_flow(request))
        return str(request.headers.get("authorization", "")).removeprefix("Bearer ")

    def _read(self, path: str, query: dict[str, str], body: Json | None = None) -> Json:
        url = link_on(self.http.base_url, path)
        if url is None:
            raise Hidden("the link leads to another host than ARM's; it was not followed")
        try:
            answer = self.http.request("GET" if body is None else "POST", url, params=query or None, json=body)
        except httpx.HTTPError as error:
            raise Hidden(f"ARM was not reached ({type(error).__name__})") from error
        if answer.status_code == 404:
            raise Absent(path)
        if answer.status_code != 200:
            raise Hidden(f"ARM answered {answer.status_code} {_code(answer)}".rstrip())
        try:
            found = answer.json()
        except ValueError as error:
            raise Hidden("ARM's answer is not JSON") from error
        return found if isinstance(found, dict) else {}

    def _version(self, path: str) -> str:
        provider = path.lower().rpartition("/providers/")[2]
        return next((v for name, v in VERSIONS.items() if provider.startswith(name)), self.api_version)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def signed_in(token: "Callable[[], AccessToken]") -> "AccessToken":
    """The token, or Ours in two lines if nobody has logged in."""
    from azure.core.exceptions import AzureError

    try:
        return token()
    except AzureError as error:
        raise Ours("nobody is logged in to Azure here: run `az login`, then this command again.\n" + LOCAL) from error


def _auth(endpoint: str) -> TokenAuth:
    cloud = cloud_of(endpoint, os.environ)
    if is_loopback(endpoint):
        return TokenAuth(endpoint, lambda: LOCAL_TOKEN, lambda: None)
    from azure.identity import DefaultAzureCredential

    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # what it tried is no help to a person
    credential = DefaultAzureCredential(**cloud.sign_in)
    tokens = Tokens(lambda: signed_in(lambda: credential.get_token(cloud.scope)))
    return TokenAuth(endpoint, tokens, tokens.forget)
