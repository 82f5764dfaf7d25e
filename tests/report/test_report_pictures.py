"""Pictures: no text over other text or over the edge, whatever the names and figures."""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import msgspec
import numpy as np
import pytest
from matplotlib.text import Text
from support.pictures import overlaps

from bench.core.verdict import Interval, Verdict
from bench.formats.figure_style import BLUE, CARD, DARK, INK, MARKS, ORANGE, drawing, picture
from bench.formats.text import change
from bench.report.figures.forest import Forest, ForestPoint, ForestRow, draw_forest
from bench.report.figures.rounds_figure import RoundsPanel, RoundsPicture, draw_rounds

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
        pythons = ("3.12", "3.13") if number % 3 else ("3.13",)
        points = tuple(ForestPoint(python, interval, verdict) for python in pythons)
        rows.append(ForestRow(name, points, 0.02, number == 0))
    return Forest("target 1.0..2.0, Python 3.13.0", tuple(rows))


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
        ForestRow("a", (ForestPoint("3.13", near, Verdict.UNDECIDED),), 0.02),
        ForestRow("b", (ForestPoint("3.13", far, Verdict.SLOWER),), 0.02),
    ]
    with drawing():
        figure = draw_forest(Forest("t", tuple(rows)))
        assert not overlaps(figure)
        shown = [one.get_text() for one in figure.findobj(Text)]
        assert sum(bool(re.fullmatch(r"0|[\d.]+x|[+−][\d.]+%", one)) for one in shown) >= 3


@pytest.mark.parametrize("mei", [0.0001, 0.005, 0.3, 0.9])
def test_every_minimum_effect_can_be_drawn(mei: float) -> None:
    some = forest(8, longest=False)
    rows = tuple(msgspec.structs.replace(row, mei=mei) for row in some.rows)
    with drawing():
        assert not overlaps(draw_forest(msgspec.structs.replace(some, rows=rows)))
        # Beside others: the legend names two, and no more.
        assert not overlaps(draw_forest(msgspec.structs.replace(some, rows=(*some.rows, *rows))))


def rounds(count: int, ratio: float, noise: float, panels: int, name: str) -> RoundsPicture:
    ratios = np.random.default_rng(3).normal(math.log(ratio), noise, count)
    limits = (ratio * 0.9, ratio * 1.1) if count > 5 else (0.0, INF)
    interval = Interval(ratio, *limits)
    panel = RoundsPanel(
        name,
        change(interval),
        tuple(ratios.tolist()),
        tuple(number >= count // 3 for number in range(count)),
        interval,
        0.02,
        (count // 2,),
    )
    return RoundsPicture("Every round, target 1.0..2.0, Python 3.13.0", (panel,) * panels)


@pytest.mark.parametrize("count", [1, 2, 12, 180])
@pytest.mark.parametrize(("ratio", "noise"), [(1.0, 0.0), (1.0, 0.5), (0.03, 0.05), (40.0, 0.2)])
def test_rounds_have_room_for_everything(count: int, ratio: float, noise: float) -> None:
    for panels, name in ((1, "benchmark"), (3, "a-benchmark-with-a-long-name")):
        with drawing():
            assert not overlaps(draw_rounds(rounds(count, ratio, noise, panels, name)))


def test_names_with_dollars_and_underscores_are_no_formulas() -> None:
    with drawing():
        figure = draw_rounds(rounds(6, 1.0, 0.1, 2, "$x_1$ & <b>"))
    assert any(text.get_text() == "$x_1$ & <b>" for text in figure.findobj(Text))


def test_pictures_fit_the_page_and_can_be_read_there() -> None:
    for figure in (draw_forest(forest(25, longest=True)), draw_rounds(rounds(12, 1, 0.1, 3, "a"))):
        assert figure.get_figwidth() * 96 == pytest.approx(860)
        texts = [one for one in figure.findobj(Text) if one.get_text().strip()]
        assert min(float(one.get_fontsize()) for one in texts) * 96 / 72 >= 11


def test_text_stays_text_and_colours_have_a_dark_variant(tmp_path: Path) -> None:
    svg = picture(forest(3, longest=False), draw_forest, tmp_path / "none.svg").decode()
    assert ">target 1.0..2.0, Python 3.13.0</text>" in svg
    assert "sans-serif" in svg
    dark = svg.partition("prefers-color-scheme:dark")[2].partition("</style>")[0]
    assert DARK[CARD] in dark
    assert DARK[INK] in dark


def test_verdicts_differ_in_shape_and_not_in_red_and_green() -> None:
    looks = {(mark.shape, mark.filled) for mark in MARKS.values()}
    assert len(looks) == len(MARKS)
    assert {MARKS[one].colour for one in (Verdict.FASTER, Verdict.SLOWER)} == {BLUE, ORANGE}


def test_pictures_do_not_depend_on_the_users_settings(tmp_path: Path) -> None:
    data = forest(3, longest=False)
    usual = picture(data, draw_forest, tmp_path / "none.svg")
    with mpl.rc_context({"axes.facecolor": "red", "font.size": 20.0, "axes.grid": True}):
        assert picture(data, draw_forest, tmp_path / "none.svg") == usual
        assert mpl.rcParams["font.size"] == 20.0
    assert ET.fromstring(usual.decode()).tag.endswith("svg")
