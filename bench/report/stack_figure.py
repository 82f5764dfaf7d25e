"""The picture of a stack: one bar a side, as long as the command took, divided into its layers."""

from __future__ import annotations

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench.report import figure_style as style
from bench.report.text import seconds, seconds_on_axis

_BAR_IN, _GAP_IN, _TOP_IN, _BOTTOM_IN = 0.46, 0.26, 0.5, 0.4
_EDGE_IN, _LEFT_IN, _RIGHT_IN = 0.18, 1.5, 0.8
_LEGEND_ROW_IN, _LEGEND_COLUMNS = 0.24, 4
_LABEL_FROM = 0.055
# Layers of the command itself are blue and green, the boundary warm, children violet, waiting grey.
COLOURS = {
    "CLI start": "#0b4f9e",
    "CLI imports": "#4a90d9",
    "analysis and own code": "#1a7f37",
    "serialisation": "#7bc47f",
    "HTTP, client and wire": "#d9730d",
    "simulated latency": "#f2c08a",
    "service": "#b3261e",
    "subprocesses: start": "#4b2e83",
    "subprocesses: imports": "#8a63d2",
    "subprocesses: their work": "#c9b3f0",
    "waiting": "#8c959f",
    "ready, without a core": "#b9c0c8",
    "exit": "#d7dce1",
    "unexplained": "#ffffff",
}
_DARK_TEXT = {
    "serialisation", "simulated latency", "subprocesses: their work", "ready, without a core",
    "exit", "unexplained",
}  # fmt: skip


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
            edgecolor=style.RULE if name == "unexplained" else style.CARD, linewidth=0.5,
        )  # fmt: skip
        if length > longest * _LABEL_FROM:
            colour = style.INK if name in _DARK_TEXT else style.CARD
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
