"""What is run of a benchmark, to learn what it reads and what it executes."""

from __future__ import annotations

import shlex

from bench.core.counts import Counter
from bench.core.target import Benchmark, Kind
from bench.engine.measure.invocations import Subject
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.counters.instructions import InstructionCounter
from bench.explain.counters.running import Runner, one_run
from bench.explain.optimize.guard.programs import words_of
from bench.explain.optimize.request import is_recordable
from bench.explain.rank.recording import without_collections

_CALLS = 4  # of a script, beyond the first, that are counted


def is_observable(planned: PlannedBenchmark) -> bool:
    """Whether it can be known what it reads: a process of the project's own, or a pyperf script."""
    return is_recordable(planned) or bool(planned.declaration.script)


def scenario_words(benchmark: Benchmark, module: str) -> str:
    """What it does, for a reader; `module` is the name that the project is imported by."""
    if benchmark.script:
        return shlex.join([benchmark.script, *benchmark.arguments])
    return words_of(benchmark, module)


def processes_counted(benchmark: Benchmark) -> int:
    """How many processes `count_work` starts."""
    return 2 if benchmark.kind is Kind.SCRIPT else 1


def count_work(
    counter: InstructionCounter, runner: Runner, subject: Subject, benchmark: Benchmark
) -> float:
    """Instructions of its process; of a script those of a call, without what comes before.

    Raises `NotCountedError`.
    """

    def count(calls: int) -> float:
        invocation = without_collections(one_run(subject, benchmark, calls))
        return counter.count(runner, benchmark, invocation).figures[Counter.INSTRUCTIONS]

    if benchmark.kind is not Kind.SCRIPT:
        return count(1)
    first = count(1)
    return max(count(1 + _CALLS) - first, 1.0) / _CALLS
