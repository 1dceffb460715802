"""The bench's chart: ARM calls a restore against the number of restores, as an SVG of our own. Pure."""

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 60, 48, 110, 52
COLORS = {"ours": "#1a7f5a", "peer": "#b5532a"}
NAMES = {"ours": "Restore Desk", "peer": "SDK pollers"}


def chart(points: Mapping[str, Sequence[tuple[int, float]]], title: str) -> str:
    """A line for each contender, on a logarithmic scale of restores."""
    sizes = sorted({size for line in points.values() for size, _ in line})
    top = _round_up(max(calls for line in points.values() for _, calls in line))
    low, high = math.log10(sizes[0]), math.log10(sizes[-1]) if len(sizes) > 1 else math.log10(sizes[0]) + 1

    def x(size: int) -> float:
        return LEFT + (math.log10(size) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(calls: float) -> float:
        return HEIGHT - BOTTOM - calls / top * (HEIGHT - TOP - BOTTOM)

    parts = [_text(LEFT, 24, title, "start", 15)]
    for mark in range(5):
        value = top * mark / 4
        parts.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#8884" fill="none"/>')
        parts.append(_text(LEFT - 8, y(value) + 4, f"{value:g}", "end"))
    parts += [_text(x(size), HEIGHT - BOTTOM + 20, f"{size:,}", "middle") for size in sizes]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "restores asked for at once", "middle"))
    for name, line in points.items():
        parts += _line(name, [(x(size), y(calls), calls) for size, calls in sorted(line)])
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    back = '<rect width="100%" height="100%" fill="#fff"/>'
    body = "\n".join([back, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" role="img">\n{body}\n</svg>\n'


def _line(name: str, at: Sequence[tuple[float, float, float]]) -> list[str]:
    color = COLORS[name]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in at)
    made = [f'<path d="M{path}" stroke="{color}" stroke-width="2.5" fill="none"/>']
    for x, y, calls in at:
        made.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>')
        made.append(_text(x, y - 9, f"{calls:.1f}", "middle", 11, color))
    x, y, _ = at[-1]
    return [*made, _text(x + 12, y + 4, NAMES[name], "start", 13, color)]


def _text(x: float, y: float, text: str, anchor: str, size: int = 12, color: str = "#333") -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{escaped}</text>'


def _round_up(value: float) -> float:
    step = 2.0 * 10.0 ** math.floor(math.log10(value))
    return math.ceil(value * 1.1 / step) * step
