"""Reads request bodies as the service does: names in any casing, every required property there. Pure."""

import json
import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

_DAYS = re.compile(r"P(\d{1,3})D", re.IGNORECASE)


class MalformedError(Exception):
    """The body is not a request of this kind; the text says where."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


_AnyCase = BeforeValidator(_lower)


class _Ask(BaseModel):
    """Bodies arrive with lower-cased names, so fields are aliased without underscores. Unknown names are let by."""

    model_config = ConfigDict(frozen=True, alias_generator=lambda name: name.replace("_", ""))


class SecretStore(_Ask):
    secret_store_type: Annotated[Literal["azurekeyvault"], _AnyCase]
    uri: str | None = None


class Credentials(_Ask):
    object_type: Literal["secretstorebasedauthcredentials"]
    secret_store_resource: SecretStore | None = None


class Source(_Ask):
    resource_id: str = Field(min_length=1)
    datasource_type: str | None = None


class FilesDetails(_Ask):
    file_prefix: str = Field(min_length=1)
    restore_target_location_type: Annotated[Literal["azureblobs", "azurefiles"], _AnyCase]
    url: str = Field(pattern=r"^https://[^/?#]+/[^/?#]+$")
    target_resource_arm_id: str | None = None


class _Target(_Ask):
    recovery_option: Annotated[Literal["failifexists"], _AnyCase]
    restore_location: str | None = None


class FilesTarget(_Target):
    object_type: Literal["restorefilestargetinfo"]
    target_details: FilesDetails


class DatabaseTarget(_Target):
    object_type: Literal["restoretargetinfo"]
    datasource_info: Source
    datasource_set_info: Source | None = None
    datasource_auth_credentials: Credentials | None = None


class Identity(_Ask):
    use_system_assigned_identity: bool | None = None
    user_assigned_identity_arm_url: str | None = None


class _Restore(_Ask):
    source_data_store_type: Annotated[
        Literal["vaultstore", "archivestore", "operationalstore", "snapshotstore"], _AnyCase
    ]
    restore_target_info: Annotated[FilesTarget | DatabaseTarget, Field(discriminator="object_type")]
    recovery_point_id: str = Field(min_length=1)
    identity_details: Identity | None = None
    resource_guard_operation_requests: tuple[str, ...] | None = None


class PointRestore(_Restore):
    object_type: Literal["azurebackuprecoverypointbasedrestorerequest"]


class RehydrationRestore(_Restore):
    object_type: Literal["azurebackuprestorewithrehydrationrequest"]
    rehydration_priority: Annotated[Literal["high", "standard"], _AnyCase]
    rehydration_retention_duration: str

    @property
    def days(self) -> int | None:
        match = _DAYS.fullmatch(self.rehydration_retention_duration)
        return int(match[1]) if match else None


type RestoreAsk = PointRestore | RehydrationRestore
_AnyRestore = Annotated[PointRestore | RehydrationRestore, Field(discriminator="object_type")]


class _Inner(_Ask):
    restore: _AnyRestore


class ValidateAsk(_Ask):
    restore_request_object: _AnyRestore


class RegionDetails(_Ask):
    source_region: str
    source_backup_instance_id: str


class CrossRegionAsk(_Ask):
    restore_request_object: _AnyRestore
    cross_region_restore_details: RegionDetails


class JobsAsk(_Ask):
    source_region: str
    source_backup_vault_id: str


class JobAsk(JobsAsk):
    job_id: str


def read[Model: _Ask](model: type[Model], body: bytes) -> Model:
    return _checked(model, lowered(body))


def read_restore(body: bytes) -> RestoreAsk:
    """The vault-scoped restore takes the bare request; a wrapped one lacks everything that is required."""
    return _checked(_Inner, {"restore": lowered(body)}).restore


def lowered(body: bytes) -> dict[str, object]:
    try:
        value = _lowered(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise MalformedError("not a JSON object")
    return value


def _checked[Model: _Ask](model: type[Model], value: object) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        places = ("/".join(map(str, each["loc"])) + ": " + each["msg"] for each in error.errors())
        raise MalformedError("; ".join(places)) from None


def _lowered(value: object) -> object:
    if isinstance(value, dict):
        return {
            key.lower(): _lower(each) if key.lower() == "objecttype" else _lowered(each) for key, each in value.items()
        }
    return [_lowered(each) for each in value] if isinstance(value, list) else value
