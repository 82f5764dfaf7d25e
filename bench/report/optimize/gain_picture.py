"""The pictures of an optimisation: before and after by scenario, and step by step in one of them.

Lengths are CPU time, or what the scenario is decided by. Steps are measured one after the other in
runs of their own: their ratios are taken from the time before in the run of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.core.verdict import Interval
from bench.explain.optimize.record import StepRecord
from bench.formats.figure_style import MARKER
from bench.formats.svg import MARGIN, WIDTH, Paint, Svg, fitting, width_px, wrapped_to
from bench.formats.text import before_after, magnitude_with_direction, seconds
from bench.report.optimize.gains import StepCourse

_BAR, _GAP = 30.0, 10.0
_NAMES, _FIGURES = 170.0, 190.0
_STEP_NAMES, _STEP_FIGURES = 300.0, 120.0
_LEFT = Paint("#6e7781", "#8b949e")  # what remains in the end
_REMAINS = Paint("#e1e4e8", "#30363d")  # what remains in between
_SAVED = Paint("#1f6fb5", "#388bfd")
_ADDED = Paint("#c2570c", hatched=True)
_INK = Paint("#1f2328", "#e6edf3")
# What each step saved: all cool, as what takes less is blue everywhere; they repeat after eight.
_STEPS = tuple(map(Paint, (
    "#0b4f9c", "#62a8e5", "#0a6480", "#9fd8df", "#3c4fa0", "#a8cdf0", "#2b8a9e", "#98a4e3",
)))  # fmt: skip


def draw_gains(title: str, caption: str, courses: Sequence[StepCourse]) -> bytes:
    """A bar a scenario as long as it took before: what remains, and what each step saved of it."""
    shown = [one for one in courses if one.base_s]
    svg = Svg()
    top = svg.caption(title, caption)
    paints = _paints_of(shown)
    legend = [("after", _LEFT), *((_title(step), paint) for step, paint in paints.values())]
    top = svg.legend(top, [(fitting(words, 380), paint) for words, paint in legend]) + 6
    left = MARGIN + _NAMES
    longest = max(one.base_s or 0.0 for one in shown)
    scale = (WIDTH - MARGIN - _FIGURES - left) / longest
    several = len({one.python for one in shown}) > 1
    for one in shown:
        _bar(svg, one, left, top, scale, {number: paint for number, (_, paint) in paints.items()})
        name = f"{one.scenario}, {one.python}" if several else one.scenario
        svg.text(left - 8, top + _BAR / 2 + 4, fitting(name, _NAMES - 8), anchor="end")
        top += _BAR + _GAP
    return svg.finish(top + 6, MARKER)


def _bar(
    svg: Svg, one: StepCourse, left: float, top: float, scale: float, paints: dict[int, Paint]
) -> None:
    base_s = one.base_s or 0.0
    after_s = min(one.after_s or base_s, base_s)
    svg.box(left, top, after_s * scale, _BAR, _LEFT, label=seconds(after_s),
            title=f"after: {seconds(after_s)}")  # fmt: skip
    at = left + after_s * scale
    for step, saved_s in _shares(one, base_s - after_s):
        words = f"step {step.number}, {step.title}: {seconds(saved_s)}"
        number = str(step.number)
        svg.box(at, top, saved_s * scale, _BAR, paints[step.number], title=words,
                label=number if width_px(number) + 6 <= saved_s * scale else "")  # fmt: skip
        at += saved_s * scale
    words = before_after(base_s, after_s)
    figure = left + base_s * scale + 8
    svg.text(figure, top + _BAR / 2 - 3, words, bold=True)
    svg.text(figure, top + _BAR / 2 + 12, _change(one), muted=True)


def _change(one: StepCourse) -> str:
    words = magnitude_with_direction(one.end)
    if one.whole is None:
        return f"{words}, by its steps"
    return words if one.is_faster else "not faster"


def _shares(one: StepCourse, saved_s: float) -> list[tuple[StepRecord, float]]:
    """The seconds of each step, so that they fill what the whole saved: as their products say."""
    before, found = 1.0, []
    for step in one.steps:
        after = min(before * step.ratio, before)
        found.append((step.step, before - after))
        before = after
    together = sum(share for _, share in found)
    return [(step, saved_s * share / together) for step, share in found if together and share]


def _paints_of(courses: Sequence[StepCourse]) -> dict[int, tuple[StepRecord, Paint]]:
    steps = {one.step.number: one.step for course in courses for one in course.steps}
    return {
        number: (steps[number], _STEPS[place % len(_STEPS)])
        for place, number in enumerate(sorted(steps))
    }


def _title(step: StepRecord) -> str:
    return f"{step.number} {step.title}"


def draw_steps(
    title: str, caption: str, course: StepCourse, predicted_s: dict[int, float]
) -> bytes:
    """From before to after in one scenario: each step's saving below the one before it.

    `predicted_s` by step is drawn as a line where the bar was predicted to end. The last bar is the
    branch's tip as it was measured against the revision, with its interval.
    """
    svg = Svg()
    top = svg.caption(title, caption)
    entries = [("saved by the step", _SAVED), ("what remains", _REMAINS)]
    top = svg.legend(top, [*entries, ("after, as measured", _LEFT)]) + 6
    base_s = course.base_s or 0.0
    left = MARGIN + _STEP_NAMES
    scale = (WIDTH - MARGIN - _STEP_FIGURES - left) / base_s
    svg.box(left, top, base_s * scale, _BAR, _LEFT, label=seconds(base_s), title="before")
    svg.text(left - 8, top + _BAR / 2 + 4, "before", anchor="end", bold=True)
    top += _BAR + _GAP
    remains_s = base_s
    for one in course.steps:
        after_s = remains_s * one.ratio
        _step(svg, one.step, left, top, scale, remains_s, after_s)
        predicted = predicted_s.get(one.step.number)
        if predicted is not None and one.gain is not None and one.gain.base_s:
            at_s = remains_s * (1 - predicted / one.gain.base_s)
            _mark(svg, left + max(at_s, 0.0) * scale, top)
        remains_s = after_s
        top += _BAR + _GAP
    after_s = course.after_s or base_s
    svg.box(left, top, after_s * scale, _BAR, _LEFT, label=seconds(after_s), title="after")
    svg.text(left - 8, top + _BAR / 2 + 4, "after", anchor="end", bold=True)
    words = magnitude_with_direction(course.end)
    if course.whole is not None and course.whole.interval is not None:
        _whisker(svg, course.whole.interval, base_s, left, top, scale)
    svg.text(left + base_s * scale + 8, top + _BAR / 2 + 4, words, bold=True)
    return svg.finish(top + _BAR + MARGIN, MARKER)


def _step(
    svg: Svg, step: StepRecord, left: float, top: float, scale: float, before_s: float,
    after_s: float,
) -> None:  # fmt: skip
    lines = wrapped_to(_title(step), _STEP_NAMES - 12)[:2]
    start = top + _BAR / 2 + 4 - 7 * (len(lines) - 1)
    for number, line in enumerate(lines):
        svg.text(left - 8, start + 14 * number, line, anchor="end")
    low_s, high_s = sorted((before_s, after_s))
    svg.box(left, top, low_s * scale, _BAR, _REMAINS)
    words = seconds(abs(before_s - after_s))
    paint = _SAVED if after_s <= before_s else _ADDED
    svg.box(left + low_s * scale, top, (high_s - low_s) * scale, _BAR, paint, title=words)
    sign = "−" if after_s <= before_s else "+"
    place = max(left + high_s * scale + 8, left)
    svg.text(place, top + _BAR / 2 + 4, f"{sign}{words}" if high_s > low_s else "nothing")


def _mark(svg: Svg, at: float, top: float) -> None:
    """Where a prediction lies: a dark line through the bar."""
    svg.box(at - 1, top - 3, 2, _BAR + 6, _INK, title="predicted")


def _whisker(
    svg: Svg, interval: Interval, base_s: float, left: float, top: float, scale: float
) -> None:
    low, high = (base_s * limit * scale for limit in (interval.low, interval.high))
    middle = top + _BAR / 2
    svg.box(left + low, middle - 1, max(high - low, 1.0), 2, _INK,
            title="interval")  # fmt: skip
