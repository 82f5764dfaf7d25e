"""Pictures: no text over other text or over the edge, whatever the names and figures."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import msgspec
import numpy as np
import pytest
from matplotlib.text import Text
from support.pictures import overlaps

from bench.core.sample import Design
from bench.core.verdict import Interval, Verdict
from bench.formats.figure_style import drawing, picture
from bench.formats.text import change
from bench.report.figures.distributions import RoundsPicture, draw_rounds
from bench.report.figures.forest import Forest, ForestRow, draw_forest

INF, NAN = math.inf, math.nan
INTERVALS = (
    (Interval(0.03, 0.025, 0.04), Verdict.FASTER),
    (Interval(30.0, 20.0, 45.0), Verdict.SLOWER),
    (Interval(0.99, 0.985, 0.995), Verdict.BELOW_MEI),
    (Interval(1.001, 0.995, 1.01), Verdict.SAME),
    (Interval(1.4, 0.7, 2.5), Verdict.UNDECIDED),
    (Interval(1.0, 0.0, INF), Verdict.UNDECIDED),
    (Interval(NAN, NAN, NAN), Verdict.UNDECIDED),
    (None, None),
)


def forest(count: int, *, longest: bool, only: int | None = None) -> Forest:
    rows = []
    for number in range(count):
        interval, verdict = INTERVALS[number % len(INTERVALS) if only is None else only]
        name = f"{number}-{'a-long-name-' * 5}"[:60] if longest else f"b{number}"
        words = str(verdict or "not measured")
        rows.append(ForestRow(name, interval, verdict, change(interval), words, number == 0))
    return Forest("target 1.0..2.0, Python 3.13.0", tuple(rows), 0.02)


@pytest.mark.parametrize("longest", [False, True])
@pytest.mark.parametrize(
    ("count", "only"), [(25, None), (3, None), *((1, only) for only in range(len(INTERVALS)))]
)
def test_the_forest_has_room_for_everything(count: int, only: int | None, *, longest: bool) -> None:
    with drawing():
        assert not overlaps(draw_forest(forest(count, longest=longest, only=only)))


@pytest.mark.parametrize("half", [0.006, 0.05, 0.1, 0.19])
@pytest.mark.parametrize("times", [1.1, 3.0, 500.0])
def test_numbers_of_the_axes_have_room(half: float, times: float) -> None:
    near = Interval(1.0, 1 - half, 1 + half)
    far = Interval(times, times * 0.9, times * 1.1)
    rows = [
        ForestRow("a", near, Verdict.UNDECIDED, change(near), "undecided"),
        ForestRow("b", far, Verdict.SLOWER, change(far), "slower"),
    ]
    with drawing():
        figure = draw_forest(Forest("t", tuple(rows), 0.02))
        assert not overlaps(figure)
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert sum(low <= tick <= high for tick in axes.get_xticks()) >= 3


@pytest.mark.parametrize("mei", [0.0001, 0.005, 0.3, 0.9])
def test_every_minimum_effect_can_be_drawn(mei: float) -> None:
    with drawing():
        assert not overlaps(draw_forest(msgspec.structs.replace(forest(8, longest=False), mei=mei)))


def rounds(count: int, ratio: float, noise: float, name: str = "benchmark") -> RoundsPicture:
    generator = np.random.default_rng(3)
    base_s = 0.1 * np.exp(generator.normal(0, noise, count))
    head_s = 0.1 * ratio * np.exp(generator.normal(0, noise, count))
    interval = Interval(ratio, ratio * 0.9, ratio * 1.1) if count > 5 else Interval(ratio, 0.0, INF)
    return RoundsPicture(
        f"{name}, target 1.0..2.0, Python 3.13.0",
        "CPU time (user + system)",
        0.02,
        tuple([Design.PAIRS] * (count // 3) + [Design.DUET] * (count - count // 3)),
        tuple(base_s.tolist()),
        tuple(head_s.tolist()),
        Design.DUET,
        interval,
        interval,
        (count // 2,),
    )


@pytest.mark.parametrize("count", [1, 2, 12, 180])
@pytest.mark.parametrize(("ratio", "noise"), [(1.0, 0.0), (1.0, 0.5), (0.03, 0.05), (40.0, 0.2)])
def test_rounds_have_room_for_everything(count: int, ratio: float, noise: float) -> None:
    with drawing():
        assert not overlaps(draw_rounds(rounds(count, ratio, noise)))


def test_names_with_dollars_and_underscores_are_no_formulas() -> None:
    with drawing():
        figure = draw_rounds(rounds(6, 1.0, 0.1, name="$x_1$ & <b>"))
    assert any(text.get_text().startswith("$x_1$ & <b>,") for text in figure.findobj(Text))


def test_pictures_do_not_depend_on_the_users_settings(tmp_path: Path) -> None:
    data = forest(3, longest=False)
    usual = picture(data, draw_forest, tmp_path / "none.svg")
    with mpl.rc_context({"axes.facecolor": "red", "font.size": 20.0, "axes.grid": True}):
        assert picture(data, draw_forest, tmp_path / "none.svg") == usual
        assert mpl.rcParams["font.size"] == 20.0
    assert ET.fromstring(usual.decode()).tag.endswith("svg")
