"""The plan before a session and the table after it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bench.core.options import Options
from bench.core.revision import Pair, Revision
from bench.core.target import Target
from bench.core.verdict import Verdict
from bench.environments.interpreters import Interpreter
from bench.evaluation import Result, evaluate
from bench.report.gate_section import gate_line, gate_mark
from bench.report.notes import notes
from bench.report.tables import RESULT_COLUMNS, render, result_rows
from bench.report.text import verdict_words
from bench.store.manifest import PlannedBenchmark
from bench.store.run import Run

_COLOURS = {
    Verdict.FASTER: "bold green",
    Verdict.SLOWER: "bold red",
    Verdict.BELOW_MEI: "cyan",
    Verdict.NO_DIFFERENCE: "default",
    Verdict.INCONCLUSIVE: "yellow",
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
    most_min = len(names) * options.budget_s * len(interpreters) / 60
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
        f"(at most about {max(most_min, 1):.0f} min)",
        f"  besides    {' and '.join(besides) or 'nothing'}",
    ]
    return "\n".join(lines)


def _revision(revision: Revision) -> str:
    subject = f"  {revision.subject}" if revision.subject else ""
    return f"{revision.label}  {revision.date[:10]}  {revision.source}{subject}"


def print_results(console: Console, run: Run) -> None:
    """The final table of a run with verdicts in words and colour, and what to know of it."""
    evaluation, manifest = evaluate(run), run.manifest
    title = f"{manifest.target} {manifest.pair.label}, Python {manifest.base.provenance.python}"
    rows = result_rows(evaluation, manifest.options.mei)
    head, rule, *body = render(RESULT_COLUMNS, rows, "simple").splitlines()
    console.print()
    console.print(Text(title, style="bold"), Text(gate_mark(run), style="bold red"))
    console.print(Text(f"{head}\n{rule}"), no_wrap=True, crop=False, overflow="ignore")
    for line, result in zip(body, evaluation.results, strict=True):
        console.print(_coloured(line, result, manifest.options.mei), no_wrap=True, crop=False,
                      overflow="ignore")  # fmt: skip
    for note in (gate_line(run), *notes(run, evaluation)):
        console.print(Text(note, style="dim"))


def _coloured(line: str, result: Result, mei: float) -> Text:
    text = Text(line)
    if result.verdict is not None:
        words = verdict_words(result, mei)
        start = line.rindex(words)
        text.stylize(_COLOURS[result.verdict], start, start + len(words))
    return text
