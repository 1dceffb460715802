"""A worker that nobody calls yet gets ready for its first POST: modules, models, desk.toml, a token, a connection."""

from __future__ import annotations

from contextlib import suppress

from shared.composition.app import ROOT, App, app
from shared.config.settings import STORAGE, of_process
from shared.domain.problems import Ours, Problem, Trouble


def warm_up() -> None:
    """Only where an identity reaches the storage, as in Azure, and no call came before."""
    settings = of_process(ROOT)
    by_identity = not settings.connection_string and STORAGE not in settings.faults
    if by_identity and app.made is None:
        warm(app())


def warm(app: App) -> None:
    """Nothing is written. What fails here fails once more with the first call, which then says so."""
    from shared.api.http import Call
    from shared.domain.restore import Restore
    from shared.notices.facts import Facts

    for model in (Restore, Facts):
        model.model_rebuild()  # they are built with their first use
    with suppress(Problem):
        app.api.post_restore(Call(body=b"{}"))  # names no instance: refused before anything is read
    with suppress(Ours, Trouble):
        app.parts.read_desk()
        app.board.paused()
        _ = app.send
