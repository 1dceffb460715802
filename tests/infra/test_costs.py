"""What docs/deploy.md says that a month costs follows from what infra/ deploys and from the prices that it names."""

import re
from pathlib import Path

from tests.kits.snapshots import deployment

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs/deploy.md").read_text().split("## What it costs\n")[1].split("\n## ")[0]
MONTH, GRANT = 30 * 24 * 3600, 100_000  # seconds, GB s
ON_DEMAND, WARM, RULE = 0.000026, 0.000004, 1.50  # USD


def row(words: str) -> list[str]:
    """The cells of the one row that begins so."""
    (found,) = [line for line in SECTION.splitlines() if line.startswith(f"| {words}")]
    return [cell.strip(" *") for cell in found.strip("|").split("|")]


def said(words: str) -> float:
    return float(row(words)[3].removeprefix("about "))


def memory() -> float:
    """GB of an instance by default."""
    site = deployment("defaults").only("Microsoft.Web/sites")["properties"]["functionAppConfig"]
    return float(site["scaleAndConcurrency"]["instanceMemoryMB"] / 1024)


def test_the_rules_are_those_that_are_deployed() -> None:
    rules = deployment("defaults").of("Microsoft.Insights/scheduledQueryRules")
    assert {rule["properties"]["evaluationFrequency"] for rule in rules} == {"PT5M"}
    assert (int(row("at rest: nine alert rules")[1]), said("at rest: nine alert rules")) == (9, 9 * RULE)
    assert len(rules) == 9


def test_executions_are_billed_as_a_second_at_least() -> None:
    assert deployment("defaults").settings()["SWEEP_SCHEDULE"] == "*/30 * * * * *"
    sweeps = MONTH // 30
    used = sweeps * 1.0 * memory()
    assert f"{sweeps:,} executions" in row("at rest: sweeps")[1]
    assert f"{used:,.0f} GB s" in row("at rest: sweeps")[1]
    assert said("at rest: sweeps") == round((used - GRANT) * ON_DEMAND, 1)
    assert said("at rest: one warm instance") == round(MONTH * memory() * WARM, 1)
    assert said("1,000 restores: HTTP") == round(5_000 * memory() * ON_DEMAND, 1)


def test_the_totals_are_the_sums() -> None:
    cells = [line.split("|") for line in SECTION.splitlines() if line.startswith(("| at rest", "| 1,000"))]
    for kind, total in (("at rest", 0), ("1,000 restores", 1)):
        sums = sum(float(cell[4]) for cell in cells if cell[1].strip().startswith(kind) and "less" not in cell[4])
        assert said(f"**{kind}: together") == round(sums, total)
    assert round(said("**at rest: together") / 30, 1) == 1.2
    assert "about 1.20 USD a day" in (ROOT / "docs/deploy.md").read_text()


def test_the_settings_that_lower_it_are_ones_that_azd_sets() -> None:
    parameters = (ROOT / "infra/main.parameters.json").read_text()
    named = re.findall(r"^- `(DESK_\w+)`", SECTION, re.MULTILINE)
    assert len(named) == 3
    assert [one for one in named if f"${{{one}=" not in parameters] == []
