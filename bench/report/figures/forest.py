"""The picture of all ratios of a run with their intervals.

One row a benchmark. Changes of 30 times and of 1% have to be readable beside each other: the right
panel shows what is near no change, the left one everything, in powers of two. What lies outside the
right panel is an arrow at its edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETLEFT, CARETRIGHT

from bench.core.verdict import Interval, Verdict
from bench.formats import figure_style as style
from bench.formats.text import percent

_ROW_IN, _TOP_IN, _BOTTOM_IN, _MARGIN_IN, _GAP_IN = 0.27, 0.80, 0.74, 0.18, 0.22
_NAME_LIMIT_IN = 2.2
_CLOSE = math.log(1.2)
_NARROWEST = math.log(1.005)
_FARTHEST_CLOSE = math.log(1.25)
_PANEL_IN = 3.6
_CHANGE, _VERDICT = "change (interval)", "verdict"
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_UNBOUNDED = 60.0  # far outside every panel, in ln


class ForestRow(msgspec.Struct, frozen=True):
    """A benchmark: its ratio with limits, and the words beside it."""

    name: str
    interval: Interval | None
    verdict: Verdict | None
    figures: str
    words: str
    is_control: bool = False

    @property
    def label(self) -> str:
        """The name, with a word on the bare interpreter's role."""
        return f"{self.name} (A/A)" if self.is_control else self.name


class Forest(msgspec.Struct, frozen=True):
    """All benchmarks of a run; `mei` as a fraction."""

    title: str
    rows: tuple[ForestRow, ...]
    mei: float


class _Drawn(msgspec.Struct, frozen=True):
    """A row with an interval, in ln, at its height."""

    at: int
    ratio: float
    low: float
    high: float
    mark: style.Marker


def draw_forest(forest: Forest) -> Figure:
    """Draw it."""
    names = [style.wrapped(row.label, _NAME_LIMIT_IN) for row in forest.rows]
    names_in = max(style.width_in(line) for name in names for line in name.splitlines())
    figures_in = max(style.width_in(words) for words in (_CHANGE, *_column(forest, "figures")))
    words_in = max(style.width_in(words) for words in (_VERDICT, *_column(forest, "words")))
    drawn = [found for at, row in enumerate(forest.rows) if (found := _drawn(at, row))]
    half = _close_half(drawn, forest.mei)
    is_wide = any(abs(one.ratio) > half for one in drawn)
    text_in = names_in + figures_in + words_in + 2 * _MARGIN_IN + 3 * _GAP_IN
    panels_in = max(_PANEL_IN, style.WIDTH_IN - text_in)
    tall = max([name.count("\n") for name in names] + [0])
    row_in = _ROW_IN + 0.1 * tall
    rows_in = row_in * len(forest.rows)
    card = style.Card(text_in + panels_in, _TOP_IN + rows_in + _BOTTOM_IN)
    left = _MARGIN_IN + names_in + _GAP_IN
    close_in = (panels_in - 0.3) * 0.5 if is_wide else panels_in
    if is_wide:
        wide = card.axes(left, _TOP_IN, panels_in - 0.3 - close_in, rows_in)
        _wide_panel(wide, drawn, forest)
    close = card.axes(left + panels_in - close_in, _TOP_IN, close_in, rows_in)
    _close_panel(close, drawn, forest, half, close_in)
    _words(card, forest, names, left + panels_in + _GAP_IN, figures_in + _GAP_IN, row_in)
    _legend(card, forest)
    return card.figure


def _column(forest: Forest, field: Literal["figures", "words"]) -> list[str]:
    return [getattr(row, field) for row in forest.rows]


def _drawn(at: int, row: ForestRow) -> _Drawn | None:
    interval = row.interval
    if interval is None or row.verdict is None:
        return None
    if not (math.isfinite(interval.ratio) and interval.ratio > 0):
        return None
    low, high = _ln(interval.low, -_UNBOUNDED), _ln(interval.high, _UNBOUNDED)
    return _Drawn(at, math.log(interval.ratio), low, high, style.MARKS[row.verdict])


def _ln(limit: float, otherwise: float) -> float:
    return math.log(limit) if limit > 0 and math.isfinite(limit) else otherwise


def _close_half(drawn: Sequence[_Drawn], mei: float) -> float:
    """Half the width of the panel around no change, in ln."""
    limits = [
        abs(limit)
        for one in drawn
        if abs(one.ratio) <= _CLOSE
        for limit in (one.ratio, one.low, one.high)
        if abs(limit) < _FARTHEST_CLOSE
    ]
    return max([1.08 * limit for limit in limits] + [2.5 * math.log1p(mei), _NARROWEST])


def _wide_panel(axes: Axes, drawn: Sequence[_Drawn], forest: Forest) -> None:
    ends = [limit for one in drawn for limit in (one.ratio, one.low, one.high)]
    ends = [limit / math.log(2) for limit in ends if abs(limit) < _UNBOUNDED]
    low, high = min([*ends, -0.6]) - 0.25, max([*ends, 0.6]) + 0.25
    ticks = [tick for tick in _times_ticks(high - low) if low <= tick <= high]
    axes.set_xticks([k * math.log(2) for k in ticks], [_times_label(k) for k in ticks])
    _panel(axes, drawn, forest, low * math.log(2), high * math.log(2))
    _caption(axes, "all changes, logarithmic")


def _times_ticks(octaves: float) -> list[float]:
    """Where numbers stand, as powers of two; in a short range also between these."""
    if octaves < 3.2:
        times = [math.log2(number) for number in (1.5, 2.5, 4.0, 6.0)]
    else:
        step = math.ceil(octaves / 6)
        times = [float(step * number) for number in range(1, 40)]
    return [-one for one in reversed(times)] + [0.0] + times


def _times_label(power: float) -> str:
    return "1" if power == 0 else f"{2 ** abs(power):.4g}x"


def _close_panel(
    axes: Axes, drawn: Sequence[_Drawn], forest: Forest, half: float, panel_in: float
) -> None:
    # The left half of a logarithmic axis is the tighter one: -half is expm1(-half).
    reach = -math.expm1(-half)
    steps = [step for step in _STEPS if step <= reach]
    highest = steps[-1] * math.floor(reach / steps[-1])
    step = next((one for one in steps if _has_room(one, half, panel_in)), highest)
    count = math.floor(reach / step)
    changes = [k * step for k in range(-count, count + 1)]
    labels = ["0" if k == 0 else _change_label(k, step) for k in changes]
    axes.set_xticks([math.log1p(k) for k in changes], labels)
    _panel(axes, drawn, forest, -half, half)
    _caption(axes, "near no change")


def _has_room(step: float, half: float, panel_in: float) -> bool:
    """Whether the two closest numbers of an axis, which are its highest, have a gap between."""
    top = step * math.floor(-math.expm1(-half) / step)
    apart_in = (math.log1p(top) - math.log1p(top - step)) / (2 * half) * panel_in
    return apart_in > style.width_in(_change_label(top, step), style.SMALL_PT) + 0.05


def _change_label(change: float, step: float) -> str:
    words = percent(1 + change)
    return words if step < 0.01 else words.replace(".0%", "%")


def _caption(axes: Axes, words: str) -> None:
    axes.set_title(words, size=style.SMALL_PT, color=style.MUTED, pad=7)
    for at, align, direction in ((0.0, "left", "◂ faster"), (1.0, "right", "slower ▸")):
        axes.annotate(
            direction,
            (at, 0),
            xytext=(0, -24),
            xycoords="axes fraction",
            textcoords="offset points",
            ha=align,
            size=style.SMALL_PT,
            color=style.MUTED,
        )


def _panel(axes: Axes, drawn: Sequence[_Drawn], forest: Forest, low: float, high: float) -> None:
    axes.set_xlim(low, high)
    axes.set_ylim(len(forest.rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(axis="x", color=style.GRID, linewidth=0.8)
    band = math.log1p(forest.mei)
    axes.axvspan(max(-band, low), min(band, high), color=style.BAND, linewidth=0)
    axes.axvline(0, color=style.MUTED, linewidth=0.9)
    for one in drawn:
        _row(axes, one, low, high)


def _row(axes: Axes, one: _Drawn, low: float, high: float) -> None:
    colour = one.mark.colour
    start, end = max(one.low, low), min(one.high, high)
    if start < end:
        axes.plot(
            [start, end],
            [one.at, one.at],
            color=colour,
            linewidth=1.6,
            zorder=3,
            solid_capstyle="butt",
        )
    if min(one.low, one.ratio) < low:
        _edge(axes, low, one, CARETLEFT)
    if max(one.high, one.ratio) > high:
        _edge(axes, high, one, CARETRIGHT)
    if low <= one.ratio <= high:
        axes.plot(
            [one.ratio],
            [one.at],
            one.mark.shape,
            markersize=5.8,
            zorder=4,
            markeredgecolor=colour,
            markerfacecolor=colour if one.mark.filled else style.CARD,
            markeredgewidth=1.3,
        )


def _edge(axes: Axes, at: float, one: _Drawn, shape: int) -> None:
    """An arrow with its tip at the panel's edge: it goes on there."""
    axes.plot(
        [at],
        [one.at],
        marker=shape,
        linestyle="none",
        markersize=6,
        color=one.mark.colour,
        zorder=4,
        clip_on=False,
    )


def _words(
    card: style.Card,
    forest: Forest,
    names: Sequence[str],
    left: float,
    figures_in: float,
    row_in: float,
) -> None:
    card.text(_MARGIN_IN, 0.32, forest.title, size=11, weight="bold")
    top = _TOP_IN - 0.12
    for at, words in ((_MARGIN_IN, "benchmark"), (left, _CHANGE),
                      (left + figures_in, _VERDICT)):  # fmt: skip
        card.text(at, top, words, size=style.SMALL_PT, color=style.MUTED)
    for number, row in enumerate(forest.rows):
        middle = _TOP_IN + row_in * (number + 0.5)
        colour = style.MARKS[row.verdict].colour if row.verdict else style.MUTED
        faint = style.MUTED if row.verdict is None or row.is_control else style.INK
        card.text(_MARGIN_IN, middle, names[number], va="center", linespacing=1.05, color=faint)
        card.text(left, middle, row.figures, va="center", color=faint)
        card.text(left + figures_in, middle, row.words, va="center", color=colour)


def _legend(card: style.Card, forest: Forest) -> None:
    used = {row.verdict for row in forest.rows}
    left, top = _MARGIN_IN, card.height_in - 0.17
    for verdict, mark in style.MARKS.items():
        if verdict not in used:
            continue
        face = mark.colour if mark.filled else style.CARD
        card.figure.add_artist(
            Line2D(
                [(left + 0.06) / card.width_in],
                [1 - (top - 0.04) / card.height_in],
                marker=mark.shape,
                markersize=6,
                markeredgecolor=mark.colour,
                markerfacecolor=face,
                markeredgewidth=1.3,
                linestyle="none",
            )
        )
        card.text(left + 0.17, top, str(verdict), size=style.SMALL_PT, color=style.MUTED)
        left += 0.17 + style.width_in(str(verdict), style.SMALL_PT) + 0.25
    band = f"shaded: less than the minimum effect of interest, ±{forest.mei * 100:g}%"
    card.text(left, top, band, size=style.SMALL_PT, color=style.MUTED)
