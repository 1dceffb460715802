"""host.json, settings files and connections: what is read of them, and what is refused with which words."""

import json
from datetime import timedelta

import pytest

from local.host.bindings import connections, host_json, settings
from local.host.bindings.connections import Connection


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Work": "text"}, Connection("text")),
        ({"AzureWebJobsWork": "first", "Work": "second"}, Connection("first")),
        ({"Work__queueServiceUri": "https://a.queue", "Work__clientId": "c"}, Connection(None, "https://a.queue", "c")),
        ({"Work__accountName": "acct"}, Connection(None, "https://acct.queue.core.windows.net")),
    ],
)
def test_connections(given: dict[str, str], expected: Connection) -> None:
    assert connections.find("Work", given) == expected


def test_a_connection_string_is_never_shown() -> None:
    found = connections.find("", {"AzureWebJobsStorage": "UseDevelopmentStorage=true"})
    assert "127.0.0.1:10001" in str(found.text)
    assert "AccountKey" not in repr(found)


def test_host_json_has_the_real_hosts_defaults() -> None:
    config = host_json.parse('{"version": "2.0"}')
    queues = config.extensions.queues
    assert config.extensions.http.route_prefix == "api"
    assert (queues.batch_size, queues.max_dequeue_count, queues.message_encoding) == (16, 5, "base64")
    assert (queues.max_polling_interval, queues.visibility_timeout) == (timedelta(minutes=1), timedelta(0))
    assert [queues.threshold(processors) for processors in (1, 2, 4)] == [8, 16, 32]


def test_host_json_as_written() -> None:
    queues = {
        "batchSize": 32,
        "newBatchThreshold": 0,
        "maxPollingInterval": "00:00:02.500",
        "visibilityTimeout": "1.00:00:30",
    }
    config = host_json.parse(
        json.dumps({"version": "2.0", "extensions": {"queues": queues, "http": {"routePrefix": ""}}})
    )
    found = config.extensions.queues
    assert (found.batch_size, found.threshold(4), config.extensions.http.route_prefix) == (32, 0, "")
    assert (found.max_polling_interval, found.visibility_timeout) == (
        timedelta(seconds=2.5),
        timedelta(days=1, seconds=30),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "the file: "),
        ("{}", "version: Field required"),
        ('{"version": "1.0"}', "version: "),
        ('{"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}', "extensions.queues.batchSize: "),
        ('{"version": "2.0", "extensions": {"queues": {"batchSize": 0}}}', "greater than or equal to 1"),
        ('{"version": "2.0", "extensions": {"queues": {"maxDequeueCount": 0}}}', "maxDequeueCount"),
        ('{"version": "2.0", "extensions": {"queues": {"messageEncoding": "utf8"}}}', "'base64' or 'none'"),
        ('{"version": "2.0", "extensions": {"queues": {"visibilityTimeout": 30}}}', 'a time span such as "00:00:30"'),
        (
            '{"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:00.050"}}}',
            "at least 00:00:00.100",
        ),
    ],
)
def test_a_host_json_out_of_bounds_is_refused(text: str, words: str) -> None:
    with pytest.raises(host_json.InvalidHostJson) as refusal:
        host_json.parse(text)
    assert words in str(refusal.value)


def test_unknown_settings_of_host_json_are_reported() -> None:
    text = {
        "version": "2.0",
        "logging": {},
        "extensionBundle": {},
        "queues": {},
        "extensions": {"http": {"routePrefx": "x", "hsts": {}}, "queues": {"batchsize": 1}, "serviceBus": {}},
    }
    assert host_json.parse(json.dumps(text)).unknown() == [
        "extensions.http.routePrefx",
        "extensions.queues.batchsize",
        "extensions.serviceBus",
        "queues",
    ]


def test_settings_file() -> None:
    assert settings.parse('{"IsEncrypted": false, "Values": {"A": "1"}, "Host": {}}', "f") == {"A": "1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "f is not JSON"),
        ('{"A": "1"}', '"Values"'),
        ('{"IsEncrypted": true, "Values": {}}', "encrypted"),
        ('{"Values": {"KEY": 5, "A": "x"}}', "the value of KEY must be a string"),
    ],
)
def test_a_settings_file_that_cannot_be_used(text: str, words: str) -> None:
    with pytest.raises(settings.InvalidSettings, match=words):
        settings.parse(text, "f")
