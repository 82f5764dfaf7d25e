"""The picture of a series: ratios to the anchor along a history, with their intervals.

One panel a benchmark, all on one card. The axis is logarithmic; below the line is faster than the
anchor.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.core.verdict import Interval
from bench.formats import figure_style as style
from bench.formats.text import effect
from bench.report.figures.ratio_axis import FAR, ends, limits, ticks

_MARGIN_IN, _TOP_IN, _LEFT_IN = 0.18, 0.5, 0.95
_TITLE_IN = 0.30
_ALONE_IN, _SMALL_IN = 2.9, 1.25
_LABEL_EVERY_IN = 0.135
_SHAPES = "osD^v"


class Dot(msgspec.Struct, frozen=True):
    """A measured point: its place (the anchor's is -1), ratio, and whether a difference is shown.

    `interval` is None for the anchor, whose ratio is 1 by definition. `doubtful`: its control
    differs, so no difference is shown.
    """

    at: int
    ratio: float
    interval: Interval | None
    differs: bool
    doubtful: bool = False


class Level(msgspec.Struct, frozen=True):
    """A level that lasts from one place to another, as a ratio to the anchor."""

    first: int
    last: int
    ratio: float


class Line(msgspec.Struct, frozen=True):
    """A benchmark on one Python; `gaps` are places that could not be measured.

    `step` is the two places between which the largest certain change lies, `levels` are those
    between change points, in order, where there are any.
    """

    python: str
    dots: tuple[Dot, ...]
    gaps: tuple[int, ...] = ()
    step: tuple[int, int] | None = None
    levels: tuple[Level, ...] = ()


class Panel(msgspec.Struct, frozen=True):
    """One benchmark on all Pythons."""

    name: str
    lines: tuple[Line, ...]
    mei: float


class SeriesPicture(msgspec.Struct, frozen=True):
    """Panels over the same points; `labels` are those of the anchor and of all points."""

    title: str
    labels: tuple[str, ...]
    pythons: tuple[str, ...]
    panels: tuple[Panel, ...]


def draw_series(picture: SeriesPicture) -> Figure:
    """Draw it."""
    labels_in = 0.12 + max(style.width_in(one, style.SMALL_PT) for one in picture.labels)
    columns = min(2 if len(picture.labels) <= 24 else 1, len(picture.panels))
    rows = math.ceil(len(picture.panels) / columns)
    panel_in = _ALONE_IN if len(picture.panels) == 1 else _SMALL_IN
    row_in = _TITLE_IN + panel_in
    height = _TOP_IN + rows * row_in + labels_in + 0.62
    card = style.Card(style.WIDTH_IN, height)
    width = (style.WIDTH_IN - _MARGIN_IN - columns * _LEFT_IN) / columns
    for number, panel in enumerate(picture.panels):
        row, column = divmod(number, columns)
        left = _LEFT_IN + column * (width + _LEFT_IN)
        top = _TOP_IN + row * row_in + _TITLE_IN
        axes = card.axes(left, top, width, panel_in - 0.12)
        is_last = number + columns >= len(picture.panels)
        _panel(axes, picture, panel, width, labelled=is_last)
        card.text(left, top - 0.07, panel.name, weight="bold")
    card.text(_MARGIN_IN, 0.32, picture.title, size=11, weight="bold")
    _legend(card, picture)
    return card.figure


def _panel(
    axes: Axes, picture: SeriesPicture, panel: Panel, width: float, *, labelled: bool
) -> None:
    dots = [(dot.ratio, dot.interval) for line in panel.lines for dot in line.dots]
    low, high = limits(dots, panel.mei)
    axes.set_xlim(-1.6, len(picture.labels) - 1.4)
    axes.set_ylim(low, high)
    _ratio_axis(axes, low, high)
    _point_axis(axes, picture.labels, width, labelled=labelled)
    band = math.log1p(panel.mei)
    axes.axhspan(max(-band, low), min(band, high), color=style.BAND, linewidth=0)
    axes.axhline(0, color=style.MUTED, linewidth=0.9)
    room_pt = width * 72 / len(picture.labels)
    size = max(1.8, min(3.6, 0.4 * room_pt))
    for line in panel.lines:
        number = picture.pythons.index(line.python)
        dodge = 0.22 * (number - (len(picture.pythons) - 1) / 2)
        _line(axes, line, number, dodge, size)


def _ratio_axis(axes: Axes, low: float, high: float) -> None:
    places = ticks(low, high, none="anchor", directed=True)
    axes.set_yticks([at for at, _ in places], [words for _, words in places])
    axes.grid(axis="y", color=style.GRID, linewidth=0.8)
    axes.tick_params(axis="y", length=0)


def _point_axis(axes: Axes, labels: Sequence[str], width: float, *, labelled: bool) -> None:
    places = list(range(-1, len(labels) - 1))
    every = math.ceil(len(labels) * _LABEL_EVERY_IN / width)
    # The end is always named, and counted from.
    shown = sorted({*places[::-1][::every]})
    axes.set_xticks(shown, [labels[at + 1] for at in shown] if labelled else [""] * len(shown))
    axes.set_xticks(places, minor=True)
    axes.tick_params(axis="x", which="minor", length=2, color=style.RULE)
    axes.tick_params(axis="x", labelrotation=90)


def _line(axes: Axes, line: Line, number: int, dodge: float, size: float) -> None:
    colour, shape = style.PYTHONS[number % len(style.PYTHONS)], _SHAPES[number % len(_SHAPES)]
    low, high = axes.get_ylim()
    _connections(axes, line, dodge, colour)
    _intervals(axes, line, dodge, colour)
    for differs in (False, True):
        dots = [dot for dot in line.dots if (dot.differs and not dot.doubtful) is differs]
        axes.plot(
            [dot.at + dodge for dot in dots],
            [math.log(dot.ratio) for dot in dots],
            shape,
            markersize=size,
            markeredgecolor=colour,
            markerfacecolor=colour if differs else style.CARD,
            markeredgewidth=1.1,
            zorder=4,
        )
    places = [at + dodge for at in line.gaps]
    axes.plot(
        places, [low] * len(places), "x", color=colour, markersize=size, clip_on=False, zorder=4
    )
    _levels(axes, line, dodge, colour)
    if line.step is not None:
        axes.axvspan(*line.step, color=colour, alpha=0.10, linewidth=0)
    axes.set_ylim(low, high)


def _levels(axes: Axes, line: Line, dodge: float, colour: str) -> None:
    """Stairs: each level over its points, upright where one begins."""
    across: list[float] = []
    up: list[float] = []
    for number, one in enumerate(line.levels):
        begin = (line.levels[number - 1].last + one.first) / 2 if number else one.first - 0.4
        is_last = number == len(line.levels) - 1
        end = one.last + 0.4 if is_last else (one.last + line.levels[number + 1].first) / 2
        across += [begin + dodge, end + dodge]
        up += [math.log(one.ratio)] * 2
    axes.plot(
        across, up, color=colour, linewidth=2.6, alpha=0.45, solid_joinstyle="miter", zorder=2
    )


def _connections(axes: Axes, line: Line, dodge: float, colour: str) -> None:
    """From point to point, dotted over what is not known."""
    for is_next, width, dashes in ((True, 1.0, "-"), (False, 0.8, (0, (1, 2)))):
        across: list[float] = []
        up: list[float] = []
        for one, other in itertools.pairwise(line.dots):
            if (other.at == one.at + 1) is is_next:
                across += [one.at + dodge, other.at + dodge, math.nan]
                up += [math.log(one.ratio), math.log(other.ratio), math.nan]
        axes.plot(across, up, color=colour, linewidth=width, alpha=0.5, linestyle=dashes)


def _intervals(axes: Axes, line: Line, dodge: float, colour: str) -> None:
    """As far as the axis goes; thin and dashed where there is no limit."""
    low, high = axes.get_ylim()
    for is_known, width, dashes in ((True, 1.5, "-"), (False, 0.8, (0, (3, 2)))):
        across: list[float] = []
        up: list[float] = []
        for dot in line.dots:
            bottom, top = ends(dot.interval)
            if dot.interval is not None and (bottom > -FAR and top < FAR) is is_known:
                across += [dot.at + dodge, dot.at + dodge, math.nan]
                up += [max(bottom, low), min(top, high), math.nan]
        axes.plot(
            across,
            up,
            color=colour,
            linewidth=width,
            linestyle=dashes,
            solid_capstyle="butt",
            zorder=3,
        )


def _legend(card: style.Card, picture: SeriesPicture) -> None:
    left, top = _MARGIN_IN, card.height_in - 0.17
    if any(line.levels for panel in picture.panels for line in panel.lines):
        words = "stairs: levels between change points"
        card.text(left, top, words, size=style.SMALL_PT, color=style.MUTED)
        top -= 0.18
    for number, python in enumerate(picture.pythons):
        colour, shape = style.PYTHONS[number % len(style.PYTHONS)], _SHAPES[number % len(_SHAPES)]
        card.figure.add_artist(
            Line2D(
                [(left + 0.06) / card.width_in],
                [1 - (top - 0.04) / card.height_in],
                marker=shape,
                markersize=5,
                color=colour,
                linestyle="none",
            )
        )
        card.text(left + 0.17, top, python, size=style.SMALL_PT, color=style.MUTED)
        left += 0.17 + style.width_in(python, style.SMALL_PT) + 0.22
    found = {panel.mei for panel in picture.panels}
    effects = f"±{effect(found.pop())}" if len(found) == 1 else "minimum effect"
    dots = (dot for panel in picture.panels for line in panel.lines for dot in line.dots)
    hollow = (
        "same, undecided or doubtful" if any(dot.doubtful for dot in dots) else "same or undecided"
    )
    words = f"hollow: {hollow} · band: {effects} · upright: largest step · ×: not measured"
    card.text(left, top, words, size=style.SMALL_PT, color=style.MUTED)
