"""Which channels an event of a restore goes to, by desk.toml as it stands. Pure."""

from collections.abc import Mapping

from shared.config.desk_file import Channel, Desk
from shared.notices.channels.registry import concerns


def channels_of(
    desk: Desk, instance_name: str | None, extra: tuple[str, ...], event: str, ticket: Mapping[str, str] | None
) -> list[str]:
    """The channels that hear of an event: defaults, the instance's, and the restore's own (callback, reply)."""
    entry = desk.instances.get(instance_name or "")
    wanted = {name for name, channel in desk.channels.items() if channel.default}
    wanted |= set(entry.channels if entry else ()) | set(extra)
    named = {name: desk.channels[name] for name in wanted if name in desk.channels}
    return sorted(name for name, c in named.items() if event in c.on and concerns(c.kind, event, ticket))


def may_hear(channel: Channel, event: str, ticket: Mapping[str, str] | None) -> bool:
    """Whether an event that is for one channel alone can go there."""
    return event in channel.on and concerns(channel.kind, event, ticket)
