"""The first screen of an optimisation's page: what was gained in all, and on what that rests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.core.revision import Source
from bench.core.variants import python_order
from bench.core.verdict import Verdict
from bench.explain.optimize.record import Optimization, Progress
from bench.formats.markdown import code, image, link, plain, prose, table
from bench.formats.text import (
    before_after,
    counted,
    day,
    effect,
    joined,
    magnitude,
    magnitude_with_direction,
)
from bench.report.optimize.gain_picture import draw_gains
from bench.report.optimize.gains import StepCourse
from bench.report.optimize.lazy_section import switch_words
from bench.report.optimize.pull_request import change_words
from bench.report.output import Page
from bench.report.summaries import PairSummary

_ENDED = {
    Progress.UNDER_WAY: "**Under way**",
    Progress.INTERRUPTED: "**Interrupted**: the same command goes on from here",
    Progress.PLATEAU: "Plateau: nothing else is predicted to be worth a commit",
    Progress.NOTHING: "Nothing is worth a commit",
}


def title(optimization: Optimization) -> str:
    """Target, revision, and the form where it is not the usual one."""
    asked = optimization.asked
    form = "" if asked.is_usual_form else f", {asked.form}"
    return f"{plain(asked.target)} {plain(shown_revision(optimization))}: optimised{form}"


def shown_revision(optimization: Optimization) -> str:
    """The revision by its name, and the beginning of its hash where that is another."""
    revision = optimization.asked.revision
    if revision.source is Source.PYPI:
        return revision.identity
    is_hash = revision.identity.startswith(revision.name) or len(revision.name) >= 40
    return revision.identity[:10] if is_hash else f"{revision.name} ({revision.identity[:10]})"


def first_words(optimization: Optimization, courses: Sequence[StepCourse]) -> str:
    """What was gained, in one paragraph."""
    asked = optimization.asked
    kept = optimization.kept
    end = ended_words(optimization)
    if not kept:
        tried = counted(len(optimization.dropped), "change")
        return f"No change was kept; {tried} tried. {end}"
    faster = [one for one in courses if one.is_faster]
    slower = [one for one in courses if one.whole and one.whole.verdict is Verdict.SLOWER]
    on = joined(sorted({one.python for one in faster}, key=python_order))
    count = len({one.scenario for one in faster})
    on_branch = f"{counted(len(kept), 'commit')} on branch {code(asked.branch)}."
    if optimization.whole is None:
        return f"{on_branch} The whole is not measured yet. {end}"
    parts = []
    if faster:
        many = counted(len(asked.scenarios), "scenario")
        parts.append(f"**Faster: {count} of {many} on Python {on} ({sizes(faster)}).**")
    else:
        parts.append("**Faster: none.**")
    names = joined([f"{code(one.scenario)} on {one.python}" for one in slower])
    parts.append(f"**Slower: {names}.**" if slower else "Slower: none.")
    failing = optimization.whole.tests_fail
    if failing:
        parts.append(f"**Tests newly fail: {joined([code(one) for one in failing[:5]])}.**")
    return " ".join(filter(None, [*parts, switch_words(optimization), on_branch, end]))


def ended_words(optimization: Optimization) -> str:
    """How far it is, or how it ended."""
    ended = _ENDED[optimization.progress]
    why = optimization.events[-1] if optimization.events else None
    words = getattr(why, "words", "") if optimization.progress is not Progress.UNDER_WAY else ""
    return f"{ended}{f' ({prose(words)})' if words else ''}."


def sizes(faster: Sequence[StepCourse]) -> str:
    """`1.5x to 6.1x`: from the smallest change to the largest."""
    ends = sorted({magnitude(one.end) for one in faster}, key=_size_order)
    return " to ".join(dict.fromkeys((ends[0], ends[-1]))) if ends else ""


def _size_order(words: str) -> float:
    number = float(words.rstrip("x%").replace("−", "-"))
    return number if words.endswith("x") else 1 / (1 + number / 100)


def conditions(optimization: Optimization) -> str:
    """On what all of it rests, in one line."""
    asked = optimization.asked
    tests = next(
        (
            check.words
            for step in reversed(optimization.kept)
            for check in step.checks
            if check.name == "tests" and check.passed
        ),
        "",
    )
    form = f"form {code(asked.form)}"
    parts = [
        f"{prose(asked.revision.subject)} ({day(asked.revision.date)})" if asked.revision.subject
        else "",
        f"machine {plain(asked.machine.name)}, {day(asked.started_at)}",
        f"tests: {prose(tests)}" if tests else "tests: not part of the proof",
        form,
        f"a commit is worth at least {asked.least:.1%} of a scenario",
        f"at most a {effect(asked.alpha)} chance that any *faster* or *slower* of the steps is "
        "wrong",
    ]  # fmt: skip
    return " | ".join(filter(None, parts))


def measured(
    optimization: Optimization, page: Page, pairs: Mapping[tuple[str, str], PairSummary]
) -> str:
    """How the machine was while the whole was measured, and all its rounds."""
    labels = [one.pair for one in optimization.whole.runs] if optimization.whole else []
    found = pairs.get((optimization.asked.target, labels[0])) if labels else None
    if found is None:
        return ""
    told = "; ".join(dict.fromkeys(row.conditions for row in found.rows if row.conditions))
    target = page.link_to(page.output.root / found.folder / "README.md")
    return f"The whole was measured as an ordinary pair ({told}): {link('its page', target)}."


def whole_table(optimization: Optimization, courses: Sequence[StepCourse]) -> str:
    """A row a scenario, Pythons as columns."""
    pythons = sorted({one.python for one in courses}, key=python_order)
    by_key = {(one.scenario, one.python): one for one in courses}
    columns = ["scenario"]
    for python in pythons:
        columns += [f"{python} before → after", "change"]
    rows = []
    for scenario in dict.fromkeys(one.scenario for one in courses):
        words = optimization.asked.words.get(scenario, "")
        row = [f"{plain(scenario)}: {code(words)}" if words else plain(scenario)]
        for python in pythons:
            row += whole_cells(by_key.get((scenario, python)))
        rows.append(row)
    return table(columns, rows)


def whole_cells(course: StepCourse | None) -> list[str]:
    """Before and after, and the change, as Markdown."""
    if course is None:
        return ["–", "–"]
    if course.whole is None:
        words = f"{magnitude_with_direction(course.end)}, by its steps"
        return [before_after(course.base_s, course.after_s), words]
    return [before_after(course.whole.base_s, course.whole.head_s), change_words(course.whole)]


def gains_picture(
    optimization: Optimization, courses: Sequence[StepCourse], page: Page
) -> Iterator[str]:
    """What each step took off each scenario, on the newest Python."""
    shown = [one for one in courses if one.base_s and one.steps]
    if not shown:
        return
    pythons = sorted({one.python for one in shown}, key=python_order)
    newest = [one for one in shown if one.python == pythons[-1]]
    asked = optimization.asked
    title = f"{asked.target} {asked.revision.name}: before and after"
    caption = (
        f"Python {pythons[-1]}, {'CPU time' if by_cpu(optimization) else 'time'} of whole "
        "processes. A bar is as long as the scenario took before; the numbered parts are what each "
        "step saved."
    )
    name = write_picture(page, "gains.svg", draw_gains(title, caption, newest))
    told = joined([f"{one.scenario} {before_after(one.base_s, one.after_s)}" for one in newest[:5]])
    yield image(f"Before and after on Python {pythons[-1]}: {told}", name)


def by_cpu(optimization: Optimization) -> bool:
    """Whether all of the whole was compared by CPU time."""
    gains = optimization.whole.gains if optimization.whole else ()
    return all(one.metric in {"cpu", ""} for one in gains)


def write_picture(page: Page, name: str, drawn: bytes) -> str:
    """Write a picture into the page's folder; returns the link to it."""
    target = f"{page.file.stem}/{name}"
    page.output.write(page.file.parent / target, drawn)
    return target
