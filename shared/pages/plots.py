"""Plots as SVG: plain shapes, a title and a description for screen readers, no script and no style. Pure."""

from collections.abc import Sequence
from html import escape

from shared.frozen import frozen

WIDTH = 640


@frozen
class Bar:
    """One phase: this restore's seconds beside the median and the 95th percentile of earlier ones."""

    label: str
    seconds: float
    p50: float | None
    p95: float | None


def bars(title: str, rows: Sequence[Bar]) -> str:
    """An SVG chart: a bar for each duration of this restore, with ticks at the p50 and p95 of the others."""
    longest = max([1.0, *(value for row in rows for value in (row.seconds, row.p50 or 0, row.p95 or 0))])
    left, height = 110, 26
    scale = (WIDTH - left - 16) / longest
    parts = []
    for number, row in enumerate(rows):
        y = 6 + number * height
        parts.append(f'<text class="name" x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(row.label)}</text>')
        parts.append(_rect("this", left, y + 2, max(1.0, row.seconds * scale), 16))
        for name, value in (("p50", row.p50), ("p95", row.p95)):
            if value is not None:
                parts.append(_rect(name, left + value * scale - 1, y - 1, 3, 22))
    words = "; ".join(f"{row.label} {row.seconds:.0f} s{_beside(row)}" for row in rows)
    return _svg(title, words, 12 + len(rows) * height, parts)


def _beside(row: Bar) -> str:
    return f", p50 {row.p50:.0f} s, p95 {row.p95:.0f} s" if row.p50 is not None and row.p95 is not None else ""


@frozen
class Dot:
    """One restore on a plot over time; `at` is from 0 (oldest) to 1 (newest)."""

    at: float
    value: float


def dots(title: str, unit: str, values: Sequence[Dot]) -> str:
    """Values over time, joined by a line; the scale begins at zero."""
    highest = max([1e-9, *(dot.value for dot in values)])
    left, top, height = 70, 12, 150
    room = WIDTH - left - 16
    places = [(left + dot.at * room, top + (height - 30) * (1 - dot.value / highest)) for dot in values]
    floor = top + height - 30
    parts = [
        f'<line class="axis" x1="{left}" y1="{floor}" x2="{WIDTH - 16}" y2="{floor}"/>',
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left}" y2="{floor}"/>',
        f'<text class="name" x="{left - 8}" y="{top + 8}" text-anchor="end">{highest:.3g} {escape(unit)}</text>',
        f'<text class="name" x="{left - 8}" y="{floor}" text-anchor="end">0</text>',
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts.append(f'<polyline class="line" fill="none" points="{line}"/>')
    parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places]
    words = ", ".join(f"{dot.value:.3g}" for dot in values)
    return _svg(title, f"in {unit}, the oldest first: {words}", height, parts)


def _rect(name: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _svg(title: str, words: str, height: int, parts: Sequence[str]) -> str:
    head = f'<svg class="plot" role="img" viewBox="0 0 {WIDTH} {height}" aria-label="{escape(title)}: {escape(words)}">'
    return f"{head}<title>{escape(title)}</title><desc>{escape(words)}</desc>{''.join(parts)}</svg>"
