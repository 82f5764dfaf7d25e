"""How many rounds a benchmark may take and where its test looks: fixed before its first round."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.sample import Design, Metric
from bench.core.target import Benchmark
from bench.engine.measure.probe import Choice
from bench.engine.statistics.few_rounds import planned_rounds, smallest_p
from bench.engine.statistics.memory import memory_looks
from bench.engine.statistics.multiplicity import divide
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.events import Probed

_FITS = 15  # fewer rounds than this in a budget seldom decide a sequential test
_LONG_S = 1.0  # less is never long, whatever the budget
_ALONE = 3  # pairs beside the duets of a long command, for wall times
_QUICK_CONTROL = 28  # rounds: enough to see that something is wrong


def plans(
    choices: Sequence[Choice], known: Sequence[Probed], options: Options, *, quick: bool = False
) -> list[Probed]:
    """A plan for each choice; `known` are those of other benchmarks of the run, made before.

    With `quick` the control has few rounds.
    """
    fewest = min(options.rounds, _QUICK_CONTROL) if quick else options.rounds
    for_control = msgspec.structs.replace(options, rounds=fewest)
    chosen = [one for one in choices if one.sides.benchmark.name != CONTROL]
    before = [one for one in known if one.benchmark != CONTROL]
    long = sum(one.exact for one in before) + sum(is_long(one, options) for one in chosen)
    short = len(before) + len(chosen) - long
    parts = divide(options.alpha, short, long)
    memories = sum(bool(one.memory_looks) for one in before)
    memories += sum(_judges_memory(one.sides.benchmark) for one in chosen)

    def plan(choice: Choice) -> Probed:
        benchmark = choice.sides.benchmark
        if benchmark.name == CONTROL:
            return sequential_plan(choice, for_control, parts.control, 1)
        if is_long(choice, options):
            made = exact_plan(choice, options, parts.fixed, long)
        else:
            made = sequential_plan(choice, options, parts.sequential, short)
        if not _judges_memory(benchmark):
            return made
        planned = made.maximum + made.alone if made.exact else 0
        looks = memory_looks(parts.memory / memories, options.rounds, planned)
        return msgspec.structs.replace(made, memory_looks=looks, memory_alpha=parts.memory)

    return [plan(choice) for choice in choices]


def is_long(choice: Choice, options: Options) -> bool:
    """Whether a benchmark gets a fixed number of rounds: declared, or too few fit its budget."""
    if choice.sides.benchmark.rounds:
        return True
    is_control = choice.sides.benchmark.name == CONTROL
    return not is_control and choice.round_s > max(_LONG_S, options.budget_s / _FITS)


def long_words(plan: Probed, choice: Choice) -> str:
    """What is said of a benchmark that was found to be long; "" of others."""
    if not plan.exact or choice.sides.benchmark.rounds:
        return ""
    kinds = f"{plan.maximum} {plan.design if plan.design is Design.PAIRS else 'duets'}"
    kinds += f" and {plan.alone} pairs" if plan.alone else ""
    return (
        f"{plan.benchmark}: a round takes about {choice.round_s:.1f} s, so their number is fixed: "
        f"{kinds}, one exact test after the last (at best p = "
        f"{smallest_p(plan.maximum + plan.alone):.2g})"
    )


def _judges_memory(benchmark: Benchmark) -> bool:
    """Whether memory is judged beside time."""
    return benchmark.has_memory and benchmark.metric == "time" and benchmark.name != CONTROL


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
    together = choice.design is Design.DUET and choice.metric is Metric.CPU
    alone = min(_ALONE, options.rounds // 3) if together else 0
    asked = choice.sides.benchmark.rounds
    if not asked:
        asked = int(options.budget_s / choice.round_s) - alone
    number = planned_rounds(asked, alpha / family, options.rounds - alone)
    return Probed(
        benchmark=choice.sides.benchmark.name,
        design=choice.design,
        metric=choice.metric,
        reason=choice.reason,
        looks=(number,),
        maximum=number,
        loops=choice.loops,
        exact=True,
        alone=alone,
        family_alpha=alpha,
    )


def fixed_rounds(benchmarks: Sequence[Benchmark], options: Options) -> dict[str, int]:
    """The rounds of each benchmark of minutes, as told before it is known which of them work."""
    tested = [one for one in benchmarks if one.name != CONTROL]
    long = sum(one.rounds > 0 for one in tested)
    alpha = divide(options.alpha, len(tested) - long, long).fixed
    return {
        one.name: planned_rounds(one.rounds, alpha / long, options.rounds)
        for one in tested
        if one.rounds
    }
