"""What desk.toml and the settings say before anything is built: a fixed pause, faults of the file, its text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.config.settings import CLOUD, Settings
from shared.domain.problems import Ours

if TYPE_CHECKING:
    from shared.config.desk_file import Desk
    from shared.storage.shared_state import Pause


UNREAD = "="  # no TOML: whatever may be a secret is taken for one


def fixed_pause(settings: Settings) -> Pause | None:
    """For a desk that takes over the ledger of another: nothing is submitted while the setting is true."""
    from shared.storage.shared_state import Pause

    unread = settings.faults.get("DESK_START_PAUSED")
    reason = unread or "the setting is true; set it to false to submit"
    return Pause("DESK_START_PAUSED", reason, datetime.now(UTC)) if settings.start_paused else None


def unjudged(settings: Settings) -> Callable[[], Desk] | None:
    """Where the cloud is not known no address of desk.toml can be judged: it is as good as broken."""

    def refuse() -> Desk:
        raise Ours(settings.faults[CLOUD])

    return refuse if CLOUD in settings.faults else None


def faults(desk: Desk) -> list[str]:
    """Channels and mappings, looked at when the file is read; without mappings jmespath is not even imported."""
    from shared.notices.channels.registry import check_channels

    found = check_channels(desk)
    if desk.tickets:
        from shared.tickets.mapping import check_mappings
        from shared.tickets.registry import check_sources

        found += check_sources(desk) + check_mappings(desk)
    return found


def desk_text(settings: Settings) -> str:
    """desk.toml as it stands, to look for the secrets that it names."""
    try:
        return settings.desk_config.read_text(errors="replace") if settings.desk_config.is_file() else ""
    except OSError:
        return UNREAD
