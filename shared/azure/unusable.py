"""Stands in for Azure where a setting makes every call impossible: the rest of the desk goes on."""

from collections.abc import Callable
from typing import Any, cast

from shared.azure.port import Azure
from shared.domain.problems import Trouble


class _Unusable:
    def __init__(self, why: str) -> None:
        self._why = why

    def azure_time(self) -> None:
        return None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def refuse(*_: Any, **__: Any) -> Any:
            raise Trouble(self._why)

        return refuse


def unusable(why: str) -> Azure:
    """An `Azure` that answers every call with Trouble and these words."""
    return cast("Azure", _Unusable(why))
