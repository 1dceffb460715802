"""desk.toml's model: closed by default; what a kind needs, and names that the file does not define, are faults."""

from typing import Any

import pytest

from shared.config.desk_file import EVENTS, Desk, Faults, parse_desk
from shared.domain.problems import Ours
from shared.notices.channels.registry import check_channels
from tests.kits.restores import IDENTITY, INSTANCE, SECRET, SERVER

ENV: dict[str, Any] = {"env": "NAME"}
PG: dict[str, Any] = {"id": INSTANCE, "targets": ["files"], "channels": ["hook"]}
FILES: dict[str, Any] = {"kind": "files", "container": "https://acct.blob.core.windows.net/c01"}
HOOK: dict[str, Any] = {"kind": "webhook", "url": "https://hook.example", "secret": ENV}
TICKETS: dict[str, Any] = {"kind": "jira", "secret": ENV, "reply": "hook", "when": "`true`", "request": "body"}
WHOLE: dict[str, Any] = {
    "instances": {"pg": PG},
    "targets": {"files": FILES},
    "channels": {"hook": HOOK},
    "http": {"instances": ["pg"], "targets": ["files"]},
    "queue": {"instances": ["*"]},
    "tickets": {"jira": TICKETS},
}


def faults_of(**changes: Any) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - pydantic's error is one
        Desk.model_validate(WHOLE | changes)
    return str(caught.value)


def channel(**fields: Any) -> str | None:
    """What is said of a file with this channel; None where nothing is wrong."""
    try:
        desk = Desk.model_validate({"channels": {"x": fields}})
    except ValueError as error:
        return str(error)
    return "; ".join(check_channels(desk)) or None


def test_the_whole_file_is_taken_and_what_it_leaves_out_is_closed() -> None:
    desk = Desk.model_validate(WHOLE)
    pg = desk.instances["pg"]
    assert (pg.cooldown_hours, pg.explicit_targets, pg.identity) == (0, False, None)
    assert (desk.allow.instances, desk.allow.containers, desk.allow.servers, desk.allow.secrets) == ((),) * 4
    hook, jira = desk.channels["hook"], desk.tickets["jira"]
    assert (hook.internal, hook.default, hook.encoding, hook.on) == (True, False, "none", EVENTS)
    assert (jira.explicit, jira.callbacks, desk.queue.targets) == (False, (), ())
    assert (jira.auth, jira.header, jira.instances, jira.targets) == ("signature", "X-Desk-Secret", (), ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"instances": {"pg": PG | {"targets": ["none"]}}}, "instances.pg.targets names none"),
        ({"instances": {"pg": PG | {"channels": ["none"]}}}, "instances.pg.channels names none"),
        ({"http": {"instances": ["*", "none"]}}, "http.instances names none"),
        ({"http": {"targets": ["none"]}}, "http.targets names none"),
        ({"queue": {"instances": ["none"]}}, "queue.instances names none"),
        ({"queue": {"targets": ["files", "none"]}}, "queue.targets names none"),
        ({"tickets": {"jira": TICKETS | {"instances": ["none"]}}}, "tickets.jira.instances names none"),
        ({"tickets": {"jira": TICKETS | {"targets": ["none"]}}}, "tickets.jira.targets names none"),
        ({"http": {"callbacks": ["none"]}}, "http.callbacks names none"),
        ({"tickets": {"jira": TICKETS | {"reply": "none"}}}, "tickets.jira.reply names none"),
    ],
)
def test_a_name_that_the_file_does_not_define_is_a_fault(changes: dict[str, Any], words: str) -> None:
    assert f"{words}, which the file does not define" in faults_of(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "Extra inputs"),
        ({"instances": {"pg": PG | {"id": "pg"}}}, "instances.pg"),
        ({"instances": {"pg": PG | {"id": SERVER}}}, "instances.pg"),
        ({"instances": {"pg": PG | {"identity": INSTANCE}}}, "instances.pg"),
        ({"instances": {"pg": PG | {"cooldownHours": -1}}}, "cooldownHours"),
        ({"instances": {"pg": PG | {"cooldownHours": 745}}}, "cooldownHours"),
        ({"targets": {"files": FILES | {"prefix": "-x"}}}, "prefix"),
        ({"targets": {"files": FILES | {"prefix": "x" * 101}}}, "prefix"),
        (
            {"targets": {"files": {"kind": "database", "server": INSTANCE, "credentialsSecret": SECRET}}},
            "targets.files",
        ),
        ({"targets": {"x" * 64: FILES, "files": FILES}}, "targets"),
        ({"allow": {"instances": ["*"]}}, "allow.instances"),
        ({"allow": {"containers": ["https://*/c01"]}}, "has * in its host"),
        ({"allow": {"containers": ["https://*.blob.core.windows.net/*"]}}, "has * in its host"),
        ({"allow": {"containers": ["https://acct*.blob.core.windows.net/drills"]}}, "has * in its host"),
        ({"allow": {"secrets": ["https://*.vault.azure.net/secrets/*"]}}, "has * in its host"),
    ],
)
def test_what_could_not_be_used_is_a_fault(changes: dict[str, Any], words: str) -> None:
    assert words in faults_of(**changes)


def test_the_limits_themselves_are_taken() -> None:
    pg = PG | {"cooldownHours": 744, "identity": IDENTITY}
    desk = Desk.model_validate(
        WHOLE | {"instances": {"p" * 63: pg}, "targets": {"files": FILES | {"prefix": "x" * 100}}, "http": {}}
    )
    assert desk.instances["p" * 63].cooldown_hours == 744


NEEDS = {
    "teams": ({"url"}, ENV),
    "slack": ({"url"}, ENV),
    "webhook": ({"url", "secret"}, "https://x.example"),
    "eventgrid": ({"url"}, "https://x.example"),
    "queue": ({"url"}, "https://x.example"),
    "servicenow": ({"url", "secret", "user"}, "https://x.example"),
    "jira": ({"url", "secret", "user"}, "https://x.example"),
    "zendesk": ({"url", "secret", "user"}, "https://x.example"),
    "github": ({"secret"}, "https://x.example"),
    "pagerduty": ({"secret"}, "https://x.example"),
}


@pytest.mark.parametrize("kind", NEEDS)
def test_a_channel_needs_the_fields_of_its_kind_and_no_others(kind: str) -> None:
    needed, url = NEEDS[kind]
    whole = {"url": url, "secret": ENV, "user": "bot"}
    assert channel(kind=kind, **whole) is None
    for name in whole:
        said = channel(kind=kind, **{other: value for other, value in whole.items() if other != name})
        assert (said is not None) is (name in needed)
        if said:
            assert f"a {kind} channel needs its {name}" in said


def test_a_kind_that_there_is_not_is_named_with_the_one_that_was_meant() -> None:
    said = channel(kind="team", url=ENV) or ""
    assert "channels.x: kind is 'team', and must be one of eventgrid, " in said
    assert "did you mean teams?" in said


def test_a_url_that_gives_access_stands_in_the_environment() -> None:
    for kind in ("teams", "slack"):
        assert "is a secret" in (channel(kind=kind, url="https://x.example") or "")
    for url in ("https://x.example/q?sig=abc", "https://user:word@x.example"):
        assert "holds a signature" in (channel(kind="queue", url=url) or "")
    for url in ("https://contoso.webhook.office.com/a", "https://outlook.office.com/webhook/a"):
        assert "are retired" in (channel(kind="webhook", url=url, secret=ENV) or "")
    assert channel(kind="webhook", url="https://hook.example", secret=[ENV, ENV]) is None
    assert "refs has no place here" in (
        channel(kind="webhook", url="https://hook.example", secret=ENV, refs=["*"]) or ""
    )
    assert channel(kind="webhook", url="https://hook.example", secret=[]) is not None
    assert channel(kind="webhook", url="https://hook.example", secret=[ENV] * 3) is not None


def source(**changes: Any) -> str | None:
    try:
        Desk.model_validate(WHOLE | {"tickets": {"t": {**TICKETS, **changes}}})
    except ValueError as error:
        return str(error)
    return None


TENANT = "11111111-2222-3333-4444-555555555555"


def test_a_ticket_source_can_verify_its_calls() -> None:
    assert source() is None
    for auth in ("signature", "header"):
        assert f'auth = "{auth}" needs a secret' in (source(auth=auth, secret=None) or "")
    assert source(kind="servicenow", auth="header") is None
    entra = {"auth": "entra", "secret": None, "tenant": TENANT, "audience": "api://desk", "clients": ["app"]}
    assert source(**entra) is None
    assert source(kind="servicenow", **entra) is None
    for name in ("tenant", "audience", "clients"):
        left = {key: value for key, value in entra.items() if key != name}
        assert 'auth = "entra" needs tenant, audience and clients' in (source(**left) or "")


def test_every_line_that_is_wrong_is_named_and_a_file_that_is_no_toml_says_so() -> None:
    with pytest.raises(Faults) as caught:
        parse_desk('colour = 1\n[http]\nfrom = 1\n[channels.x]\nkind = "webhook"\nurl = "https://a:b@x.example"\n')
    assert sorted(caught.value.lines) == [
        'channels.x: the url holds a signature, a key or a password: give it as { env = "NAME" }',
        "colour: there is no such key",
        "http.from: there is no such key",
    ]
    assert str(caught.value).startswith("desk.toml: ")
    with pytest.raises(Ours, match=r"desk.toml is not TOML"):
        parse_desk("=")
    assert parse_desk("") == Desk()
