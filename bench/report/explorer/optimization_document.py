"""An optimisation for the explorer: what was gained, each step as predicted and as measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.explain.optimize.record import Optimization, RunReference, StepRecord
from bench.formats.text import before_after, change, day, seconds
from bench.report.explorer.values import Document, limits, runs_of
from bench.report.machine_readable import finite
from bench.report.optimize.gains import (
    Prediction,
    StepCourse,
    StepGain,
    courses_of,
    predictions_of,
    presented,
)
from bench.report.optimize.optimize_page import (
    optimize_page,
    recorded_shift,
    repeat_of,
    shift_words,
)
from bench.report.optimize.shift_picture import draw_shift
from bench.report.optimize.steps_sections import (
    LEFT_COLUMNS,
    MOST,
    MOVED_COLUMNS,
    STEP_COLUMNS,
    dropped_lines,
    left_rows,
    moved_rows,
    step_rows,
)
from bench.report.optimize.whole_sections import (
    by_cpu,
    conditions,
    first_words,
    shown_revision,
    sizes,
    whole_cells,
)

# What is predicted to take nothing any more has no place on a logarithmic axis: it stands here.
_NOTHING_LEFT = 0.001


def optimization_row(found: Optimization) -> Document:
    """What is listed of one."""
    asked, courses = found.asked, courses_of(found)
    faster = [one for one in courses if one.is_faster]
    return {
        "target": asked.target,
        "label": shown_revision(found),
        "form": "" if asked.is_usual_form else asked.form,
        "sizes": sizes(faster),
        "faster": len({one.scenario for one in faster}),
        "scenarios": len(asked.scenarios),
        "commits": len(found.kept),
        "begun": day(asked.started_at),
        "progress": str(found.progress),
        "dots": [_dot(one) for one in courses],
    }


def _dot(one: StepCourse) -> Document:
    """The whole of a scenario as a mark; by its steps where the whole was not measured."""
    gain = one.whole
    return {
        "scenario": one.scenario,
        "python": one.python,
        "change": whole_cells(one)[1],
        "kind": str(gain.verdict) if gain and gain.verdict else "undecided",
        "interval": limits(gain.interval if gain else one.sum),
    }


def optimization_view(found: Optimization) -> Document:
    """All of it. Steps are numbered as on the page; words are Markdown where the page's are."""
    shown = presented(found)
    asked, courses = shown.asked, courses_of(shown)
    predicted = {(one.step.number, one.scenario, one.python): one for one in predictions_of(shown)}
    document: Document = finite(
        {
            **optimization_row(shown),
            "subject": asked.revision.subject,
            "headline": first_words(shown, courses),
            "conditions": conditions(shown),
            "clock": "CPU time" if by_cpu(shown) else "time",
            "courses": [
                _course(one, predicted, asked.words.get(one.scenario, ""))
                for one in sorted(courses, key=lambda one: -one.saved_s)
            ],
            "step_columns": list(STEP_COLUMNS),
            "step_rows": step_rows(shown),
            "steps": [_step(one) for one in shown.kept],
            "dropped": dropped_lines(shown, MOST),
            "moved_columns": list(MOVED_COLUMNS),
            "moved": moved_rows(shown),
            "left_columns": list(LEFT_COLUMNS),
            "left": left_rows(shown, MOST),
            "shifts": _shifts(shown, courses),
            "branch": asked.branch if shown.kept else "",
            "revision": asked.revision.identity[:10],
            "runs": runs_of(asked.target, _runs(shown)),
            "repeat": repeat_of(shown),
            "page": f"results/{optimize_page(found)}",
        }
    )
    return document


def _course(
    one: StepCourse, predicted: Mapping[tuple[int, str, str], Prediction], words: str
) -> Document:
    """A scenario on one Python: from before to after by steps, and the whole beside their sum."""
    return _dot(one) | {
        "words": words,
        "figures": whole_cells(one)[0],
        "before": seconds(one.base_s),
        "after": seconds(one.after_s),
        "steps": [
            _course_step(each, predicted.get((each.step.number, one.scenario, one.python)))
            for each in one.steps
        ],
        "sum": limits(one.sum),
        "sum_words": change(one.sum),
        "whole": limits(one.whole.interval if one.whole else None),
        "whole_words": change(one.whole.interval if one.whole else None),
        "agrees": one.agrees,
    }


def _course_step(one: StepGain, predicted: Prediction | None) -> Document:
    gain = one.gain
    found: Document = {
        "number": one.step.number,
        "title": one.step.title,
        "interval": limits(gain.interval if gain else None),
        "change": change(gain.interval) if gain else "loads nothing of it",
        "kind": str(gain.verdict) if gain and gain.verdict else "",
        "figures": before_after(gain.base_s, gain.head_s) if gain else "–",
        "predicted": None,
    }
    if predicted is not None and gain is not None and gain.base_s:
        left = 1 - predicted.predicted_s / gain.base_s
        found |= {
            "predicted": max(left, _NOTHING_LEFT),
            "predicted_words": seconds(predicted.predicted_s),
            "saved_words": seconds(predicted.saved_s).replace("-", "−"),
            "inside": predicted.is_inside,
        }
    return found


def _step(one: StepRecord) -> Document:
    return {
        "number": one.number,
        "title": one.title,
        "recipe": one.recipe,
        "why": one.why,
        "sites": [[site.place, site.words] for site in one.sites],
    }


def _shifts(shown: Optimization, courses: Sequence[StepCourse]) -> list[Document]:
    """The flame graph of what is no longer imported, drawn as on the page."""
    recorded = recorded_shift(shown, courses)
    if recorded is None:
        return []
    before, after = recorded
    asked = shown.asked
    words = asked.words.get(before.scenario, before.scenario)
    drawn, told = draw_shift(asked.target, words, asked.own, before, after)
    return [
        {
            "python": before.python,
            "scenario": before.scenario,
            "what": "imports",
            "svg": drawn.decode(),
            "told": told,
            "words": shift_words(shown, before, after),
        }
    ]


def _runs(shown: Optimization) -> Iterator[tuple[str, RunReference]]:
    for one in shown.kept:
        yield from ((f"step {one.number}", ref) for ref in one.runs)
    if shown.whole:
        yield from (("the whole", ref) for ref in shown.whole.runs)
