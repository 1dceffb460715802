"""Which channels an event of a restore goes to, by desk.toml as it stands. Pure."""

from collections.abc import Mapping

from shared.config.desk_file import Desk
from shared.notices.channels.registry import concerns, covered, is_ticket_system

type Ticket = Mapping[str, str] | None


def channels_of(
    desk: Desk, instance_name: str | None, extra: tuple[str, ...], event: str, ticket: Ticket, source: str = ""
) -> list[str]:
    """The channels that hear of an event: defaults, the instance's, and the restore's own (callback, reply)."""
    entry = desk.instances.get(instance_name or "")
    wanted = {name for name, channel in desk.channels.items() if channel.default}
    wanted |= set(entry.channels if entry else ()) | set(extra)
    return sorted(name for name in wanted if may_hear(desk, name, event, ticket, source))


def may_hear(desk: Desk, name: str, event: str, ticket: Ticket, source: str) -> bool:
    """Whether an event of a restore that came from `source` can go to a channel, and may."""
    channel = desk.channels.get(name)
    if channel is None or event not in channel.on or not concerns(channel.kind, event, ticket):
        return False
    return may_write(desk, name, ticket, source)


def may_write(desk: Desk, name: str, ticket: Ticket, source: str) -> bool:
    """Whether a channel's user may write to this ticket. Any caller can name any ticket, so `refs` must cover it; or
    the restore came from the ticket system itself, by the source that replies through this channel."""
    channel = desk.channels[name]
    if not is_ticket_system(channel.kind):
        return True
    if channel.refs:
        return covered(channel.kind, ticket, channel.refs)
    origin = desk.tickets.get(source.removeprefix("tickets/")) if source.startswith("tickets/") else None
    return origin is not None and (origin.kind, origin.reply) == (channel.kind, name)
