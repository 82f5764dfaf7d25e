"""Sections of the page of an optimisation: steps, predictions, what was dropped, what remains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.core.verdict import Verdict
from bench.explain.optimize.record import ExcludedSite, Gain, Optimization, StepRecord
from bench.formats.markdown import bullets, code, collapsed, heading, plain, prose, table
from bench.formats.text import change, counted, joined, percent, seconds
from bench.report.optimize.gains import Prediction, StepCourse, predictions_of
from bench.report.optimize.pull_request import change_words

CLOSE = 0.1
MOST = 40  # rows of what is long
_NAMES_SHOWN = 8
_LINES_SHOWN = 12
_SHORT = 200
STEP_COLUMNS = ("step", "commit", "places", "changed most", "faster in", "checks")
MOVED_COLUMNS = ("module", "takes", "in", "first used by")
LEFT_COLUMNS = ("what", "costs", "why it is not changed")
_PREDICTED_COLUMNS = ("step", "scenario", "predicted to save", "saved", "limits", "off by")
_EXCLUDED_COLUMNS = ("place", "what would be there", "check", "failure")


def steps_table(optimization: Optimization) -> Iterator[str]:
    """The commits of the branch, the oldest first, and where each touches what."""
    kept = optimization.kept
    if not kept:
        return
    yield table(STEP_COLUMNS, step_rows(optimization), numbers=("places", "faster in"))
    yield collapsed(
        "Files and lines of each step",
        *(
            f"**{one.number} {prose(one.title)}** ({code(one.recipe)}). {prose(one.why)}\n\n"
            + bullets(f"{code(site.place)} {prose(site.words)}" for site in one.sites)
            for one in kept
        ),
    )


def step_rows(optimization: Optimization) -> list[list[str]]:
    """Cells of `STEP_COLUMNS`, as Markdown."""
    rows = []
    for one in optimization.kept:
        most = _most(one)
        faster = [gain for gain in one.gains if gain.verdict is Verdict.FASTER]
        decided = [gain for gain in one.gains if gain.verdict is not None]
        rows.append([
            f"{one.number} {prose(one.title)}",
            code(one.commit[:10]),
            str(len(one.sites)),
            f"{code(most.scenario)} on {most.python}: {change_words(most)}" if most else "–",
            f"{len(faster)} of {len(decided)}",
            _checks(one),
        ])  # fmt: skip
    return rows


def _most(step: StepRecord) -> Gain | None:
    known = [one for one in step.gains if one.interval is not None]
    return min(known, key=lambda one: one.interval.ratio if one.interval else 1.0, default=None)


def _checks(step: StepRecord) -> str:
    passed = [one for one in step.checks if one.passed]
    tests = next((one.words for one in passed if one.name == "tests"), "")
    return prose(tests) or joined([one.name for one in passed]) or "–"


def sums_table(courses: Sequence[StepCourse]) -> Iterator[str]:
    """The sum of the steps beside the whole."""
    rows = [
        [
            code(one.scenario), one.python, change(one.sum),
            change(one.whole.interval) if one.whole else "–",
            {True: "yes", False: "**no**", None: "–"}[one.agrees],
        ]
        for one in courses
        if one.sum is not None
    ]  # fmt: skip
    if not rows:
        return
    yield (
        "Each step was measured against the one before it, in a run of its own. Together they "
        "must come to what the branch's tip saves against the revision: the ratios are multiplied, "
        "and their intervals added as squares (Zou & Donner 2008)."
    )
    columns = ("scenario", "Python", "steps together", "whole", "intervals overlap")
    yield table(columns, rows, numbers=columns[1:4])


def predicted_table(optimization: Optimization) -> Iterator[str]:
    """What was predicted beside what was measured."""
    found = predictions_of(optimization)
    if not found:
        return
    yield heading(2, "Predicted and measured")
    known = [one for one in found if one.saved_s is not None]
    close = sum(one.is_within(CLOSE) for one in known)
    inside = sum(one.is_inside for one in known)
    yield (
        f"Inside the interval of what was saved: {inside} of {counted(len(known), 'prediction')}; "
        f"within {CLOSE:.0%} of its estimate: {close}. Predictions are made from a "
        "recording of imports before anything is changed, for a step on top of those before it; "
        "they are scaled to the time that the process takes in the rounds."
    )
    ordered = sorted(known, key=lambda one: (one.step.number, -one.predicted_s))
    rows = [_predicted(one) for one in ordered[:MOST]]
    yield table(_PREDICTED_COLUMNS, rows, numbers=_PREDICTED_COLUMNS[2:])


def _predicted(one: Prediction) -> list[str]:
    saved, limits = one.saved_s, one.limits_s
    off = percent(one.predicted_s / saved) if saved else "–"
    words = " … ".join(map(seconds, limits)).replace("-", "−") if limits else "–"
    scenario = f"{code(one.scenario)}, {one.python}"
    return [
        str(one.step.number),
        scenario,
        seconds(one.predicted_s),
        seconds(saved).replace("-", "−"),
        words,
        off,
    ]


def dropped_section(optimization: Optimization) -> Iterator[str]:
    """Changes that were tried and are not on the branch, and statements left out of others."""
    if optimization.dropped:
        yield heading(2, "Tried and dropped")
        yield bullets(dropped_lines(optimization, MOST))
    alike = _alike(one for step in optimization.steps for one in step.excluded)
    if not alike:
        return
    yield heading(2, "Statements that stay as they are")
    yield (
        "Left out of a change, which was shrunk to the largest part that passes every check, or "
        "not tried for a danger that was seen before."
    )
    yield table(
        _EXCLUDED_COLUMNS,
        [_excluded(some) for some in alike[:MOST]],
        numbers=False,
    )
    if len(alike) > MOST:
        yield f"{len(alike) - MOST} more are in the raw data."


def dropped_lines(optimization: Optimization, most: int) -> list[str]:
    """What was tried and is not on the branch, with what was hoped for and what was measured."""
    return [
        f"{prose(one.title)} ({code(one.recipe)}, {counted(len(one.sites), 'place')}): "
        f"{prose(_short(one.reason))}.{_hoped_for(one)}"
        for one in optimization.dropped[:most]
    ]


def _alike(excluded: Iterable[ExcludedSite]) -> list[list[ExcludedSite]]:
    """Statements of one file that stay for one reason, each once."""
    found: dict[tuple[str, str, str], dict[str, ExcludedSite]] = {}
    for one in excluded:
        group = found.setdefault((one.site.file, one.check, one.failure), {})
        group.setdefault(one.site.place, one)
    return [list(group.values()) for group in found.values()]


def _hoped_for(step: StepRecord) -> str:
    """What was predicted where it was predicted most, and what was measured there."""
    name, predicted_s = max(step.predicted_s.items(), key=lambda item: item[1], default=("", 0.0))
    gain = next((one for one in step.gains if one.scenario == name), None)
    if not predicted_s or gain is None or gain.base_s is None:
        return ""
    measured = f"measured {change(gain.interval)}" if gain.interval else "too few rounds for a size"
    return f" {code(name)}: predicted {seconds(predicted_s)} of {seconds(gain.base_s)}, {measured}."


def _excluded(some: Sequence[ExcludedSite]) -> list[str]:
    first = some[0]
    lines = [str(one.site.line) for one in some[1:]]
    more = f" and {len(lines) - _LINES_SHOWN} more" if len(lines) > _LINES_SHOWN else ""
    place = ", ".join([code(first.site.place), *lines[:_LINES_SHOWN]]) + more
    words = prose(first.site.words)
    if lines:
        words += f"; {counted(len(lines), 'statement')} more alike"
    return [place, words, plain(first.check), prose(_short(first.failure))]


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def moved_section(optimization: Optimization) -> Iterator[str]:
    """Where deferred modules are imported now."""
    if not optimization.first_uses:
        return
    yield heading(2, "The cost that moved")
    yield (
        "A deferred module is imported by whoever needs it first, and takes there what it took at "
        "start."
    )
    yield table(MOVED_COLUMNS, moved_rows(optimization), numbers=("takes",))


def moved_rows(optimization: Optimization) -> list[list[str]]:
    """Cells of `MOVED_COLUMNS`, as Markdown."""
    words = optimization.asked.words
    return [
        [
            code(one.module),
            seconds(one.takes_s),
            code(words.get(one.scenario, one.scenario)) or "none of these scenarios",
            prose(one.where) or "–",
        ]
        for one in optimization.first_uses[:MOST]
    ]


def left_section(optimization: Optimization) -> Iterator[str]:
    """What still costs time, and why it is not changed."""
    left = optimization.left
    if not left:
        return
    yield heading(2, "What remains")
    least = optimization.asked.least
    yield (
        f"No recipe predicts a saving of {least:.1%} of a scenario or more for anything else. What "
        "costs most, and why it stays:"
    )
    yield left_table(optimization, MOST)


def left_table(optimization: Optimization, most: int) -> str:
    """What costs most and is not changed."""
    return table(LEFT_COLUMNS, left_rows(optimization, most), numbers=("costs",))


def left_rows(optimization: Optimization, most: int) -> list[list[str]]:
    """Cells of `LEFT_COLUMNS`, as Markdown."""
    return [
        [
            code(one.what) if " " not in one.what else prose(one.what),
            _most_costly(one.costs_s),
            prose(one.why),
        ]
        for one in optimization.left[:most]
    ]


def _most_costly(costs_s: dict[str, float]) -> str:
    """Seconds where it costs most, and in which scenario."""
    if not costs_s:
        return "–"
    name, cost_s = max(costs_s.items(), key=lambda item: item[1])
    return f"{seconds(cost_s)} ({code(name)})"


def baseline_section(optimization: Optimization) -> Iterator[str]:
    """What no step is blamed for."""
    lines: dict[str, list[str]] = {}
    for one in optimization.baselines:
        told = []
        if one.tests_reason:
            told.append(f"The project's tests are no part of the proof: {prose(one.tests_reason)}.")
        if one.failing:
            told.append(
                f"{counted(len(one.failing), 'test fails', 'tests fail')} before any change: "
                f"{_names(one.failing)}."
            )
        if one.not_imported:
            many = counted(len(one.not_imported), "module")
            told.append(f"{many} cannot be imported alone: {_names(tuple(one.not_imported))}.")
        told += [f"Scenario {code(name)} does not work: {prose(why)}."
                 for name, why in one.left_out.items()]  # fmt: skip
        for line in told:
            lines.setdefault(line, []).append(one.python)
    if lines:
        yield heading(2, "Before any change")
        yield bullets(
            f"{line}" if len(optimization.baselines) == len(pythons) else
            f"Python {joined(pythons)}: {line}"
            for line, pythons in lines.items()
        )  # fmt: skip


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(code(one) for one in names[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
