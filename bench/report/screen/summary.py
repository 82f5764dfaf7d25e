"""The plan before a session and the table after it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bench.core.options import Options
from bench.core.result import Result
from bench.core.revision import Pair, Revision
from bench.core.target import Target
from bench.core.verdict import Verdict
from bench.engine.environments.interpreters import Interpreter
from bench.engine.evaluation import evaluate
from bench.engine.session.rounds_plan import fixed_rounds
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Run
from bench.formats.tables import render, result_columns, result_rows
from bench.formats.text import verdict_words
from bench.report.pair.floor_notes import floor_notes
from bench.report.pair.gate_section import gate_line, gate_mark
from bench.report.pair.notes import notes
from bench.report.pair.pythons import differing_effects
from bench.report.select_runs import Evaluated
from bench.validate.calibration.lookup import Fitting

_COLOURS = {
    Verdict.FASTER: "bold green",
    Verdict.SLOWER: "bold red",
    Verdict.BELOW_MEI: "cyan",
    Verdict.SAME: "default",
    Verdict.UNDECIDED: "yellow",
}


def describe_plan(
    target: Target,
    pair: Pair,
    options: Options,
    benchmarks: Sequence[PlannedBenchmark],
    interpreters: Sequence[tuple[Interpreter, bool]],
    *,
    tests: bool,
) -> str:
    """What a session is about to do; each interpreter comes with whether all is built already."""
    besides = ["the project's own tests on both sides first (--no-tests)"] if tests else []
    besides += ["counters afterwards (--no-counters)"] if options.counters else []
    names = [one.declaration.name for one in benchmarks]
    quick = [one for one in benchmarks if not one.declaration.rounds]
    most_min = len(quick) * options.budget_s * len(interpreters) / 60
    aside = "" if len(quick) == len(benchmarks) else ", the long ones aside"
    pythons = ", ".join(
        f"{one.version} ({one.executable}; {'built before' if ready else 'to be built'})"
        for one, ready in interpreters
    )
    lines = [
        f"{target.name} {pair.label} ({target.layer})",
        f"  base       {_revision(pair.base)}",
        f"  head       {_revision(pair.head)}",
        f"  source     {pair.origin}",
        f"  Python     {pythons}",
        f"  benchmarks {', '.join(names)}",
        f"  decides    at α = {options.alpha:g} over the run, MEI {options.mei:.1%}, at most "
        f"{options.rounds} rounds and {options.budget_s:g} s a benchmark "
        f"(at most about {max(most_min, 1):.0f} min{aside})",
        *_long_ones(benchmarks, options),
        f"  besides    {' and '.join(besides) or 'nothing'}",
    ]
    return "\n".join(lines)


def _long_ones(benchmarks: Sequence[PlannedBenchmark], options: Options) -> list[str]:
    """What is said of benchmarks of minutes, which have a plan of their own."""
    numbers = fixed_rounds([one.declaration for one in benchmarks], options)
    if not numbers:
        return []
    named = ", ".join(f"{name} {number}" for name, number in numbers.items())
    return [
        f"  long       a fixed number of rounds, whatever the budget: {named}; one exact test "
        "after the last (--rounds N takes fewer, and may leave them undecided)",
    ]


def _revision(revision: Revision) -> str:
    subject = f"  {revision.subject}" if revision.subject else ""
    return f"{revision.label}  {revision.date[:10]}  {revision.source}{subject}"


def print_results(console: Console, run: Run, fitting: Fitting | None) -> None:
    """The final table of a run with verdicts in words and colour, and what to know of it.

    `fitting` is the calibration of this machine, if there is one.
    """
    evaluation, manifest = evaluate(run), run.manifest
    title = f"{manifest.target} {manifest.pair.label}, Python {manifest.base.provenance.python}"
    detectable = fitting.detectable(run, evaluation.level) if fitting else {}
    rows = result_rows(evaluation, manifest.options.mei, detectable)
    head, rule, *body = render(result_columns(detectable), rows, "simple").splitlines()
    console.print()
    console.print(Text(title, style="bold"), Text(gate_mark(run), style="bold red"))
    console.print(Text(f"{head}\n{rule}"), no_wrap=True, crop=False, overflow="ignore")
    for line, result in zip(body, evaluation.results, strict=True):
        console.print(_coloured(line, result, manifest.options.mei), no_wrap=True, crop=False,
                      overflow="ignore")  # fmt: skip
    for note in (gate_line(run), *floor_notes(run, fitting), *notes(run, evaluation)):
        console.print(Text(note, style="dim"))


def print_differences(console: Console, runs: Sequence[Run]) -> None:
    """Where the effect is another one on another Python, if it was measured on several."""
    found = differing_effects([Evaluated(run, evaluate(run)) for run in runs])
    if found:
        console.print()
        console.print(Text("The effect differs between Pythons, beyond the intervals:", "bold"))
        for sentence in found:
            console.print(Text(f"  {sentence}"))


def _coloured(line: str, result: Result, mei: float) -> Text:
    text = Text(line)
    if result.verdict is not None:
        words = verdict_words(result, mei)
        start = line.rindex(words)
        text.stylize(_COLOURS[result.verdict], start, start + len(words))
    return text
