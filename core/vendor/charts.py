"""Pictures of numbers, drawn on the server: they need no script, print well, and take the colours of the page.

Each says what it shows to who cannot see it; the numbers themselves stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from babel.dates import format_date
from markupsafe import Markup

from core.locale import active_language

SPARK_WIDTH, SPARK_HEIGHT = 112, 28
WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 12, 26
LINES = 4
"""Horizontal lines of a chart, besides the one at zero, at most."""

Show = Callable[[float], str]


def sparkline(values: Sequence[float], label: str) -> Markup:
    """A small line without axes, for a row of a table."""
    if not values or not any(values):
        line = f"M0 {SPARK_HEIGHT - 2}H{SPARK_WIDTH}"
        return _svg(SPARK_WIDTH, SPARK_HEIGHT, label, "spark spark-flat", Markup('<path d="{}"/>').format(line))
    step = SPARK_WIDTH / max(1, len(values) - 1)
    scale = (SPARK_HEIGHT - 5) / max(values)
    points = [(number * step, SPARK_HEIGHT - 2 - value * scale) for number, value in enumerate(values)]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    area = f"{line}V{SPARK_HEIGHT}H0Z"
    inner = Markup('<path class="area" d="{}"/><path class="line" d="{}"/>').format(area, line)
    return _svg(SPARK_WIDTH, SPARK_HEIGHT, label, "spark", inner)


def bars(days: Sequence[tuple[date, float]], label: str, show: Show, *, width: int = WIDTH) -> Markup:
    """One bar a day, with a scale on the left and days below; pointing at a bar tells its number.

    Args:
        days: What each day has.
        label: What the chart shows, for who cannot see it.
        show: Writes a number for people.
        width: Of the drawing, which fills its place: a smaller number makes the texts larger.
    """
    top = _round_up(max((value for _day, value in days), default=0))
    inside = HEIGHT - TOP - BOTTOM
    step = (width - LEFT - RIGHT) / max(1, len(days))
    parts = [_scale(top, inside, width, show)]
    every = max(1, -(-len(days) * 64 // width))
    for number, (day, value) in enumerate(days):
        left, height = LEFT + number * step, value / top * inside
        gap = min(3.0, step * 0.2)
        parts.append(
            Markup('<g class="bar"><rect class="reach" x="{}" y="{}" width="{}" height="{}"/>').format(
                f"{left:.1f}", TOP, f"{step:.1f}", inside
            )
            + Markup('<rect class="value" x="{}" y="{}" width="{}" height="{}" rx="2"/><title>{}</title></g>').format(
                f"{left + gap / 2:.1f}",
                f"{TOP + inside - height:.1f}",
                f"{step - gap:.1f}",
                f"{height:.1f}",
                f"{_day(day)}: {show(value)}",
            )
        )
        if (len(days) - 1 - number) % every == 0:
            parts.append(
                Markup('<text class="day" x="{}" y="{}" text-anchor="{}">{}</text>').format(
                    f"{left + step / 2:.1f}", HEIGHT - 8, "middle", _day(day)
                )
            )
    return _svg(width, HEIGHT, label, "chart", Markup("").join(parts))


def _scale(top: float, inside: int, width: int, show: Show) -> Markup:
    lines = [
        Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="scale" x="{}" y="{}">{}</text>'
        ).format(LEFT, width - RIGHT, f"{y:.1f}", f"{y:.1f}", LEFT - 8, f"{y + 4:.1f}", show(top * part / LINES))
        for part in range(LINES + 1)
        for y in [TOP + inside - inside * part / LINES]
    ]
    return Markup("").join(lines)


def _round_up(most: float) -> float:
    """The next number that four lines divide into round ones."""
    if most <= LINES:
        return float(LINES)
    size = 1.0
    while size * 10 <= most:
        size *= 10
    return next(size * factor for factor in (1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12) if size * factor >= most)


def _day(day: date) -> str:
    return format_date(day, "d MMM", locale=active_language())


def _svg(width: int, height: int, label: str, classes: str, inner: Markup) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        classes, width, height, label, inner
    )
