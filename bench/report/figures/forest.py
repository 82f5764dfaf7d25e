"""The picture of a pair: all ratios with their intervals on one logarithmic axis.

One row a benchmark, the largest saving first, with a line for each Python; the figures stand beside
them, so that a change of 1% is read where one of 30 times sets the scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETLEFT, CARETRIGHT

from bench.core.verdict import Interval, Verdict
from bench.formats import figure_style as style
from bench.formats.text import amount, effect, is_bounded, joined, magnitude_with_direction
from bench.report.figures.ratio_axis import ends, limits, ticks
from bench.report.select_runs import Shown

_LINE_IN, _ROW_GAP_IN, _TOP_IN, _BOTTOM_IN = 0.17, 0.1, 0.56, 0.72
_MARGIN_IN, _GAP_IN = 0.18, 0.2
_NAME_LIMIT_IN = 2.1
_TICK_IN = 0.75
_DIRECTION_IN = 0.36  # of the words below the scale


class ForestPoint(msgspec.Struct, frozen=True):
    """A benchmark on one Python; `interval` is None where it was not measured."""

    python: str
    interval: Interval | None
    verdict: Verdict | None
    of_memory: bool = False

    @property
    def ratio(self) -> float | None:
        """The ratio, if there is one."""
        one = self.interval
        return one.ratio if one and math.isfinite(one.ratio) and one.ratio > 0 else None


class ForestRow(msgspec.Struct, frozen=True):
    """A benchmark on all Pythons it was measured on; `mei`: as a fraction, of the first."""

    name: str
    points: tuple[ForestPoint, ...]
    mei: float
    is_control: bool = False


class Forest(msgspec.Struct, frozen=True):
    """All benchmarks of a pair on a machine."""

    title: str
    rows: tuple[ForestRow, ...]


def forest_of(title: str, shown: Sequence[Shown]) -> Forest:
    """Every benchmark once: broken ones, then by effect, the bare interpreter last."""
    rows: dict[str, list[ForestPoint]] = {}
    meis, controls = dict[str, float](), set()
    for one in shown:
        for result in one.shown_results:
            meis.setdefault(result.name, result.mei)
            interval = result.size.interval if result.size else None
            rows.setdefault(result.name, []).append(
                ForestPoint(one.python, interval, result.verdict, result.is_of_memory)
            )
            controls |= {result.name} if result.is_control else set()
    made = [
        ForestRow(name, tuple(points), meis[name], name in controls)
        for name, points in rows.items()
    ]
    return Forest(title, tuple(sorted(made, key=_place)))


def _place(row: ForestRow) -> tuple[bool, float]:
    if any(point.verdict is Verdict.BROKEN for point in row.points):
        return row.is_control, -math.inf
    ratios = [point.ratio for point in row.points if point.ratio is not None]
    return row.is_control, math.fsum(map(math.log, ratios)) / len(ratios) if ratios else math.inf


def draw_forest(forest: Forest) -> Figure:
    """Draw it."""
    names = [style.wrapped(_label(row), _NAME_LIMIT_IN) for row in forest.rows]
    lines = [
        max(len(row.points), name.count("\n") + 1)
        for row, name in zip(forest.rows, names, strict=True)
    ]
    names_in = max(style.width_in(line) for name in names for line in name.splitlines())
    several = any(len(row.points) > 1 for row in forest.rows)
    words = [[_words(point, several=several) for point in row.points] for row in forest.rows]
    words_in = max(style.width_in(one, style.SMALL_PT) for row in words for one in row)
    rows_in = sum(lines) * _LINE_IN + len(lines) * _ROW_GAP_IN
    card = style.Card(style.WIDTH_IN, _TOP_IN + rows_in + _BOTTOM_IN)
    left = _MARGIN_IN + names_in + _GAP_IN
    panel_in = style.WIDTH_IN - left - words_in - _GAP_IN - _MARGIN_IN
    field = _field(card, forest, (left, _TOP_IN, panel_in, rows_in))
    card.text(_MARGIN_IN, 0.32, forest.title, size=11, weight="bold")
    top = _ROW_GAP_IN / 2
    for row, name, count, figures in zip(forest.rows, names, lines, words, strict=True):
        middle = _TOP_IN + top + count * _LINE_IN / 2
        colour = style.MUTED if row.is_control else style.INK
        card.text(_MARGIN_IN, middle, name, va="center", linespacing=1.05, color=colour)
        first = top + (count - len(row.points)) * _LINE_IN / 2
        _draw_band(field, row.mei, top, count * _LINE_IN)
        for number, (point, figure) in enumerate(zip(row.points, figures, strict=True)):
            height = first + (number + 0.5) * _LINE_IN
            _draw_point(field, point, height)
            at = left + panel_in + _GAP_IN
            red = point.verdict is Verdict.BROKEN
            style_of = {
                "va": "center", "size": style.SMALL_PT, "color": style.RED if red else colour,
            }  # fmt: skip
            card.text(at, _TOP_IN + height, figure, **style_of)
        top += count * _LINE_IN + _ROW_GAP_IN
    _legend(card, forest)
    return card.figure


def _label(row: ForestRow) -> str:
    return f"{row.name} (A/A)" if row.is_control else row.name


def _words(point: ForestPoint, *, several: bool) -> str:
    """The change of a point, for the column of figures."""
    start = f"{point.python}: " if several else ""
    if point.verdict is Verdict.BROKEN:
        return f"{start}broken"
    if point.ratio is None or point.verdict is None:
        return f"{start}not measured"
    if point.verdict is Verdict.UNDECIDED:
        return f"{start}undecided"
    words = amount(1.0, point.ratio) if point.of_memory else magnitude_with_direction(point.ratio)
    return f"{start}{words}"


def _field(card: style.Card, forest: Forest, box: tuple[float, float, float, float]) -> style.Field:
    """The panel of all rows, in inches from its top, with its scale."""
    left, top, width, height = box
    points = [
        (point.ratio, point.interval)
        for row in forest.rows
        for point in row.points
        if point.ratio is not None
    ]
    low, high = limits(points, min(row.mei for row in forest.rows))
    field = style.Field(card, box, (low, high), (height, 0.0))
    field.scale(ticks(low, high, max(2, math.floor(width / _TICK_IN))))
    field.line([0, 0], field.up, color=style.MUTED, linewidth=0.9)
    for at, align, words in ((left, "left", "◂ faster"), (left + width, "right", "slower ▸")):
        how = {"ha": align, "size": style.SMALL_PT, "color": style.MUTED}
        card.text(at, top + height + _DIRECTION_IN, words, **how)
    return field


def _draw_band(field: style.Field, mei: float, top: float, height: float) -> None:
    """What is less than a row's minimum effect of interest; rows of one effect make one band."""
    (low, high), band, gap = field.across, math.log1p(mei), _ROW_GAP_IN / 2
    across = max(-band, low), min(band, high)
    field.shade(across, (top + height + gap, top - gap), facecolor=style.BAND, zorder=0)


def _draw_point(field: style.Field, point: ForestPoint, height: float) -> None:
    low, high = field.across
    if point.verdict is Verdict.BROKEN:  # there is no ratio: it stands at the slower end
        _draw_mark(field, style.MARKS[point.verdict], high, height)
    if point.ratio is None or point.verdict is None or point.interval is None:
        return
    mark = style.MARKS[point.verdict]
    start, end = ends(point.interval)
    thin = not is_bounded(point.interval)
    field.line(
        [max(start, low), min(end, high)],
        [height, height],
        color=mark.colour,
        linewidth=0.8 if thin else 1.6,
        linestyle=(0, (3, 2)) if thin else "-",
        solid_capstyle="butt",
    )
    for is_beyond, at, shape in ((start < low, low, CARETLEFT), (end > high, high, CARETRIGHT)):
        if is_beyond:
            field.line([at], [height], marker=shape, markersize=5, color=mark.colour)
    _draw_mark(field, mark, math.log(point.ratio), height)


def _draw_mark(field: style.Field, mark: style.Marker, at: float, height: float) -> None:
    field.line(
        [at],
        [height],
        linestyle="none",
        marker=mark.shape,
        markersize=5.4,
        zorder=4,
        markeredgecolor=mark.colour,
        markerfacecolor=mark.colour if mark.filled else style.CARD,
        markeredgewidth=1.3,
    )


def _legend(card: style.Card, forest: Forest) -> None:
    used = {point.verdict for row in forest.rows for point in row.points}
    left, top = _MARGIN_IN, card.height_in - 0.17
    for verdict, mark in style.MARKS.items():
        if verdict not in used:
            continue
        card.figure.add_artist(
            Line2D(
                [(left + 0.06) / card.width_in],
                [1 - (top - 0.04) / card.height_in],
                marker=mark.shape,
                markersize=6,
                markeredgecolor=mark.colour,
                markerfacecolor=mark.colour if mark.filled else style.CARD,
                markeredgewidth=1.3,
                linestyle="none",
            )
        )
        card.text(left + 0.17, top, str(verdict), size=style.SMALL_PT, color=style.MUTED)
        left += 0.17 + style.width_in(str(verdict), style.SMALL_PT) + 0.25
    found = sorted({row.mei for row in forest.rows})
    effects = joined([f"±{effect(mei)}" for mei in found], "or") if len(found) < 3 else "of each"
    band = f"shaded: less than the minimum effect of interest (MEI), {effects}"
    card.text(left, top, band, size=style.SMALL_PT, color=style.MUTED)
