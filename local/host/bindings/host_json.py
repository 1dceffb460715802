"""host.json: what this host obeys of it, within the bounds the real host sets; the rest is reported. Pure.

https://learn.microsoft.com/azure/azure-functions/functions-host-json
"""

import datetime
import json
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

# Read by the real host, of no meaning on one machine: no scaling, no telemetry, no bundle to load.
_ELSEWHERE = {
    *("aggregator", "applicationInsights", "concurrency", "customHandler", "extensionBundle", "functionTimeout"),
    *("functions", "healthMonitor", "id", "logging", "managedDependency", "singleton", "telemetryMode"),
    *("watchDirectories", "watchFiles"),
}
_HTTP_ELSEWHERE = {
    "maxOutstandingRequests",
    "maxConcurrentRequests",
    "dynamicThrottlesEnabled",
    "customHeaders",
    "hsts",
}
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):([0-5]?\d):([0-5]?\d)(\.\d{1,7})?")


class InvalidHostJson(ValueError):
    """A host.json that the real host would refuse too."""


def _time_span(value: object) -> datetime.timedelta:
    match = _TIME_SPAN.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('must be a time span such as "00:00:30"')
    days, hours, minutes, seconds, fraction = match.groups()
    return datetime.timedelta(int(days or 0), int(seconds) + float(fraction or 0), 0, 0, int(minutes), int(hours))


def _at_least_100_ms(value: datetime.timedelta) -> datetime.timedelta:
    if value < datetime.timedelta(milliseconds=100):
        raise ValueError("must be at least 00:00:00.100")
    return value


TimeSpan = Annotated[datetime.timedelta, BeforeValidator(_time_span)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=to_camel, populate_by_name=True, strict=True)


class QueueOptions(_Section):
    batch_size: int = Field(16, ge=1, le=32)
    new_batch_threshold: int | None = Field(None, ge=0)
    max_polling_interval: Annotated[TimeSpan, AfterValidator(_at_least_100_ms)] = datetime.timedelta(minutes=1)
    visibility_timeout: TimeSpan = datetime.timedelta(0)
    max_dequeue_count: int = Field(5, ge=1)
    message_encoding: Literal["base64", "none"] = "base64"

    def threshold(self, processors: int) -> int:
        """Fetch again when no more than this many are running."""
        return self.batch_size // 2 * processors if self.new_batch_threshold is None else self.new_batch_threshold


class HttpOptions(_Section):
    route_prefix: str = "api"


class Extensions(_Section):
    http: HttpOptions = HttpOptions()
    queues: QueueOptions = QueueOptions()


class HostJson(_Section):
    version: Literal["2.0"]
    extensions: Extensions = Extensions()

    def unknown(self) -> list[str]:
        """Settings that neither this host nor, to our knowledge, the real one reads."""
        return sorted(
            [key for key in self.model_extra or () if key not in _ELSEWHERE | {"$schema"}]
            + [f"extensions.{key}" for key in self.extensions.model_extra or ()]
            + [f"extensions.http.{key}" for key in self.extensions.http.model_extra or () if key not in _HTTP_ELSEWHERE]
            + [f"extensions.queues.{key}" for key in self.extensions.queues.model_extra or ()]
        )


def _words(error: ValidationError) -> Iterator[str]:
    for one in error.errors():
        found = "" if one["type"] == "missing" else f" (found {one['input']!r})"
        yield f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg'].removeprefix('Value error, ')}{found}"


def parse(text: str) -> HostJson:
    try:
        return HostJson.model_validate(json.loads(text))
    except ValidationError as error:
        raise InvalidHostJson(f"host.json: {'; '.join(_words(error))}") from None
    except ValueError as error:
        raise InvalidHostJson(f"host.json is not JSON: {error}") from None
