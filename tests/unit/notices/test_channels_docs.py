"""The documentation shows what the code does."""

import re
import tomllib
from pathlib import Path

from local.build.cards import embedded
from shared.config.desk_file import Desk, TicketSource
from shared.notices.channels.registry import KINDS
from shared.tickets.mapping import check_mappings
from shared.tickets.registry import NAMES, check_sources, kind_of

ROOT = Path(__file__).parents[3]


def test_the_cards_in_the_documentation_are_the_cards() -> None:
    page = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
    assert page == embedded(page), "python3 -m local.build.cards docs/channels.md makes them anew"
    assert all(f"| `{kind}` |" in page for kind in KINDS)


def test_the_mappings_in_the_documentation_are_the_tested_ones() -> None:
    page = (ROOT / "docs" / "tickets.md").read_text(encoding="utf-8")
    sample = (ROOT / "tests" / "samples" / "tickets" / "desk.toml").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    tested = tomllib.loads(sample)["tickets"]
    shown = {name: source for block in blocks for name, source in tomllib.loads(block).get("tickets", {}).items()}
    assert {name: shown.get(name) for name in tested} == tested
    alone: dict[str, object] = {"instances": [], "targets": [], "reply": None}
    desk = Desk(tickets={name: TicketSource.model_validate(one | alone) for name, one in shown.items()})
    assert check_sources(desk) + check_mappings(desk) == []


def test_the_table_of_ticket_kinds_is_theirs() -> None:
    page = (ROOT / "docs" / "tickets.md").read_text(encoding="utf-8")
    table = page.partition("## Who it is")[2].partition("\n- ")[0]
    rows = dict(re.findall(r"^\| `([a-z]+)` \| (.*) \|$", table, re.MULTILINE)[1:])
    assert set(NAMES) == set(rows)
    for name, row in rows.items():
        signature = kind_of(name).signature
        assert f"`{signature.header}`" in row if signature else "does not sign" in row
        assert ("5 minutes" in row) == bool(signature and signature.expires)
