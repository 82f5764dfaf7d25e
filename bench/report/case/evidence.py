"""What a case study is told from: what its declaration names, as far as that was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from bench.core.case_study import CaseStudy, OptimizedRevision
from bench.core.result import Result
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.variants import python_order
from bench.engine.revisions.ranges import is_range
from bench.engine.store.accounts import StackRecord
from bench.explain.attribute.record import Attribution, AttributionAsked
from bench.explain.claims.record import ClaimsAsked, ClaimsTest
from bench.explain.optimize.record import Optimization, Progress
from bench.formats.markdown import plain
from bench.report.known_pairs import KnownPairs
from bench.report.optimize.gains import StepCourse, courses_of, presented
from bench.report.optimize.whole_sections import shown_revision
from bench.report.select_runs import OnMachine, PairRuns, Shown


@dataclass(frozen=True, kw_only=True)
class WrittenRecords:
    """What the pages of a report are made from, besides pairs."""

    optimized: Sequence[Optimization]
    attributed: Sequence[Attribution]
    claims: Sequence[ClaimsTest]
    stacks: Sequence[StackRecord]


class Row(NamedTuple):
    """A benchmark's result, and the run and machine it is from."""

    result: Result
    run: Shown
    machine: str

    @property
    def python(self) -> str:
        """The Python it is from."""
        return self.run.python


@dataclass(frozen=True, kw_only=True)
class PairEvidence:
    """A pair with all its runs."""

    runs: PairRuns

    @cached_property
    def main(self) -> OnMachine:
        """The machine that measured last, as on the pair's page."""
        return max(
            self.runs.machines, key=lambda on: max(one.run.manifest.started_at for one in on.shown)
        )

    def row(self, name: str) -> Row | None:
        """A benchmark on the newest Python: of the main machine, else of another that has it."""
        for on in (self.main, *self.runs.machines):
            found = [
                Row(result, one, on.machine.name)
                for one in on.shown
                for result in one.results
                if result.name == name and result.verdict is not None
            ]
            if found:
                return max(found, key=lambda row: python_order(row.python))
        return None

    @property
    def names(self) -> list[str]:
        """All benchmarks that have a verdict somewhere, as measured."""
        machines = (self.main, *self.runs.machines)
        shown = (one for on in machines for one in on.shown)
        return list(dict.fromkeys(row.name for one in shown for row in one.results if row.verdict))


@dataclass(frozen=True, kw_only=True)
class ByMachine:
    """An optimisation: what was made on top of one revision.

    `whole` is the pair that measured all of it, `stack` a trace of that pair.
    """

    optimization: Optimization
    note: str
    whole: PairEvidence | None
    stack: StackRecord | None

    @cached_property
    def courses(self) -> tuple[StepCourse, ...]:
        """Every scenario on every Python."""
        return courses_of(self.optimization)

    def course(self, name: str) -> StepCourse | None:
        """A scenario on the newest Python that has it."""
        found = [one for one in self.courses if one.scenario == name]
        return max(found, key=lambda one: python_order(one.python), default=None)

    def has(self, name: str) -> bool:
        """Whether a benchmark was measured, as a scenario or besides."""
        beside = self.whole is not None and self.whole.row(name) is not None
        return beside or self.course(name) is not None

    @property
    def title(self) -> str:
        """On top of what it was made, in Markdown."""
        if self.note:
            return plain(f"{self.note} ({self.optimization.asked.revision.label})")
        return plain(shown_revision(self.optimization))


@dataclass(frozen=True, kw_only=True)
class CaseEvidence:
    """All that was found of a case study; `machine` in the order of the declaration.

    Of `attributions`, which share a range, the one of most benchmarks comes first.
    """

    target: Target
    study: CaseStudy
    people: PairEvidence | None
    stack: StackRecord | None
    attributions: tuple[Attribution, ...]
    claims: ClaimsTest | None
    machine: tuple[ByMachine, ...]

    @property
    def last_stack(self) -> StackRecord | None:
        """Where boundaries are looked for: in the newest state of it that was traced."""
        return next((one.stack for one in self.machine if one.stack), self.stack)

    @property
    def is_empty(self) -> bool:
        """Whether nobody has changed anything yet that could be told of."""
        return not (self.people or self.machine)

    @property
    def benchmarks(self) -> list[str]:
        """The rows of the first table: those declared, else all."""
        if self.study.benchmarks:
            return list(self.study.benchmarks)
        scenarios = [name for one in self.machine for name in one.optimization.asked.scenarios]
        return list(dict.fromkeys([*(self.people.names if self.people else ()), *scenarios]))

    @property
    def elsewhere(self) -> list[Row]:
        """Rows of the first table that another machine than the pair's main one measured."""
        if self.people is None:
            return []
        rows = (self.people.row(name) for name in self.benchmarks)
        main = self.people.main.machine.name
        return [row for row in rows if row is not None and row.machine != main]

    def optimization_of(self, wanted: OptimizedRevision) -> ByMachine | None:
        """The one that started from a declared revision."""
        return next((one for one in self.machine if _is_meant(one.optimization, wanted)), None)


def gather(
    target: Target, study: CaseStudy, known: KnownPairs, told: WrittenRecords
) -> CaseEvidence:
    """Look up what a declaration names."""
    pair = known.first(target.name, lambda one: is_range(study.range, one)) if study.range else None
    machine = (_by_machine(one, target, study, known, told) for one in study.optimized)
    attributed = [one for one in told.attributed if _is_of(one.asked, target, study)]
    claims = (
        one for one in told.claims if _is_of(one.asked, target, study) and not one.asked.message_of
    )
    return CaseEvidence(
        target=target,
        study=study,
        people=PairEvidence(runs=pair) if pair else None,
        stack=_trace(
            told.stacks, target, study, lambda one: bool(study.range) and is_range(study.range, one)
        ),
        attributions=tuple(sorted(attributed, key=lambda one: -len(one.asked.scenarios))),
        claims=next(claims, None),
        machine=tuple(one for one in machine if one is not None),
    )


def _is_meant(one: Optimization, wanted: OptimizedRevision) -> bool:
    is_branch = wanted.branch in {"", one.asked.branch}
    return is_branch and one.asked.revision.is_called(wanted.revision)


def _is_of(asked: AttributionAsked | ClaimsAsked, target: Target, study: CaseStudy) -> bool:
    is_named = bool(study.commits) and is_range(study.commits, asked.pair)
    return is_named and asked.target == target.name


def _by_machine(
    wanted: OptimizedRevision,
    target: Target,
    study: CaseStudy,
    known: KnownPairs,
    told: WrittenRecords,
) -> ByMachine | None:
    """The optimisation of a revision in the usual form, once it has come to a first step."""
    fitting = [
        one
        for one in told.optimized
        if one.asked.target == target.name
        and one.asked.is_usual_form
        and (one.steps or one.progress is Progress.NOTHING)
        and _is_meant(one, wanted)
    ]
    found = max(fitting, key=lambda one: one.asked.is_usual_branch, default=None)
    if found is None:
        return None
    labels = {ref.pair for ref in found.whole.runs} if found.whole else set()
    whole = known.first(target.name, lambda one: one.label in labels) if labels else None
    return ByMachine(
        optimization=presented(found),
        note=wanted.note,
        whole=PairEvidence(runs=whole) if whole else None,
        stack=_trace(told.stacks, target, study, lambda one: one.label in labels),
    )


def _trace(
    stacks: Sequence[StackRecord], target: Target, study: CaseStudy, fits: Callable[[Pair], bool]
) -> StackRecord | None:
    """The newest trace of a pair."""
    found = [
        one
        for one in stacks
        if (one.target, one.scenario) == (target.name, study.traced) and fits(one.pair)
    ]
    return max(found, key=lambda one: one.started_at, default=None)
