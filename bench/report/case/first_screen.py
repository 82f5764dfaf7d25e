"""The first screen: what got faster, how much, on which Python, why, how certain, what is left.

Whoever reads nothing else has read the answers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from bench.core.sample import Side
from bench.core.target import Kind
from bench.core.verdict import Verdict
from bench.explain.optimize.guard.programs import words_of
from bench.explain.trace.findings.words import title_of
from bench.formats.markdown import bullets, code, plain, prose, table
from bench.formats.text import (
    before_after,
    change_of,
    counted,
    day,
    effect,
    figures,
    joined,
    magnitude_with_direction,
    seconds,
    verdict_words,
)
from bench.report.attribute.contributions import Contribution, contributions_of
from bench.report.case.evidence import ByMachine, CaseEvidence, PairEvidence, Row
from bench.report.case.machine_section import endings
from bench.report.optimize.gains import StepGain
from bench.report.optimize.pull_request import change_words
from bench.report.optimize.whole_sections import first_words
from bench.report.pair.conditions import conditions, short_conditions
from bench.report.pair.headline import headline, revision_words
from bench.report.pair.reasons import told_by_counters
from bench.report.select_runs import OnMachine
from bench.report.stack.stack_layers import wall

_REASONS = 2
_WORDS = 48
_LEFT = 3
_DECIDED = {Verdict.FASTER, Verdict.SLOWER, Verdict.LESS_MEMORY, Verdict.MORE_MEMORY}


def first_screen(evidence: CaseEvidence) -> Iterator[str]:
    """The answers, and a table with the sizes."""
    yield bullets(_what(evidence))
    yield from _how_much(evidence)
    yield bullets([*_why(evidence), *_certain(evidence), *_left(evidence)])


def people_title(people: PairEvidence) -> str:
    """Both revisions with their days, in Markdown."""
    base, head = people.runs.pair.base, people.runs.pair.head
    names = f"{revision_words(base)} → {revision_words(head)}"
    return plain(f"{names}, {day(base.date)} to {day(head.date)}")


def _what(evidence: CaseEvidence) -> Iterator[str]:
    if evidence.people:
        people = evidence.people
        yield f"**What people changed** ({people_title(people)}). {headline(people.main.shown)}"
    for one in evidence.machine:
        words = first_words(one.optimization, one.courses)
        yield f"**What the machine changed** (on top of {one.title}). {words}"


def _how_much(evidence: CaseEvidence) -> Iterator[str]:
    """A row a benchmark, on the newest Python of each; people first."""
    columns, rows = ["what is run"], list[tuple[str, list[_Cell]]]()
    people = evidence.people
    if people:
        columns.append(f"people: {revision_words(people.runs.pair.base)} → "
                       f"{revision_words(people.runs.pair.head)}")  # fmt: skip
    columns += [f"machine: {one.title}" for one in evidence.machine]
    for name in evidence.benchmarks:
        row = people.row(name) if people else None
        cells = [_pair_cell(row)] if people else []
        cells += [_machine_cell(one, name) for one in evidence.machine]
        if any(cell.python for cell in cells):
            rows.append((_label(evidence, name, row), cells))
    if not rows:
        return
    pythons = {cell.python for _, cells in rows for cell in cells if cell.python}
    several = len(pythons) > 1
    yield table(columns, [[label, *(one.text(several=several) for one in cells)]
                          for label, cells in rows])  # fmt: skip
    python = "" if several else f"On Python {pythons.pop()}. "
    yield f"Median before → after, and the change with its interval. {python}{_where(evidence)}"


class _Cell(NamedTuple):
    """A figure of the first table, and the Python that it is of; "" where there is none."""

    words: str
    python: str

    def text(self, *, several: bool) -> str:
        """With its Python where the table has several."""
        return f"{self.words} ({self.python})" if several and self.python else self.words


_NOTHING = _Cell("–", "")


def _label(evidence: CaseEvidence, name: str, row: Row | None) -> str:
    words = next(
        (told for one in evidence.machine if (told := one.optimization.asked.words.get(name))), ""
    )
    if row is None:
        found = (one.whole.row(name) for one in evidence.machine if one.whole)
        row = next(filter(None, found), None)
    if not words and row and row.result.benchmark.kind is not Kind.SCRIPT:
        words = words_of(row.result.benchmark, evidence.target.modules[0])
    shown = textwrap.shorten(words, _WORDS, placeholder=" …")
    return f"{plain(name)}: {code(shown)}" if words else plain(name)


def _pair_cell(row: Row | None) -> _Cell:
    if row is None:
        return _NOTHING
    result, is_decided = row.result, row.result.verdict in _DECIDED
    size = change_of(result) if is_decided else verdict_words(result)
    return _Cell(f"{figures(result)}, {size}", row.python)


def _machine_cell(one: ByMachine, name: str) -> _Cell:
    course = one.course(name)
    if course is None:  # measured besides, as a pair of the revision and the branch's tip
        return _pair_cell(one.whole.row(name) if one.whole else None)
    if course.whole is None:
        size = f"{magnitude_with_direction(course.end)}, by its steps"
        return _Cell(f"{before_after(course.base_s, course.after_s)}, {size}", course.python)
    words = change_words(course.whole)
    if course.whole.verdict is Verdict.UNDECIDED:
        words += ", undecided"
    times = before_after(course.whole.base_s, course.whole.head_s)
    return _Cell(f"{times}, {words}", course.python)


def _where(evidence: CaseEvidence) -> str:
    """Times of different machines stand side by side: said at once."""
    machines = dict.fromkeys(one.optimization.asked.machine.name for one in evidence.machine)
    if evidence.people:
        machines = {evidence.people.main.machine.name: None} | machines
    elsewhere = [f"{code(row.result.name)} on {plain(row.machine)}" for row in evidence.elsewhere]
    if len(machines) < 2 and not elsewhere:
        return f"All on {plain(next(iter(machines)))}." if machines else ""
    told = [plain(name) for name in machines]
    also = f" ({joined(elsewhere)})" if elsewhere else ""
    return f"Columns are of {joined(told)}{also}: compare times within a cell only."


def _why(evidence: CaseEvidence) -> Iterator[str]:
    words = [*_why_people(evidence), *_why_machine(evidence)]
    if words:
        yield f"**Why?** {' '.join(words)}"


def _why_people(evidence: CaseEvidence) -> Iterator[str]:
    """The commits that did most, or what counters say where no range was split."""
    best = dict[str, tuple[Contribution, str]]()
    for one in (each for told in evidence.attributions for each in contributions_of(told)):
        for step in one.steps:
            known = best.get(step.label)
            if known is None or step.size > known[0].size:
                best[step.label] = step, one.scenario
    ordered = sorted(best.values(), key=lambda item: -item[0].size)[:_REASONS]
    if ordered:
        yield f"The commits that did most: {joined([_step_words(*one) for one in ordered])}."
        return
    if evidence.people:
        told = list(told_by_counters(evidence.people.main.shown).items())[:1]
        yield from (f"Counted in {code(name)}: {words}." for name, (words, _) in told)


def _step_words(step: Contribution, scenario: str) -> str:
    first = step.commits[0].revision
    size = magnitude_with_direction(step.interval.ratio) if step.interval else ""
    what = prose(first.subject) if len(step.commits) == 1 else counted(len(step.commits), "commit")
    return f"{code(first.label)} {what} ({code(scenario)} {size})"


def _why_machine(evidence: CaseEvidence) -> Iterator[str]:
    for one in evidence.machine:
        most = _REASONS if one is evidence.machine[0] else 1
        found: dict[int, tuple[StepGain, str]] = {}
        for course in one.courses:
            for step in course.steps:
                known = found.get(step.step.number)
                if step.ratio < (known[0].ratio if known else 1.0):
                    found[step.step.number] = step, course.scenario
        ordered = sorted(found.values(), key=lambda item: item[0].ratio)[:most]
        told = [
            f"{prose(step.step.title)} ({code(scenario)} {magnitude_with_direction(step.ratio)})"
            for step, scenario in ordered
        ]
        if told:
            yield f"On {one.title} the machine's: {joined(told)}."


def _certain(evidence: CaseEvidence) -> Iterator[str]:
    if evidence.people:
        main = evidence.people.main
        alpha = max(one.run.manifest.options.alpha for one in main.shown)
        others = "".join(
            f" {code(row.result.name)} on {plain(row.machine)}: {short_conditions([row.run])}."
            for row in evidence.elsewhere
        )
        yield (
            f"**Is what people changed certain?** At most a {effect(alpha)} chance, for each "
            f"Python, that any *faster* or *slower* is wrong. {_control(evidence.people)}"
            f"Measured: {_conditions(main)}.{others}"
        )
    for one in evidence.machine:
        asked, tests = one.optimization.asked, _tests(one)
        sums = [course.agrees for course in one.courses if course.agrees is not None]
        agree = (
            f" Steps multiplied agree with the whole, measured by itself, in {sum(sums)} of "
            f"{len(sums)}."
            if sums
            else ""
        )
        is_first = one is evidence.machine[0]
        measured = f" Measured: {_conditions(one.whole.main)}." if one.whole and is_first else ""
        what = "what the machine changed on " if is_first else "that on "
        chance = f"At most a {effect(asked.alpha)} chance that any *faster* or *slower* is wrong"
        if not is_first:
            chance = f"At most {effect(asked.alpha)} again"
        yield f"**Is {what}{one.title} certain?** {chance}; {tests}.{agree}{measured}"


def _conditions(on: OnMachine) -> str:
    return conditions(on.shown).replace(" | ", "; ")


def _control(people: PairEvidence) -> str:
    """What the bare interpreter says, which is the same program on both sides."""
    told = {
        verdict_words(control)
        for one in people.main.shown
        if (control := one.evaluation.control) is not None
    }
    return f"The bare interpreter, as a control: {joined(sorted(told))}. " if told else ""


def _tests(one: ByMachine) -> str:
    """What the project's own tests say of the branch."""
    whole = one.optimization.whole
    if whole is not None and whole.tests_fail:
        return f"**{counted(len(whole.tests_fail), 'test')} of the project newly fail**"
    checks = [check for step in reversed(one.optimization.kept) for check in step.checks]
    words = next((one.words for one in checks if one.name == "tests" and one.passed), "")
    return f"the project's tests: {prose(words)}" if words else "the project's tests were not run"


def _left(evidence: CaseEvidence) -> Iterator[str]:
    words = list(endings(evidence.machine))
    if evidence.machine and evidence.machine[0].optimization.left:
        first = evidence.machine[0]
        told = joined([code(each.what) if " " not in each.what else prose(each.what)
                       for each in first.optimization.left[:_LEFT]])  # fmt: skip
        words.append(f"What costs most and stays on {first.title}: {told}.")
    stack = evidence.last_stack
    if stack is not None:
        side = Side.HEAD if stack.of(Side.HEAD) else Side.BASE
        whole = wall(stack)
        found = [one for one in stack.findings if one.side is side][:_LEFT]
        costs = [f"{title_of(one)} ({seconds(one.cost_s)})" for one in found]
        after = (whole.head or whole.base).mean
        if costs:
            words.append(
                f"Of the {seconds(after)} of a whole {code(stack.scenario)} at "
                f"{plain(revision_words(stack.pair.side(side)))}: {joined(costs)}."
            )
    if words:
        yield f"**What is left?** {' '.join(words)}"
