"""Convergence as a picture: exploitability against time, both logarithmic, a panel a spot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, TOP, GAP = 360, 240, 56, 36, 40
COLOURS = ("#c2410c", "#64748b", "#0f766e", "#7c3aed")
Trace = Sequence[tuple[int, float, float]]


def draw(curves: Mapping[str, Mapping[str, Trace]]) -> str:
    """An SVG with one panel for each spot and one line for each solver."""
    panels = [_panel(name, traces, index) for index, (name, traces) in enumerate(curves.items())]
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / 2)
    width, height = columns * (WIDTH + LEFT + GAP), rows * (HEIGHT + TOP + GAP) + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" fill="none"><rect width="{width}" height="{height}" fill="#fff"/>{"".join(panels)}</svg>\n'
    )


def _panel(name: str, traces: Mapping[str, Trace], index: int) -> str:
    points = [(seconds, pct) for trace in traces.values() for _, seconds, pct in trace if 0.01 <= pct <= 100]
    left, right = (math.log10(f(seconds for seconds, _ in points)) for f in (min, max))
    bottom, top = (math.log10(f(pct for _, pct in points)) for f in (min, max))

    def x(seconds: float) -> float:
        return WIDTH * (math.log10(seconds) - left) / max(right - left, 1e-9)

    def y(pct: float) -> float:
        return HEIGHT * (top - math.log10(pct)) / max(top - bottom, 1e-9)

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" stroke="#cbd5e1"/>']
    parts.append(f'<text x="0" y="-12" fill="#0f172a">{name}: % of pot against seconds, 1 thread</text>')
    for tick in _ticks(left, right):
        parts.append(_label(x(tick), HEIGHT + 16, tick, "middle"))
        parts.append(f'<path d="M{x(tick):.1f} 0V{HEIGHT}" stroke="#e2e8f0"/>')
    for tick in _ticks(bottom, top):
        parts.append(_label(-8, y(tick) + 4, tick, "end"))
        parts.append(f'<path d="M0 {y(tick):.1f}H{WIDTH}" stroke="#e2e8f0"/>')
    for number, (solver, trace) in enumerate(traces.items()):
        line = " ".join(f"{x(seconds):.1f},{y(pct):.1f}" for _, seconds, pct in trace if 0.01 <= pct <= 100)
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline points="{line}" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - 8}" y="{20 + 16 * number}" text-anchor="end" fill="{colour}">{solver}</text>')
    shift_x = LEFT + (index % 2) * (WIDTH + LEFT + GAP)
    shift_y = TOP + (index // 2) * (HEIGHT + TOP + GAP)
    return f'<g transform="translate({shift_x} {shift_y})">{"".join(parts)}</g>'


def _ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(low), math.ceil(high) + 1)
    return [m * 10.0**d for d in decades for m in (1, 3) if low <= math.log10(m * 10.0**d) <= high]


def _label(x: float, y: float, value: float, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#475569">{value:g}</text>'
