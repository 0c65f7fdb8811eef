"""Growth curves as plain SVG, readable on a light and on a dark ground."""

import math
from html import escape
from typing import Any

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 200, 50, 56
COLOURS = (
    ("#0b5b55", "#7fd6cc"),
    ("#a33a0b", "#ffb38a"),
    ("#5b4b9a", "#c0b3f5"),
    ("#7a5c00", "#e6c659"),
    ("#8a2d5b", "#f29cc4"),
)
"""For a light ground and for a dark one; the first is ours."""
GAP = 16
"""The least distance of two names at the right."""


def svg(curve: dict[str, Any]) -> str:
    """A picture of lines over two logarithmic axes."""
    points = [point for line in curve["lines"].values() for point in line]
    xs, ys = _decades([x for x, _ in points]), _decades([y for _, y in points])

    def across(x: float) -> float:
        return _place(x, xs, LEFT, WIDTH - RIGHT)

    def up(y: float) -> float:
        return _place(y, ys, HEIGHT - BOTTOM, TOP)

    said = "; ".join(
        f"{name}: " + ", ".join(f"{_number(y)} at {_number(x)}" for x, y in line)
        for name, line in curve["lines"].items()
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(curve["title"])}. In {escape(curve["y"])}, by {escape(curve["x"])}. {escape(said)}">',
        f"<style>{_style(len(curve['lines']))}</style>",
        f'<text x="{LEFT}" y="22" class="title">{escape(curve["title"])}</text>',
        f'<text x="{LEFT}" y="40">{escape(curve["y"])}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" class="m">{escape(curve["x"])}</text>',
    ]
    for y in _ticks(ys):
        parts.append(f'<path d="M{LEFT} {up(y):.1f}H{WIDTH - RIGHT}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{up(y) + 4:.1f}" class="e">{_number(y)}</text>')
    for x in _ticks(xs):
        parts.append(f'<path d="M{across(x):.1f} {TOP}V{HEIGHT - BOTTOM}" class="grid"/>')
        parts.append(f'<text x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 18}" class="m">{_number(x)}</text>')
    ends = []
    for number, (name, line) in enumerate(curve["lines"].items()):
        path = " ".join(f"{'L' if place else 'M'}{across(x):.1f} {up(y):.1f}" for place, (x, y) in enumerate(line))
        parts.append(f'<path d="{path}" class="line c{number}"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" class="dot c{number}"/>' for x, y in line]
        ends.append((up(line[-1][1]), number, name))
    parts += _names(ends)
    return "\n".join([*parts, "</svg>", ""])


def _names(ends: list[tuple[float, int, str]]) -> list[str]:
    """The names beside the ends of their lines, one below the other."""
    parts, last = [], -math.inf
    for y, number, name in sorted(ends):
        last = max(y, last + GAP)
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{last + 4:.1f}" class="name c{number}">{escape(name)}</text>')
    return parts


def _decades(values: list[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values)) + 1e-9), math.ceil(math.log10(max(values)) - 1e-9)
    return low, max(high, low + 1)


def _ticks(decades: tuple[int, int]) -> list[float]:
    return [10.0**each for each in range(decades[0], decades[1] + 1)]


def _place(value: float, decades: tuple[int, int], start: float, end: float) -> float:
    low, high = decades
    return start + (math.log10(value) - low) / (high - low) * (end - start)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _style(lines: int) -> str:
    def colours(dark: int) -> str:
        return "".join(
            f".line.c{each}{{stroke:{COLOURS[each % len(COLOURS)][dark]}}}"
            f".dot.c{each},.name.c{each}{{fill:{COLOURS[each % len(COLOURS)][dark]}}}"
            for each in range(lines)
        )

    return (
        "text{font:13px system-ui,sans-serif;fill:#445}.title{font-size:16px;font-weight:600;fill:#1b2323}"
        ".m{text-anchor:middle}.e{text-anchor:end}.grid{stroke:#8888;stroke-width:.6;fill:none}"
        f".line{{fill:none;stroke-width:2}}.line.c0{{stroke-width:3}}{colours(0)}"
        "@media (prefers-color-scheme:dark){text{fill:#b9c4c2}.title{fill:#e4ecea}" + colours(1) + "}"
    )
