"""How the figures came about: designs, statistics, the command, the raw data."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from bench.core.options import Options
from bench.core.result import Result
from bench.engine.testgate.run_gate import SKIPPED
from bench.formats.markdown import code, fenced, heading, link, plain, table
from bench.formats.text import confidence, duration, joined, probability, share, source_words
from bench.report.select_runs import Evaluated, Shown


def how_obtained(shown: Sequence[Shown], level: int) -> Iterator[str]:
    """A table for each Python."""
    yield heading(level, "How each figure was obtained")
    yield (
        "A duet runs both sides at once on one core and compares their CPU time; pairs run one "
        "after the other. Noise is the robust standard deviation of ln(head/base) over the "
        "deciding rounds."
    )
    columns = ("benchmark", "design", "why", "deciding rounds", "size from", "noise per round",
               "p-value", "stopped because")  # fmt: skip
    for one in shown:
        if len(shown) > 1:
            yield f"**Python {one.python}**"
        yield table(
            columns, [_obtained(one, result) for result in one.evaluation.results], numbers=False
        )


def _obtained(one: Evaluated, result: Result) -> list[str]:
    plan = one.run.probed(result.name)
    if result.design is None or result.metric is None or plan is None:
        return [result.name, *["–"] * 6, plain(result.reason)]
    return [
        result.name,
        f"{result.design}, {result.metric}",
        plain(plan.reason),
        f"{result.rounds} of at most {plan.maximum}",
        _size_from(result),
        share(result.noise),
        probability(result.p_value),
        plain(result.reason),
    ]


def _size_from(result: Result) -> str:
    words = source_words(result.size)
    if result.size is None or result.size.design is result.design:
        return words
    return f"{words} (95%); verdict from {result.design}s"


def statistics_section(shown: Sequence[Shown], level: int) -> Iterator[str]:
    """What was computed, in a few sentences."""
    options = shown[-1].run.manifest.options
    levels = joined([f"{confidence(one.evaluation.level)} on Python {one.python}" for one in shown])
    yield heading(level, "Statistics")
    yield (
        "Each round measures base and head together under the same hash seed, in random order; the "
        "change is the Hodges–Lehmann estimate (the median of the averages of all pairs of rounds) "
        "of ln(head/base), with the interval that inverts Wilcoxon's signed-rank test. Measuring "
        "stops at looks fixed beforehand, whose critical values (group-sequential, Lan–DeMets) "
        "keep the error rate whichever of them ends it; Holm's procedure over all benchmarks of a "
        f"run keeps the chance of a wrong *faster* or *slower* at {options.alpha * 100:g}% for all "
        f"of them together, and the intervals are made at the level it ends at ({levels})."
        f" With a minimum effect of interest (MEI) of {options.mei * 100:g}%, a verdict is "
        "*faster* or *slower* when the interval leaves out no change, *same* when the "
        "interval lies within ±MEI, *below MEI* when both hold, and *undecided* otherwise."
    )
    if any(_exact_rounds(one) for one in shown):
        numbers = joined(sorted({str(n) for one in shown for n in _exact_rounds(one)}))
        yield (
            f"Benchmarks of minutes have a number of rounds ({numbers}) that was fixed before the "
            "first; the signed-rank test after the last is exact. Beside other benchmarks they "
            "are a family of their own, with half of the error rate."
        )
    yield (
        "Two exceptions. A very large effect may end a benchmark before its first look; the "
        "interval is then the range of its rounds. A change beyond 1.2 times that was decided in "
        "duets takes its size from pairs, since the longer side of a duet runs its end alone; such "
        "a size has an interval of 95% for that benchmark by itself."
    )


def _exact_rounds(one: Evaluated) -> set[int]:
    """The numbers of rounds of benchmarks whose rounds were fixed before measuring."""
    plans = [one.run.probed(result.name) for result in one.evaluation.results]
    return {plan.maximum for plan in plans if plan is not None and plan.exact}


def repeat_section(shown: Sequence[Shown], level: int) -> Iterator[str]:
    """The command that measures the same again; one for each set of options."""
    commands: dict[tuple[str, ...], list[str]] = {}
    for one in shown:
        commands.setdefault(_words(one), []).append(one.python)
    manifest = shown[-1].run.manifest
    lines = [
        shlex.join(
            (
                *("nox", "-s", f"bench-{manifest.target}", "--", manifest.pair.label),
                *(word for python in pythons for word in ("--python", python)),
                *options,
            )
        )
        for options, pythons in commands.items()
    ]
    yield heading(level, "Repeat it")
    yield fenced("\n".join(lines), "sh")


def _words(one: Evaluated) -> tuple[str, ...]:
    """Everything that was not as usual: options, a clone of the user's own, parts left out."""
    manifest, gate = one.run.manifest, one.run.gate
    words = [*option_words(manifest.options)]
    words += _own_clone(manifest.pair.origin)
    if gate is not None and gate.reason == SKIPPED:
        words.append("--no-tests")
    if not manifest.options.counters:
        words.append("--no-counters")
    return tuple(words)


def _own_clone(origin: str) -> list[str]:
    """`--repo` if the revisions come from a clone that is not the target's own."""
    path = re.fullmatch(r"clone ([~/]\S*)", origin)
    if path:
        return ["--repo", path[1]]
    named = re.fullmatch(r"clone (\S+) of \S+", origin)
    return ["--repo", f"repos/{named[1]}"] if named else []


def option_words(options: Options) -> tuple[str, ...]:
    """The words of the command line for every option that is not the default."""
    default = Options()
    words: list[str] = []
    for name in options.benchmarks:
        words += ["--benchmark", name]
    for name in options.groups:
        words += ["--group", name]
    for flag, chosen, usual in (
        ("--deps", options.dependencies, default.dependencies),
        ("--design", options.design, default.design),
        ("--alpha", options.alpha, default.alpha),
        ("--mei", options.mei, default.mei),
        ("--budget", options.budget_s, default.budget_s),
        ("--rounds", options.rounds, default.rounds),
    ):
        if chosen != usual and chosen is not None:
            words += [flag, f"{chosen:g}" if isinstance(chosen, float) else str(chosen)]
    return tuple(words)


def raw_data_section(shown: Sequence[Shown], level: int, folders: Sequence[str]) -> Iterator[str]:
    """Where the rounds lie; `folders` are links relative to the page."""
    yield heading(level, "Raw data")
    rows = []
    for one, folder in zip(shown, folders, strict=True):
        manifest, closed = one.run.manifest, one.run.closed
        rounds = sum(len(one.run.rounds(result.name)) for result in one.evaluation.results)
        rows.append(
            [
                one.python,
                link(manifest.run_id, folder),
                manifest.started_at.replace("T", " "),
                duration(closed.elapsed_s) if closed else "not complete",
                str(rounds),
                _harness(manifest.harness),
            ]
        )
    columns = ("Python", "run", "started", "took", "rounds", "measured by")
    yield table(columns, rows, numbers=False)
    yield (
        f"{code('run.json')} says what was measured and where, {code('rounds.jsonl')} holds every "
        f"round as it was taken. {code('python -m bench export RUN')} makes files for pyperf's "
        "tools from them."
    )


def _harness(harness: dict[str, str]) -> str:
    commit = harness.get("commit", "an unknown version")
    tools = ", ".join(f"{name} {value}" for name, value in harness.items() if name != "commit")
    return plain(f"bench {commit} ({tools})" if tools else f"bench {commit}")
