"""Plots as SVG text: bars with intervals, curves, histograms. No library needed to draw or see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 130, 34, 62
COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#8d6a9f", "#c98a1b", "#5c6b73", "#0f4c5c", "#9a031e")
METHODS = {
    "ours": "#2e933c", "original": "#d1495b", "floor": "#8d6a9f", "mean face": "#0f4c5c",
    "blur": "#1b6ca8", "pixelate": "#4f9bd0", "cover": "#5c6b73", "rectangle": "#c98a1b",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``low`` and ``high`` are the ends of its 95 % interval."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of points (x, y)."""

    label: str
    points: Sequence[tuple[float, float]]
    steps: bool = False


def bars(title: str, rows: Sequence[Bar], line: float | None = None, what: str = "") -> str:
    """Vertical bars from 0; ``line``: a dashed one, say the target or chance, called ``what``."""
    highest = max([b.high if b.high is not None else b.value for b in rows] + [line or 0.0, 1e-6])
    marks = ticks(highest)
    top = marks[-1]
    out = _frame(title, marks)
    slot = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    for k, bar in enumerate(rows):
        x, wide = LEFT + slot * (k + 0.2), slot * 0.6
        y = _y(bar.value, 0, top)
        out.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" '
            f'height="{HEIGHT - BOTTOM - y:.1f}" fill="{colour(bar.label, k)}"/>'
        )
        if bar.low is not None and bar.high is not None:
            low, high = (_y(v, 0, top) for v in (bar.low, bar.high))
            middle = x + wide / 2
            out.append(
                f'<path d="M{middle:.1f} {low:.1f}V{high:.1f}M{middle - 5:.1f} {low:.1f}h10'
                f'M{middle - 5:.1f} {high:.1f}h10" stroke="#222" fill="none"/>'
            )
        out.append(_text(x + wide / 2, HEIGHT - BOTTOM + 16, bar.label, "middle"))
        out.append(_text(x + wide / 2, HEIGHT - BOTTOM + 32, _short(bar.value), "middle"))
    if line is not None:
        y = _y(line, 0, top)
        out.append(_dashed(LEFT, y, WIDTH - RIGHT, y))
        out.append(_text(WIDTH - RIGHT + 4, y + 4, what, "start"))
    return _whole(out)


def curves(
    title: str, lines: Sequence[Line], across: str, up: str, log: bool = False, top: float = 0.0
) -> str:
    """Curves; ``log``: the x axis is logarithmic (points at 0 are left out). ``top``: of the y
    axis; 0: the highest point."""
    known = [
        Line(n.label, [(x, y) for x, y in n.points if not log or x > 0], n.steps) for n in lines
    ]
    xs = [x for n in known for x, _ in n.points] or [0.0, 1.0]
    low, high = min(xs), max(xs)
    if log:
        low, high = math.log10(low), math.log10(high)
    rising = ticks(top or max([y for n in known for _, y in n.points] + [1e-9]))
    highest = rising[-1]
    out = _frame(title, rising)

    def place(x: float) -> float:
        at = math.log10(x) if log else x
        return LEFT + (at - low) / max(high - low, 1e-9) * (WIDTH - LEFT - RIGHT)

    if log:
        across_at = [10.0**e for e in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    else:
        step = _step(high - low)
        first = math.ceil(low / step - 1e-9)
        across_at = [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]
    for value in across_at:
        out.append(_text(place(value), HEIGHT - BOTTOM + 16, _short(value), "middle"))
    for k, line in enumerate(known):
        path, last = "", 0.0
        for x, y in line.points:
            if path and line.steps:
                path += f"L{place(x):.1f} {last:.1f}"
            last = _y(y, 0, highest)
            path += f"{'L' if path else 'M'}{place(x):.1f} {last:.1f}"
        shade = colour(line.label, k)
        out.append(f'<path d="{path}" stroke="{shade}" stroke-width="2" fill="none"/>')
        y = TOP + 12 + 18 * k
        out.append(f'<path d="M{WIDTH - RIGHT + 8} {y - 4}h16" stroke="{shade}" stroke-width="3"/>')
        out.append(_text(WIDTH - RIGHT + 28, y, line.label, "start"))
    out.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, across, "middle"))
    out.append(
        f'<text x="14" y="{(TOP + HEIGHT - BOTTOM) / 2:.0f}" text-anchor="middle" '
        f'transform="rotate(-90 14 {(TOP + HEIGHT - BOTTOM) / 2:.0f})">{escape(up)}</text>'
    )
    return _whole(out)


def histogram(
    values: Sequence[float], low: float, high: float, bins: int = 30
) -> list[tuple[float, float]]:
    """Points of a stair: share of ``values`` in each of ``bins`` between ``low`` and ``high``."""
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, max(0, int((value - low) / (high - low) * bins)))] += 1
    width, n = (high - low) / bins, max(len(values), 1)
    points = [(low, 0.0)]
    points += [(low + k * width, count / n) for k, count in enumerate(counts)]
    return [*points, (high, counts[-1] / n), (high, 0.0)]


def colour(label: str, number: int) -> str:
    """A method's own colour, the same in every plot; else by ``number``."""
    known = METHODS.get(label)
    return known if known is not None else COLOURS[number % len(COLOURS)]


def ticks(highest: float) -> list[float]:
    """Round numbers from 0 to at least ``highest`` (> 0), about five."""
    step = _step(highest)
    return [k * step for k in range(math.ceil(highest / step - 1e-9) + 1)]


def _step(width: float) -> float:
    """1, 2 or 5 times a power of ten, four to eight of which make up ``width``."""
    power = 10.0 ** math.floor(math.log10(max(width, 1e-12) / 4))
    return next(m * power for m in (1, 2, 5, 10) if m * power * 6 >= width)


def _frame(title: str, marks: Sequence[float]) -> list[str]:
    out = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="600">{escape(title)}</text>',
    ]
    for value in marks:
        y = _y(value, marks[0], marks[-1])
        out.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(_text(LEFT - 6, y + 4, _short(value), "end"))
    return out


def _y(value: float, low: float, high: float) -> float:
    share = (min(max(value, low), high) - low) / max(high - low, 1e-12)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _dashed(x0: float, y0: float, x1: float, y1: float) -> str:
    return (
        f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="#222" '
        'stroke-dasharray="5 4" fill="none"/>'
    )


def _short(value: float) -> str:
    return "0" if abs(value) < 5e-4 else f"{value:.3g}"


def _whole(parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11" '
        f'fill="#222">{"".join(parts)}</svg>\n'
    )
