"""The entries of a target in desk.toml: a container, an account, or a server. Pure."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.domain import resource_ids
from shared.domain.values import Strict
from shared.domain.verification import Level


class FilesEntry(Strict):
    """A container; `{instance}` in it becomes the instance's name, so that instances do not share one. Or an account,
    where the desk makes a container for each attempt and deletes it `keepHours` after the restore closed."""

    kind: Literal["files"]
    container: str | None = None
    account: str | None = None
    keep_hours: Annotated[float, Field(ge=1, le=24 * 366)] | None = None
    verify: Level | None = None
    container_id: str | None = None
    location: str | None = None
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "FilesEntry":
        if (self.container is None) == (self.account is None):
            raise ValueError("a files target has either a container or an account")
        if self.container is not None and (self.keep_hours is not None or self.verify is not None):
            raise ValueError(
                "keepHours and verify belong to an account: the desk deletes no container that it did not make"
            )
        if self.account is not None:
            resource_ids.parse_id(self.account, resource_ids.ACCOUNT)
            if self.keep_hours is None:
                raise ValueError("an account needs keepHours: how long a delivered container is kept")
            if self.verify is None:
                raise ValueError("an account needs verify: none, listed, decoded or loaded")
            if self.container_id is not None:
                raise ValueError("containerId belongs to a container: an account's containers have names of their own")
        return self


class DatabaseEntry(Strict):
    """A (retired) Single Server; the request names the database."""

    kind: Literal["database"]
    server: str
    credentials_secret: str
    location: str | None = None

    @model_validator(mode="after")
    def _ids(self) -> "DatabaseEntry":
        resource_ids.parse_id(self.server, resource_ids.SINGLE_SERVER)
        return self
