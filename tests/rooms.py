"""The rooms of the app and the arrows between them: which package may import which. Everything else is refused."""

# A package of shared/ → what else of shared/ it may import.
ARROWS: dict[str, set[str]] = {
    "redaction": set(),
    "domain": set(),
    "telemetry": {"domain", "redaction"},
    "config": {"domain"},
    "wire": {"domain"},
    "storage": {"domain", "wire"},
    "advice": {"domain"},
    "azure": {"domain", "telemetry", "wire"},
    "notices": {"advice", "config", "domain", "storage", "telemetry"},
    "tickets": {"config", "domain", "notices"},
    "workflow": {"azure", "config", "domain", "notices", "storage", "telemetry"},
    "aftercare": {"azure", "config", "domain", "notices", "storage", "telemetry"},
    "sweep": {"aftercare", "azure", "domain", "notices", "storage", "telemetry", "workflow"},
    "api": {
        *("advice", "aftercare", "azure", "config", "domain", "notices", "redaction", "storage", "telemetry"),
        *("tickets", "wire", "workflow"),
    },
    "pages": {
        *("advice", "aftercare", "api", "azure", "config", "domain", "notices", "storage", "telemetry"),
        *("tickets", "workflow"),
    },
}
FROZEN = "frozen"  # the decorator of values: every room's
ARROWS = {FROZEN: set(), **{room: {*may, FROZEN} for room, may in ARROWS.items()}}
COMPOSITION = "composition"  # builds every part once, so it may import every room; only function_app imports it

# Rooms whose every module is pure: no clock, no file, no socket, no environment.
PURE_ROOMS = {"domain", "advice"}

# Top-level packages → the others they may import. The emulator and the host stand in for Azure: they know no app.
TOPS: dict[str, set[str]] = {
    "shared": set(),
    "loader": set(),
    "deskctl": {"shared"},
    "deskctl.__main__": {"local"},  # its set-up is the one of `python3 -m local`
    "local.emulator": set(),
    "local.host": set(),
    "local.postgres": {"loader", "local.setup"},
    "local.setup": {"deskctl"},
    "local": {"deskctl", "loader", "shared"},
}
# To come in this release: a room may stand in the table before it is built.
TO_COME: set[str] = set()
