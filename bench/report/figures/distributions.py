"""The picture of one benchmark's rounds: drift and spread.

Left, over the rounds in measuring order: the ratio of each round, and both sides relative to their
own medians (what moves both alike is the machine, and cancels in the ratio). Right, the samples of
each side with quartiles; where the sides are close, on one scale, otherwise each around its own
median on scales that span the same per cent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bench.core.sample import Design
from bench.core.verdict import Interval
from bench.formats import figure_style as style
from bench.formats.text import change, is_bounded, seconds, seconds_on_axis

_LEFT_IN, _LEFT_WIDTH_IN, _RIGHT_IN, _RIGHT_WIDTH_IN = 0.72, 4.9, 6.02, 2.95
_CLOSE = math.log(1.2)
_GOLDEN = 0.6180339887498949
_SHAPES = {Design.DUET: "o", Design.PAIRS: "s"}
_NAMES = {Design.DUET: "duet", Design.PAIRS: "pair"}


class RoundsPicture(msgspec.Struct, frozen=True):
    """Rounds in measuring order, all of the same length; seconds of the figure that decides."""

    title: str
    figure: str
    mei: float
    designs: tuple[Design, ...]
    base_s: tuple[float, ...]
    head_s: tuple[float, ...]
    deciding: Design
    interval: Interval | None
    size: Interval | None
    resumed: tuple[int, ...] = ()

    @property
    def ratios(self) -> list[float]:
        """ln(head/base) of each round."""
        pairs = zip(self.base_s, self.head_s, strict=True)
        return [math.log(head / base) for base, head in pairs]


def draw_rounds(data: RoundsPicture) -> Figure:
    """Draw it."""
    card = style.Card(style.WIDTH_IN, 3.55)
    card.text(0.18, 0.32, data.title, size=10.5, weight="bold")
    card.text(0.18, 0.52, _subtitle(data), size=style.SMALL_PT, color=style.MUTED)
    _ratio_panel(card, data)
    _drift_panel(card, data)
    _samples_panels(card, data)
    _legend(card, data)
    return card.figure


def _subtitle(data: RoundsPicture) -> str:
    name = "duets" if data.deciding is Design.DUET else "pairs"
    words = f"{data.figure}; the verdict's {name}: {change(data.interval)}"
    if data.size is not None and data.size != data.interval:
        words += f"; size, from pairs: {change(data.size)}"
    return words


def _ratio_panel(card: style.Card, data: RoundsPicture) -> None:
    axes = card.axes(_LEFT_IN, 0.86, _LEFT_WIDTH_IN, 1.12)
    ratios = data.ratios
    shown = [one for one in (data.interval, data.size) if one is not None]
    low, high = _range(ratios, [math.log(one.ratio) for one in shown if one.ratio > 0])
    _rounds_axis(axes, data, low, high)
    band = math.log1p(data.mei)
    if low < band and high > -band:
        axes.axhspan(max(-band, low), min(band, high), color=style.BAND, linewidth=0)
        axes.axhline(0, color=style.MUTED, linewidth=0.9)
    if data.interval is not None:
        _interval(axes, data.interval, style.INK, low, high)
    _points(axes, data, ratios, (low, high), style.INK)
    words, places = _ratio_ticks(low, high, 4)
    axes.set_yticks(list(places), list(places.values()))
    axes.set_xticks([])
    _panel_title(axes, f"{words} of each round, in measuring order")


def _drift_panel(card: style.Card, data: RoundsPicture) -> None:
    axes = card.axes(_LEFT_IN, 2.26, _LEFT_WIDTH_IN, 0.62)
    base, head = (_around_own_median(data, side) for side in (data.base_s, data.head_s))
    low, high = _range([*base, *head], [0.0])
    _rounds_axis(axes, data, low, high)
    axes.axhline(0, color=style.MUTED, linewidth=0.9)
    _points(axes, data, base, (low, high), style.BASE, size=3.0)
    _points(axes, data, head, (low, high), style.HEAD, size=3.0)
    places = _percent_ticks(low, high, 2)
    axes.set_yticks(list(places), list(places.values()))
    count = len(data.designs)
    axes.set_xticks([at for at in _round_numbers(1, count, 8) if 1 <= at <= count and at % 1 == 0])
    axes.set_xlabel("round", size=style.SMALL_PT, labelpad=1)
    _panel_title(axes, "each side against its own median over rounds of the same kind")


def _around_own_median(data: RoundsPicture, side: Sequence[float]) -> list[float]:
    """ln of each sample over the median of its side and design: a drift is seen, a level is not."""
    values = np.log(np.array(side))
    for design in set(data.designs):
        chosen = np.array([one is design for one in data.designs])
        values[chosen] -= np.median(values[chosen])
    around: list[float] = values.tolist()
    return around


def _samples_panels(card: style.Card, data: RoundsPicture) -> None:
    rows = [one is data.deciding for one in data.designs]
    sides = [
        np.array([value for value, decides in zip(side, rows, strict=True) if decides])
        for side in (data.base_s, data.head_s)
    ]
    if not sides[0].size:
        return
    middles = [float(np.median(side)) for side in sides]
    is_close = abs(math.log(middles[1] / middles[0])) <= _CLOSE
    relative = [
        _range(np.log(side / middle), [0.0]) for side, middle in zip(sides, middles, strict=True)
    ]
    spread = min(one[0] for one in relative), max(one[1] for one in relative)
    both = _range(np.concatenate(sides), [])
    names = (("base", style.BASE), ("head", style.HEAD))
    for number, (name, colour) in enumerate(names):
        axes = card.axes(_RIGHT_IN, 0.86 + 1.25 * number, _RIGHT_WIDTH_IN, 0.77)
        middle = middles[number]
        own = middle * math.exp(spread[0]), middle * math.exp(spread[1])
        _strip(axes, sides[number], colour, both if is_close else own)
        words = f"{name}: median {seconds(middle)}"
        _panel_title(axes, f"{words} ({len(sides[number])} deciding samples)", colour)
    scale = "one scale" if is_close else "scales span the same %"
    words = f"box: middle half; {scale}"
    card.text(_RIGHT_IN, card.height_in - 0.17, words, size=style.SMALL_PT, color=style.MUTED)


def _strip(axes: Axes, values: np.ndarray, colour: str, limits: tuple[float, float]) -> None:
    low, high = max(limits[0], 0.0), limits[1]
    heights = [0.62 * ((number * _GOLDEN) % 1 - 0.5) for number in range(values.size)]
    first, middle, third = np.quantile(values, (0.25, 0.5, 0.75))
    axes.fill_betweenx([-0.42, 0.42], first, third, color=colour, alpha=0.18, linewidth=0)
    axes.plot([middle, middle], [-0.42, 0.42], color=colour, linewidth=1.8)
    axes.plot(
        np.clip(values, low, high),
        heights,
        "o",
        markersize=3.2,
        color=colour,
        alpha=0.75,
        markeredgewidth=0,
    )
    axes.set_xlim(low, high)
    axes.set_ylim(-0.5, 0.5)
    axes.set_yticks([])
    axes.grid(axis="x", color=style.GRID, linewidth=0.8)
    ticks = [value for value in _round_numbers(low, high, 3) if low <= value <= high]
    axes.set_xticks(ticks, seconds_on_axis(ticks))
    _mark_outside(axes, values, low, high, colour)


def _mark_outside(axes: Axes, values: np.ndarray, low: float, high: float, colour: str) -> None:
    beyond = int((values > high).sum()), int((values < low).sum())
    for count, at, words in ((beyond[0], 0.995, "{} ▸"), (beyond[1], 0.005, "◂ {}")):
        if count:
            axes.text(
                at,
                0.98,
                words.format(count),
                transform=axes.transAxes,
                ha="right" if at > 0.5 else "left",
                va="top",
                size=style.SMALL_PT,
                color=colour,
            )


def _rounds_axis(axes: Axes, data: RoundsPicture, low: float, high: float) -> None:
    count = len(data.designs)
    axes.set_xlim(0.5 - count * 0.015, count + 0.5 + count * 0.015)
    axes.set_ylim(low, high)
    axes.grid(axis="y", color=style.GRID, linewidth=0.8)
    for place in data.resumed:
        axes.axvline(place + 0.5, color=style.MUTED, linewidth=0.9, linestyle=(0, (2, 2)))


def _points(
    axes: Axes,
    data: RoundsPicture,
    values: Sequence[float],
    limits: tuple[float, float],
    colour: str,
    size: float = 4.2,
) -> None:
    """The deciding rounds filled, the others hollow; arrows for what lies outside."""
    low, high = limits
    inset = (high - low) * 0.04
    for design in sorted(set(data.designs)):
        decides = design is data.deciding
        places = [
            (number, value)
            for number, (value, one) in enumerate(zip(values, data.designs, strict=True), start=1)
            if one is design
        ]
        look: dict[str, Any] = {
            "markersize": size,
            "markeredgecolor": colour,
            "markerfacecolor": colour if decides else style.CARD,
            "markeredgewidth": 0.9,
            "linestyle": "none",
            "zorder": 4 if decides else 3,
            "clip_on": False,
        }
        inside = [(x, y) for x, y in places if low <= y <= high]
        over = [(x, high - inset) for x, y in places if y > high]
        under = [(x, low + inset) for x, y in places if y < low]
        for group, shape in ((inside, _SHAPES[design]), (over, "^"), (under, "v")):
            if group:
                axes.plot(*zip(*group, strict=True), marker=shape, **look)


def _interval(axes: Axes, interval: Interval, colour: str, low: float, high: float) -> None:
    if interval.ratio > 0 and math.isfinite(interval.ratio):
        axes.axhline(math.log(interval.ratio), color=colour, linewidth=1.1, alpha=0.8)
    if is_bounded(interval):
        start, end = math.log(interval.low), math.log(interval.high)
        axes.axhspan(max(start, low), min(end, high), color=colour, alpha=0.08, linewidth=0)


def _range(values: Sequence[float] | np.ndarray, wanted: Sequence[float]) -> tuple[float, float]:
    """Limits that show nearly everything: a few far outliers must not flatten the rest."""
    first, last = np.quantile(values, (0.04, 0.96))
    quarter, middle, third = np.quantile(values, (0.25, 0.5, 0.75))
    reach = 5 * max(third - quarter, abs(middle) * 1e-4, 1e-12)
    low = max(min(values), min(first, quarter - reach))
    high = min(max(values), max(last, third + reach))
    low, high = min([low, *wanted]), max([high, *wanted])
    pad = 0.08 * (high - low) or max(abs(middle) * 0.01, 1e-9)
    return float(low - pad), float(high + pad)


def _ratio_ticks(low: float, high: float, count: int) -> tuple[str, dict[float, str]]:
    """What the axis shows, and round numbers on it, as ln(head/base) with their labels."""
    if max(abs(low), abs(high)) <= math.log(1.5):
        return "change", _percent_ticks(low, high, count)
    is_faster = low + high < 0
    first, last = (-high, -low) if is_faster else (low, high)
    places: dict[float, str] = {}
    for value in _round_numbers(math.exp(first), math.exp(last), count):
        if value > 0:
            at = math.log(value)
            places[-at if is_faster else at] = f"{value:.3g}x"
    if all(abs(at) > 0.1 * (high - low) for at in places):
        places[0.0] = "1x"
    return ("times faster" if is_faster else "times slower"), _within(places, low, high)


def _percent_ticks(low: float, high: float, count: int) -> dict[float, str]:
    found = _round_numbers(math.expm1(low) * 100, math.expm1(high) * 100, count)
    words = ".1f" if any(value != round(value) for value in found) else ".0f"
    places = {
        math.log1p(value / 100): f"{value:+{words}}%".replace("-", "−") if value else "0"
        for value in found
        if value > -100
    }
    return _within(places, low, high)


def _round_numbers(low: float, high: float, count: int) -> list[float]:
    values = MaxNLocator(count, steps=[1, 2, 5, 10]).tick_values(low, high)
    return sorted({float(f"{value:.9g}") + 0.0 for value in values})


def _within(places: dict[float, str], low: float, high: float) -> dict[float, str]:
    return {at: words for at, words in places.items() if low <= at <= high}


def _panel_title(axes: Axes, words: str, colour: str = style.MUTED) -> None:
    axes.set_title(words, size=style.SMALL_PT, color=colour, loc="left", pad=4)


def _legend(card: style.Card, data: RoundsPicture) -> None:
    left, top = _LEFT_IN, card.height_in - 0.17
    for design in (data.deciding, *(one for one in Design if one is not data.deciding)):
        if design not in data.designs:
            continue
        decides = design is data.deciding
        mark = "●■"[design is Design.PAIRS] if decides else "○□"[design is Design.PAIRS]
        words = f"{mark} {_NAMES[design]}{', decides' if decides else ''}"
        card.text(left, top, words, size=style.SMALL_PT, color=style.MUTED)
        left += style.width_in(words, style.SMALL_PT) + 0.25
    for name, colour in (("base", style.BASE), ("head", style.HEAD)):
        card.text(left, top, f"● {name}", size=style.SMALL_PT, color=colour)
        left += style.width_in(f"● {name}", style.SMALL_PT) + 0.2
    words = "line, grey band: estimate, interval"
    card.text(left, top, words, size=style.SMALL_PT, color=style.MUTED)
