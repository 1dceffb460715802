"""The other ends of the sample desk.toml's channels, served from a thread; and the variables of its secrets."""

import secrets
import socket
import threading
from base64 import b64encode
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import uvicorn

from local.stack.sinks import Sink, create_app

# the channels of the sample desk.toml: kind, the variable of the URL, the variable of the secret
CHANNELS = {
    "events": ("webhook", "DESK_WEBHOOK_URL", "DESK_WEBHOOK_SECRET"),
    "dba": ("webhook", "DBA_WEBHOOK_URL", "DBA_WEBHOOK_SECRET"),
    "ops-chat": ("slack", "SLACK_URL", None),
    "ops-team": ("teams", "TEAMS_URL", None),
    "pager": ("pagerduty", "PAGERDUTY_URL", "PAGERDUTY_KEY"),
    "jira-comments": ("jira", "JIRA_URL", "JIRA_TOKEN"),
    "servicenow-notes": ("servicenow", "SERVICENOW_URL", "SERVICENOW_PASSWORD"),
    "zendesk-comments": ("zendesk", "ZENDESK_URL", "ZENDESK_TOKEN"),
    "github-comments": ("github", "GITHUB_URL", "GITHUB_TOKEN"),
}
USERS = ("JIRA_USER", "SERVICENOW_USER", "ZENDESK_USER")
TICKETS = {
    "jira": "JIRA_SECRET",
    "servicenow": "SERVICENOW_SECRET",
    "zendesk": "ZENDESK_SECRET",
    "github": "GITHUB_SECRET",
}


class Channels:
    """The other ends of the channels, served from a thread."""

    def __init__(self, sinks: Mapping[str, Sink], keys: Mapping[str, Any]) -> None:
        self.app = create_app(sinks, keys)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self.app, log_level="warning", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    @property
    def ends(self) -> Any:
        """What came (`arrived`) and what is down (`down`)."""
        return self.app.state.sinks


def secret_for(kind: str) -> str:
    """A secret as a kind wants it: a pager's routing key has 32 characters."""
    if kind == "pagerduty":
        return secrets.token_hex(16)
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()
