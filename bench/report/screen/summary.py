"""The plan before a session, the table when its timing is over, and the words at its end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from bench.core.options import Options
from bench.core.result import Evaluation, Result
from bench.core.revision import Revision, Source
from bench.engine.allocated import with_allocated
from bench.engine.environments.interpreters import Interpreter
from bench.engine.evaluation import evaluate
from bench.engine.session.open_run import OpenRun
from bench.engine.session.plan import Plan
from bench.engine.session.rounds_plan import fixed_rounds
from bench.engine.split import Split
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Run
from bench.explain.counters.counting import AT_MOST_S
from bench.formats.text import allocated_words, effect, joined
from bench.report.pair.asides import output_notes
from bench.report.pair.control import control_warning, doubtful_mark
from bench.report.pair.floor_notes import floor_notes
from bench.report.pair.gate_section import gate_line, gate_mark
from bench.report.pair.notes import notes
from bench.report.pair.pythons import differing_effects
from bench.report.screen.lines import WIDTH, counts, in_words, mean_lines, result_lines, worth_a_row
from bench.report.screen.split_lines import split_lines
from bench.report.screen.watchers import ScreenWatcher
from bench.report.select_runs import Evaluated
from bench.validate.calibration.lookup import Fitting


def describe_plan(
    plan: Plan, interpreters: Sequence[tuple[Interpreter, bool]], *, tests: bool
) -> str:
    """What a session is about to do; each interpreter comes with whether all is built already."""
    target, pair, options = plan.target, plan.pair, plan.options
    besides = ["the project's own tests on both sides first (--no-tests)"] if tests else []
    if options.counters:
        besides.append(f"counters afterwards, at most {AT_MOST_S:.0f} s (--no-counters)")
    if options.allocated or (options.counters and any(map(_is_asked, plan.benchmarks))):
        besides.append("bytes allocated, counted twice a side")
    quick = [one for one in plan.benchmarks if not one.declaration.rounds]
    most_min = len(quick) * options.budget_s * len(interpreters) / 60
    aside = "" if len(quick) == len(plan.benchmarks) else ", the long ones aside"
    pythons = ", ".join(
        f"{one.version} ({one.executable}; {'built before' if ready else 'to be built'})"
        for one, ready in interpreters
    )
    rows = [
        ("base", _revision(pair.base)),
        ("head", _revision(pair.head)),
        ("source", pair.origin),
        ("Python", pythons),
        ("benchmarks", ", ".join(one.declaration.name for one in plan.benchmarks)),
        (
            "decides",
            f"at α = {options.alpha:g} over the run, MEI {_meis(plan)}, at most "
            f"{options.rounds} rounds and {options.budget_s:g} s a benchmark "
            f"(at most about {max(most_min, 1):.0f} min{aside})",
        ),
        *_long_ones(plan),
        ("besides", " and ".join(besides) or "nothing"),
    ]
    title = f"{target.name} {pair.shown} ({target.layer})"
    return "\n".join((title, *(_row(label, words) for label, words in rows)))


def _meis(plan: Plan) -> str:
    """`2%`, and the benchmarks that have another: `2% (load 5%)`."""
    own = [one.declaration for one in plan.benchmarks if one.declaration.mei]
    named = joined([f"{one.name} {effect(one.mei)}" for one in own])
    return effect(plan.options.mei) + (f" ({named})" if named else "")


def _row(label: str, words: str) -> str:
    """A labelled row that is wrapped to the width of the screen."""
    return textwrap.fill(
        words,
        WIDTH,
        initial_indent=f"  {label:<10} ",
        subsequent_indent=" " * 13,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _long_ones(plan: Plan) -> list[tuple[str, str]]:
    """What is said of benchmarks of minutes, whose number of rounds is fixed."""
    numbers = fixed_rounds([one.declaration for one in plan.benchmarks], plan.options)
    if not numbers:
        return []
    named = ", ".join(f"{name} {number}" for name, number in numbers.items())
    return [
        (
            "long",
            f"a fixed number of rounds, whatever the budget: {named}; one exact test after the "
            "last (--rounds N takes fewer, and may leave them undecided)",
        )
    ]


def _is_asked(one: PlannedBenchmark) -> bool:
    return one.declaration.allocated


def _revision(revision: Revision) -> str:
    subject = f"  {revision.subject}" if revision.subject else ""
    if revision.source is Source.TREE:
        return f"{revision.label}  {revision.name}{subject}"
    return f"{revision.label}  {revision.date[:10]}  {revision.source}{subject}"


@dataclass
class ResultsStep:
    """The step of a run that prints its table, once timing is over and before all else.

    `evaluations` are those of the runs it has seen, by their id: what is counted later is added.
    """

    console: Console
    watcher: ScreenWatcher
    evaluations: dict[str, Evaluation] = field(default_factory=dict)

    def __call__(self, now: OpenRun) -> None:
        """Print it, also for a run that was gone on with."""
        self.show(now.read())

    def show(self, run: Run) -> None:
        """Print the table of a run, unless that was done."""
        if run.manifest.run_id in self.evaluations:
            return
        evaluation = evaluate(run)
        self.evaluations[run.manifest.run_id] = evaluation
        with self.watcher.aside():
            print_results(self.console, Evaluated(run, evaluation))

    def evaluated(self, run: Run) -> Evaluated:
        """A run that is over, with what was said of it."""
        return Evaluated(run, with_allocated(self.evaluations[run.manifest.run_id], run))


def print_results(console: Console, one: Evaluated) -> None:
    """The final table of a run: a line a benchmark, then how many there are of each verdict."""
    manifest = one.run.manifest
    title = f"{manifest.target} {manifest.pair.shown}, Python {manifest.whole_python}"
    title += _other_packages(one)
    console.print()
    marks = [mark for mark in (gate_mark(one.run), doubtful_mark(one.evaluation)) if mark]
    console.print(
        Text(title, style="bold"), *(Text(mark, style="bold dark_orange") for mark in marks)
    )
    if one.evaluation.doubtful:
        warning = textwrap.wrap(control_warning(one.run, one.evaluation), WIDTH - 4)
        for words in warning:
            _print(console, Text(f"  ⚠ {words}" if words is warning[0] else f"    {words}"))
    shown = one.results if one.evaluation.doubtful else one.evaluation.results
    rows = worth_a_row(shown)
    for line in result_lines(rows):
        _print(console, line)
    if len(rows) < len(shown):
        _print(console, Text(f"    and {len(shown) - len(rows)} more, which the page has"))
    _print(console, Text(counts(one.results), style="bold"))
    for words in mean_lines(one.evaluation):
        _print(console, Text(words))


def print_remarks(
    console: Console, runs: Sequence[Evaluated], fittings: Sequence[Fitting | None]
) -> None:
    """What to know of runs; `fittings` are the calibrations of this machine, where there are any.

    What holds for all of them is said once.
    """
    remarks: dict[str, list[str]] = {}
    for one, fitting in zip(runs, fittings, strict=True):
        for remark in dict.fromkeys(_remarks(one, fitting)):
            remarks.setdefault(remark, []).append(one.python)
    for remark, pythons in remarks.items():
        of = "" if len(pythons) == len(runs) else f"Python {', '.join(pythons)}: "
        console.print(Text(f"{of}{remark}", style="dim"))


def _remarks(one: Evaluated, fitting: Fitting | None) -> Iterator[str]:
    """Those that are not to be read in the table already."""
    shown = {*output_notes(one.results)}
    if one.evaluation.doubtful:
        shown.add(control_warning(one.run, one.evaluation))
    yield gate_line(one.run) if one.run.gate else "Tests: none declared."
    yield from allocated_lines(one.results)
    if fitting is not None:  # that there is none stands on the page
        yield from floor_notes(one.run, fitting)
    yield from (note for note in notes(one.run, one.evaluation) if note not in shown)


def allocated_lines(results: Sequence[Result]) -> Iterator[str]:
    """What was counted exactly, a line a benchmark."""
    for one in results:
        if one.allocated is not None:
            yield f"{one.name}: {allocated_words(one.allocated)}"


def _other_packages(one: Evaluated) -> str:
    """How packages were chosen, where it is not each side's own."""
    chosen = one.run.manifest.options.dependencies
    return "" if chosen == Options().dependencies else f" with --deps {chosen}"


def _print(console: Console, line: Text) -> None:
    console.print(line, no_wrap=True, crop=False, overflow="ignore")


def print_splits(console: Console, splits: Sequence[Split]) -> None:
    """What of a change is the project's own, and what other packages did."""
    for split in splits:
        console.print()
        for line in split_lines(split):
            _print(console, line)


def print_end(console: Console, runs: Sequence[Evaluated]) -> None:
    """Where the effect is another one on another Python, and the last line: all in words."""
    found = differing_effects(runs)
    console.print()
    if found:
        console.print(Text("The effect differs between Pythons, beyond the intervals:", "bold"))
        for sentence in found.values():
            console.print(Text(f"  {sentence}"))
    for one in runs:
        mark = doubtful_mark(one.evaluation)
        name = f"{one.python}{_other_packages(one)}"
        words = in_words(name, one.results) + (f" {mark}." if mark else "")
        console.print(Text(words, style="bold"))
