"""What a part of the bench is to show: a figure, its limit, and whether it holds. Pure but for printing."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Show:
    """One figure; it must not be more than `most`, nor less than `least`."""

    words: str
    figure: float
    most: float | None = None
    least: float | None = None
    unit: str = ""

    @property
    def holds(self) -> bool:
        return (self.most is None or self.figure <= self.most) and (self.least is None or self.figure >= self.least)

    @property
    def limit(self) -> str:
        said = [f"≤ {self.most:g}"] if self.most is not None else []
        return " and ".join(said + ([f"≥ {self.least:g}"] if self.least is not None else []))


def show(console: Console, title: str, found: Sequence[Show]) -> bool:
    """Prints each figure beside its limit; True if all hold."""
    table = Table(title=title, title_justify="left")
    for head in ("what", "figure", "limit", "holds"):
        table.add_column(head, justify="left" if head == "what" else "right")
    for one in found:
        table.add_row(one.words, f"{one.figure:.2f}{one.unit}", one.limit, "yes" if one.holds else "NO")
    console.print(table)
    return all(one.holds for one in found)


def markdown(found: Sequence[Show]) -> str:
    """The same for a document."""
    rows = [
        f"| {one.words} | {one.figure:.2f}{one.unit} | {one.limit} | {'yes' if one.holds else '**no**'} |"
        for one in found
    ]
    return "\n".join(["| what | figure | limit | holds |", "|---|---|---|---|", *rows])
