"""Access keys: the master key, the host key and one per function, kept in a file that only its owner reads."""

import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    """Who may call what: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to"""

    master: str = field(repr=False)
    host: str = field(repr=False)
    functions: Mapping[str, str] = field(repr=False)

    def admin(self, presented: str) -> bool:
        return _same(presented, [self.master])

    def allow(self, level: str, function: str, presented: str) -> bool:
        if level == "anonymous":
            return True
        accepted = [self.master]
        if level == "function":
            accepted += [self.host, *([self.functions[function]] if function in self.functions else [])]
        return _same(presented, accepted)


def _same(presented: str, accepted: list[str]) -> bool:
    """Every key is compared in full, so that the time taken tells nothing."""
    found = False
    for key in accepted:
        found |= hmac.compare_digest(presented.encode(), key.encode())
    return found


def load(path: Path, functions: Iterable[str], master: str | None) -> Keys:
    """The keys of this folder: made where missing, shared by all processes that use it."""
    while True:
        kept = json.loads(path.read_text()) if path.exists() else {}
        keys = {
            "master": master or kept.get("master") or _new(),
            "host": kept.get("host") or _new(),
            "functions": kept.get("functions", {})
            | {name: _new() for name in functions if name not in kept.get("functions", {})},
        }
        if keys == kept or _write(path, keys, replace=bool(kept)):
            return Keys(**keys)


def _new() -> str:
    return secrets.token_urlsafe(40)


def _write(path: Path, keys: Mapping[str, object], *, replace: bool) -> bool:
    """Whole or not at all; False if another process was first to make the file."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file)
    if replace:
        Path(name).replace(path)
        return True
    try:
        path.hardlink_to(name)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    return True
