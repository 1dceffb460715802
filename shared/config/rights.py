"""What each source may ask for: closed by default. Pure."""

from collections.abc import Sequence

from shared.config.desk_file import Desk, Rights
from shared.domain.problems import Problem, forbidden, unknown
from shared.frozen import frozen

UPGRADE = "`python3 -m deskctl check --upgrade` prints the lines that open a source"


@frozen
class Asker:
    """A source, and what it may ask for. A name that it may not use reads like one that does not exist."""

    source: str
    instances: tuple[str, ...]  # by their names
    targets: tuple[str, ...]  # by their names
    ids: bool  # whether it may give the id of an instance without a name, within `allow`
    places: bool  # whether it may describe a target in full, within `allow`
    callbacks: tuple[str, ...]

    def targets_for(self, instance: str | None, desk: Desk) -> tuple[str, ...]:
        """The named targets that it may use for an instance; None is one that desk.toml does not name."""
        open_to = desk.instances[instance].targets if instance else tuple(desk.targets)
        return tuple(name for name in open_to if name in self.targets)

    def no_instance(self, said: str) -> Problem:
        """The refusal of an instance, by its name or by its id."""
        if not self.instances and not self.ids:
            return forbidden("instance", f"desk.toml lets {self.source} ask for nothing; {UPGRADE}")
        if said.startswith("/"):
            more = ", and no pattern of allow.instances covers it" if self.ids else ""
            return forbidden("instance", f"{self.source} may not ask for this id: it is none of its instances{more}")
        return unknown("instance", said, "instance", self.instances, f" that {self.source} may ask for")

    def no_target(self, said: str, instance: str | None, desk: Desk) -> Problem:
        """The refusal of a target's name."""
        known, where = self.targets_for(instance, desk), instance or "an instance by its id"
        if not known:
            return forbidden("target", f"desk.toml gives {self.source} no named target for {where}; {UPGRADE}")
        return unknown("target", said, "target", known, f" that {self.source} may use for {where}")

    def no_callback(self, said: str) -> Problem:
        """The refusal of a channel as `callback`."""
        if not self.callbacks:
            words = f"{self.source} may name no callback: its `callbacks` in desk.toml lists no channel"
            return forbidden("callback", words)
        return unknown("callback", said, "channel", self.callbacks, f" that {self.source} may name")


def rights_of(desk: Desk, source: str) -> Rights:
    """What desk.toml says of a source: http, queue or tickets/<name>."""
    if source.startswith("tickets/"):
        return desk.tickets[source.removeprefix("tickets/")]
    return desk.queue if source == "queue" else desk.http


def asker(desk: Desk, source: str, release: str = "0.2") -> Asker:
    """A source by what desk.toml says of it; a row that 0.1.0 accepted is judged by the defaults of 0.1.0."""
    rights = rights_of(desk, source)
    if release == "0.1":
        return as_of_0_1(rights, source, desk)
    names = _names(rights.instances, desk)
    return Asker(source, names, rights.targets, rights.explicit, rights.explicit, rights.callbacks)


def askers(desk: Desk, source: str, roles: Sequence[str] = (), release: str = "0.2") -> tuple[Asker, ...]:
    """The ways in which a source may ask, at least one: each role of the page's person is a way of its own."""
    if source != "page":
        return (asker(desk, source, release),)
    known = desk.page.roles if desk.page else {}
    own = [known[role] for role in roles if role in known and known[role].instances]
    found = [Asker("page", _names(role.instances, desk), role.targets, False, False, role.callbacks) for role in own]
    return tuple(found) or (Asker("page", (), (), False, False, ()),)


def as_of_0_1(rights: Rights, source: str, desk: Desk) -> Asker:
    """The rights that release 0.1.0 gave for the same lines: a missing line allowed everything."""
    said = rights.model_fields_set
    instances = rights.instances if "instances" in said else ("*",)
    return Asker(
        source,
        _names(instances, desk),
        rights.targets if "targets" in said else tuple(desk.targets),
        rights.explicit or "*" in instances,
        rights.explicit or "targets" not in said,
        tuple(desk.channels),
    )


def anybody(desk: Desk) -> Asker:
    """One who may ask for all that desk.toml names: for checks of the file itself."""
    return Asker("http", tuple(desk.instances), tuple(desk.targets), True, True, tuple(desk.channels))


def _names(said: tuple[str, ...], desk: Desk) -> tuple[str, ...]:
    return tuple(desk.instances) if "*" in said else said
