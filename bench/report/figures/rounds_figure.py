"""The picture of a run's rounds: one small panel a benchmark, the ratio of each round in order.

What drifts, jumps or scatters is seen there; what moves both sides alike cancels in the ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from matplotlib.figure import Figure

from bench.core.result import Result
from bench.core.sample import Design, Round
from bench.core.verdict import Interval
from bench.engine.alone import as_alone
from bench.engine.evaluation import differences
from bench.engine.store.events import Measured, Opened
from bench.engine.store.run import Run
from bench.formats import figure_style as style
from bench.formats.text import change
from bench.report.figures.ratio_axis import ends, ticks
from bench.report.select_runs import Evaluated

_MARGIN_IN, _LEFT_IN, _TOP_IN, _BOTTOM_IN = 0.18, 0.8, 0.5, 0.42
_PANEL_IN, _ROW_IN, _COLUMNS = 0.92, 1.5, 2


class RoundsPanel(msgspec.Struct, frozen=True):
    """One benchmark: ln(head/base) of each round in measuring order, and whether it decides.

    `mei` is its minimum effect of interest, as a fraction.
    `resumed`: after how many rounds the run was interrupted and continued.
    """

    name: str
    words: str
    ratios: tuple[float, ...]
    decides: tuple[bool, ...]
    interval: Interval | None
    mei: float
    resumed: tuple[int, ...] = ()


class RoundsPicture(msgspec.Struct, frozen=True):
    """All benchmarks of a run."""

    title: str
    panels: tuple[RoundsPanel, ...]


def rounds_of(one: Evaluated) -> RoundsPicture | None:
    """A panel for each benchmark that has rounds; None when none has."""
    panels = [found for result in one.evaluation.results if (found := _panel_of(one.run, result))]
    return RoundsPicture(f"Every round, {one.title}", tuple(panels)) if panels else None


def rounds_put_right(run: Run, name: str) -> list[Round]:
    """All rounds of a benchmark, the deciding ones as its size has them."""
    rounds, plan = run.rounds(name), run.probed(name)
    if plan is None:
        return rounds
    deciding = iter(as_alone(rounds, plan).rounds)
    return [next(deciding, one) if one.design is plan.design else one for one in rounds]


def _panel_of(run: Run, result: Result) -> RoundsPanel | None:
    if result.design is None or result.metric is None:
        return None
    rounds = rounds_put_right(run, result.name)
    ratios = differences(rounds, result.metric).tolist()
    if not all(map(math.isfinite, ratios)):
        return None
    interval = result.size.interval if result.size else None
    return RoundsPanel(
        result.name,
        change(interval),
        tuple(ratios),
        tuple(Design(taken.design) is result.design for taken in rounds),
        interval,
        result.mei,
        _resumed(run, result.name),
    )


def _resumed(run: Run, name: str) -> tuple[int, ...]:
    places, count = [], 0
    total = len(run.rounds(name))
    for event in run.events:
        if isinstance(event, Measured) and event.round.benchmark == name:
            count += 1
        elif isinstance(event, Opened) and event.resumed and 0 < count < total:
            places.append(count)
    return tuple(places)


def draw_rounds(data: RoundsPicture) -> Figure:
    """Draw it."""
    columns = min(_COLUMNS, len(data.panels))
    rows = math.ceil(len(data.panels) / columns)
    card = style.Card(style.WIDTH_IN, _TOP_IN + rows * _ROW_IN + _BOTTOM_IN)
    width = (style.WIDTH_IN - _MARGIN_IN - columns * _LEFT_IN) / columns
    card.text(_MARGIN_IN, 0.32, data.title, size=11, weight="bold")
    for number, panel in enumerate(data.panels):
        row, column = divmod(number, columns)
        left, top = _LEFT_IN + column * (width + _LEFT_IN), _TOP_IN + row * _ROW_IN
        name_in = style.width_in(panel.name, style.SIZE_PT, "bold")
        card.text(left, top + 0.2, panel.name, weight="bold")
        room = width - name_in - 0.12
        if style.width_in(panel.words, style.SMALL_PT) < room:
            card.text(
                left + name_in + 0.12, top + 0.2, panel.words,
                size=style.SMALL_PT, color=style.MUTED,
            )  # fmt: skip
        _panel(card, left, top + 0.28, width, panel)
    words = (
        "each round's ratio head/base, in measuring order · filled: decides the verdict · line and "
        "shade: estimate, interval"
    )
    at = card.height_in - 0.17
    card.text(_MARGIN_IN, at, words, size=style.SMALL_PT, color=style.MUTED)
    return card.figure


def _panel(card: style.Card, left: float, top: float, width: float, panel: RoundsPanel) -> None:
    start, end = ends(panel.interval)
    known = panel.interval is not None and math.isfinite(panel.interval.ratio)
    middle = [math.log(panel.interval.ratio)] if panel.interval is not None and known else []
    low, high = _range(panel.ratios, [*middle, 0.0] if _is_near(panel.ratios) else middle)
    count = len(panel.ratios)
    across = 0.5 - count * 0.02, count + 0.5 + count * 0.02
    field = style.Field(card, (left, top, width, _PANEL_IN), across, (low, high))
    field.numbers(sorted({1, count}), ticks(low, high, 4))
    band = math.log1p(panel.mei)
    if low < band and high > -band:
        field.band(-band, band, facecolor=style.BAND, zorder=0)
    for at in middle:
        field.level(at, color=style.BLUE, linewidth=1.1)
        field.band(start, end, facecolor=style.BLUE, alpha=0.12)
    for place in panel.resumed:
        dashes = (0, (2, 2))
        edge = [place + 0.5, place + 0.5]
        field.line(edge, [low, high], color=style.MUTED, linewidth=0.9, linestyle=dashes)
    _points(field, panel)


def _is_near(ratios: Sequence[float]) -> bool:
    return abs(float(np.median(ratios))) < math.log(1.2)


def _points(field: style.Field, panel: RoundsPanel) -> None:
    """All rounds; what lies outside is an arrow at the edge."""
    low, high = field.up
    inset = 0.05 * (high - low)
    for decides in (False, True):
        places = [
            (number, ratio)
            for number, (ratio, one) in enumerate(
                zip(panel.ratios, panel.decides, strict=True), start=1
            )
            if one is decides
        ]
        field.dots([one for one in places if low <= one[1] <= high], filled=decides)
        for beyond, at, shape in (
            ([x for x, y in places if y > high], high - inset, "^"),
            ([x for x, y in places if y < low], low + inset, "v"),
        ):
            if beyond:
                face = style.INK if decides else style.CARD
                field.line(
                    beyond, [at] * len(beyond), linestyle="none", marker=shape,
                    markersize=3.6, color=style.INK, markerfacecolor=face,
                )  # fmt: skip


def _range(values: Sequence[float], wanted: Sequence[float]) -> tuple[float, float]:
    """Limits that show nearly everything: a few far outliers must not flatten the rest."""
    quarter, middle, third = np.quantile(values, (0.25, 0.5, 0.75))
    reach = 5 * max(third - quarter, abs(middle) * 1e-4, 1e-6)
    first, last = np.quantile(values, (0.04, 0.96))
    low = min([max(min(values), min(first, quarter - reach)), *wanted])
    high = max([min(max(values), max(last, third + reach)), *wanted])
    room = max(0.12 * (high - low), 0.004)
    return float(low - room), float(high + room)
