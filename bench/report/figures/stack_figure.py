"""The picture of a stack: one bar a side, as long as the command took, divided into its layers."""

from __future__ import annotations

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench.formats import figure_style as style
from bench.formats.text import seconds, seconds_on_axis

_BAR_IN, _GAP_IN, _TOP_IN, _BOTTOM_IN = 0.46, 0.26, 0.5, 0.4
_EDGE_IN, _LEFT_IN, _RIGHT_IN = 0.18, 1.5, 0.8
_LEGEND_ROW_IN, _LEGEND_COLUMNS = 0.24, 4
_LABEL_FROM = 0.055
# As in a trace's timeline (explain/trace/picture.py); what children do is the same, but paler.
COLOURS = {
    "CLI start": "#8c6d46",
    "CLI imports": "#edc94d",
    "analysis and own code": "#7fb2e5",
    "serialisation": "#b392dc",
    "HTTP, client and wire": "#2f7d4f",
    "simulated latency": "#f6c3a5",
    "service": "#e5703a",
    "subprocesses: start": "#d9c4a3",
    "subprocesses: imports": "#f8e7ab",
    "subprocesses: their work": "#cfe2f5",
    "waiting": "#e6eaef",
    "ready, without a core": "#c7b8b8",
    "exit": "#9aa4af",
    "unexplained": "#cf222e",
}
_LIGHT_TEXT = {"CLI start", "HTTP, client and wire", "service", "unexplained"}


class Bar(msgspec.Struct, frozen=True):
    """A side on a Python: its name, and seconds by layer in the order they are drawn."""

    label: str
    parts: tuple[tuple[str, float], ...]

    @property
    def total_s(self) -> float:
        """Its length."""
        return sum(length for _, length in self.parts)


class Bars(msgspec.Struct, frozen=True):
    """All bars of a page's picture, from top to bottom."""

    title: str
    bars: tuple[Bar, ...]


def draw_stack(data: Bars) -> Figure:
    """Draw the bars on one scale, with the layers that can be seen named below."""
    longest = max(bar.total_s for bar in data.bars)
    shown = [name for name in COLOURS if any(_is_seen(bar, name, longest) for bar in data.bars)]
    bars_in = len(data.bars) * (_BAR_IN + _GAP_IN)
    legend_in = -(-len(shown) // _LEGEND_COLUMNS) * _LEGEND_ROW_IN
    card = style.Card(style.WIDTH_IN, _TOP_IN + bars_in + _BOTTOM_IN + legend_in + 0.12)
    card.text(_EDGE_IN, 0.32, data.title, weight="bold")
    axes = card.axes(_LEFT_IN, _TOP_IN, style.WIDTH_IN - _LEFT_IN - _RIGHT_IN, bars_in)
    for place, bar in enumerate(data.bars):
        _draw_bar(axes, place, bar, longest)
    _finish(axes, data, longest)
    _legend(card, shown, _TOP_IN + bars_in + _BOTTOM_IN)
    return card.figure


def _is_seen(bar: Bar, name: str, longest: float) -> bool:
    return any(part == name and length > longest / 500 for part, length in bar.parts)


def _legend(card: style.Card, shown: list[str], top: float) -> None:
    column_in = (style.WIDTH_IN - 2 * _EDGE_IN) / _LEGEND_COLUMNS
    for number, name in enumerate(shown):
        row, column = divmod(number, _LEGEND_COLUMNS)
        left, baseline = _EDGE_IN + column * column_in, top + (row + 0.6) * _LEGEND_ROW_IN
        card.figure.add_artist(
            Rectangle(
                (left, card.height_in - baseline),
                0.13,
                0.1,
                transform=card.figure.dpi_scale_trans,
                facecolor=COLOURS[name],
                edgecolor=style.RULE,
                linewidth=0.6,
            )
        )
        card.text(left + 0.2, baseline, name, size=style.SMALL_PT)


def _draw_bar(axes: Axes, place: int, bar: Bar, longest: float) -> None:
    left = 0.0
    for name, length in bar.parts:
        axes.barh(
            place, length, left=left, height=_BAR_IN / (_BAR_IN + _GAP_IN), color=COLOURS[name],
            edgecolor=style.CARD, linewidth=0.5,
        )  # fmt: skip
        if length > longest * _LABEL_FROM:
            colour = style.CARD if name in _LIGHT_TEXT else style.INK
            axes.text(
                left + length / 2, place, seconds(length),
                ha="center", va="center", color=colour, fontsize=style.SMALL_PT,
            )  # fmt: skip
        left += length
    axes.text(
        left + longest * 0.01, place, seconds(left), va="center", color=style.INK, weight="bold"
    )


def _finish(axes: Axes, data: Bars, longest: float) -> None:
    axes.set_yticks(range(len(data.bars)), [bar.label for bar in data.bars])
    axes.tick_params(axis="y", length=0, labelcolor=style.INK, labelsize=style.SIZE_PT)
    axes.set_ylim(len(data.bars) - 0.5, -0.5)
    axes.set_xlim(0, longest)
    ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= longest]
    axes.set_xticks(ticks, seconds_on_axis(ticks))
    axes.grid(axis="x", color=style.GRID, linewidth=0.8)
