"""How many rounds a benchmark may take and where its test looks: fixed before its first round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.target import Benchmark
from bench.engine.measure.probe import Choice
from bench.engine.statistics.few_rounds import planned_rounds
from bench.engine.statistics.memory import memory_looks
from bench.engine.statistics.multiplicity import divide
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.events import Probed


def plans(choices: Iterable[Choice], all_: Sequence[Benchmark], options: Options) -> list[Probed]:
    """A plan for each choice; `all_` are the benchmarks of the run that work, planned or not."""
    long, short = count_kinds(all_)
    parts = divide(options.alpha, short, long)
    memories = sum(map(_judges_memory, all_))

    def plan(choice: Choice) -> Probed:
        benchmark = choice.sides.benchmark
        if benchmark.name == CONTROL:
            return sequential_plan(choice, options, parts.control, 1)
        if benchmark.rounds:
            made = exact_plan(choice, options, parts.fixed, long)
        else:
            made = sequential_plan(choice, options, parts.sequential, short)
        if not _judges_memory(benchmark):
            return made
        looks = memory_looks(parts.memory / memories, options.rounds)
        return msgspec.structs.replace(made, memory_looks=looks, memory_alpha=parts.memory)

    return [plan(choice) for choice in choices]


def _judges_memory(benchmark: Benchmark) -> bool:
    """Whether memory is judged beside time."""
    return benchmark.has_memory and benchmark.metric == "time" and benchmark.name != CONTROL


def count_kinds(benchmarks: Sequence[Benchmark]) -> tuple[int, int]:
    """How many have a fixed number of rounds, and how many are tested sequentially."""
    tested = [one for one in benchmarks if one.name != CONTROL]
    long = sum(one.rounds > 0 for one in tested)
    return long, len(tested) - long


def sequential_plan(choice: Choice, options: Options, alpha: float, family: int) -> Probed:
    """Looks for a benchmark that shares `alpha` with `family` of its kind."""
    return Probed(
        benchmark=choice.sides.benchmark.name,
        design=choice.design,
        metric=choice.metric,
        reason=choice.reason,
        looks=plan_looks(options.rounds, alpha / family),
        maximum=options.rounds,
        loops=choice.loops,
        family_alpha=alpha,
    )


def exact_plan(choice: Choice, options: Options, alpha: float, family: int) -> Probed:
    """One look after a fixed number of rounds, for a benchmark of minutes (see `few_rounds`)."""
    number = planned_rounds(choice.sides.benchmark.rounds, alpha / family, options.rounds)
    return Probed(
        benchmark=choice.sides.benchmark.name,
        design=choice.design,
        metric=choice.metric,
        reason=choice.reason,
        looks=(number,),
        maximum=number,
        loops=choice.loops,
        exact=True,
        family_alpha=alpha,
    )


def fixed_rounds(benchmarks: Sequence[Benchmark], options: Options) -> dict[str, int]:
    """The rounds of each benchmark of minutes, as told before it is known which of them work."""
    long, short = count_kinds(benchmarks)
    alpha = divide(options.alpha, short, long).fixed
    return {
        one.name: planned_rounds(one.rounds, alpha / long, options.rounds)
        for one in benchmarks
        if one.rounds
    }
