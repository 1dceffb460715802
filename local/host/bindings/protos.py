"""Plain-Python stand-ins for the protobuf messages that pass between host and worker. Pure.

The runtime takes them as an injected `protos` object and reads attributes only, so no gRPC or protobuf is needed.
Names are those of https://github.com/Azure/azure-functions-language-worker-protobuf (FunctionRpc.proto).
"""

import builtins
import datetime
import json as jsonlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class RpcHttp:
    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: "TypedData | None" = None
    status_code: str = ""
    cookies: "Sequence[RpcHttpCookie] | None" = None
    enable_content_negotiation: bool = False


@dataclass(frozen=True)
class TypedData:
    """A union: exactly one member is set; `WhichOneof`, as the runtime calls it, names that one."""

    string: str | None = None
    json: str | None = None
    bytes: builtins.bytes | None = None
    http: RpcHttp | None = None
    int: builtins.int | None = None
    double: float | None = None

    def member(self, group: str) -> str | None:
        assert group == "data"
        return next((name for name in self.__dataclass_fields__ if getattr(self, name) is not None), None)

    WhichOneof = member


def as_json(value: object) -> TypedData:
    return TypedData(json=jsonlib.dumps(value))


@dataclass(frozen=True)
class ParameterBinding:
    name: str
    data: TypedData | None

    def member(self, group: str) -> str:
        assert group == "rpc_data"
        return "data"

    WhichOneof = member


@dataclass(frozen=True)
class RpcException:
    message: str = ""
    stack_trace: str = ""


@dataclass(frozen=True)
class StatusResult:
    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1
    status: int = 1
    exception: RpcException | None = None


@dataclass(frozen=True)
class WorkerMetadata:
    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(frozen=True)
class WorkerInitResponse:
    result: StatusResult
    capabilities: Mapping[str, str] = field(default_factory=dict)
    worker_metadata: WorkerMetadata | None = None


@dataclass(frozen=True)
class BindingInfo:
    undefined: ClassVar[int] = 0
    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    type: str
    data_type: int | None
    direction: int


@dataclass(frozen=True)
class RpcRetryOptions:
    max_retry_count: int
    retry_strategy: str
    delay_interval: datetime.timedelta | None = None
    minimum_interval: datetime.timedelta | None = None
    maximum_interval: datetime.timedelta | None = None


@dataclass(frozen=True)
class RpcFunctionMetadata:
    name: str
    function_id: str
    directory: str
    script_file: str
    entry_point: str
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    properties: Mapping[str, str]
    retry_options: RpcRetryOptions | None = None
    managed_dependency_enabled: bool = False
    is_proxy: bool = False


@dataclass(frozen=True)
class FunctionMetadataResponse:
    use_default_metadata_indexing: bool
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True)
class InvocationResponse:
    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()


@dataclass(frozen=True)
class NullableString:
    value: str


@dataclass(frozen=True)
class NullableBool:
    value: bool


@dataclass(frozen=True)
class NullableDouble:
    value: float


@dataclass(frozen=True)
class Timestamp:
    seconds: int


@dataclass(frozen=True)
class NullableTimestamp:
    value: Timestamp


class _SameSite:
    """An open class because one member of the protobuf enum is called `None`, which Python cannot spell."""

    Lax = "lax"
    Strict = "strict"
    ExplicitNone = "none"


setattr(_SameSite, "None", "")


@dataclass(frozen=True)
class RpcHttpCookie:
    SameSite: ClassVar[type[_SameSite]] = _SameSite
    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: Any = ""
    max_age: NullableDouble | None = None
