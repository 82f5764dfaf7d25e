"""A pyperf script instead of a command: its imports are outside what it times and not ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.core.errors import NothingMeasuredError
from bench.core.sample import Design, Metric, Side
from bench.engine.measure.client import Invocation, Launcher
from bench.engine.measure.probe import NotMeasurableError, prepare_again, probe
from bench.engine.measure.rounds import RoundFailedError, RoundTaker
from bench.explain.counters.running import one_run
from bench.explain.profile.folded import Stacks, scaled
from bench.explain.profile.frames import Frame
from bench.explain.profile.processes import NotProfiledError
from bench.explain.rank.ranker import ScenarioRanker
from bench.explain.rank.ranking import Ranking

_RUNS = 5
_SEED = 1
_WORKER = ("--worker", "--worker-task", "0")
_LONGER = 4  # loops: so that few samples fall before what is timed
_TASK = "task_func"  # pyperf's, around what it times


@dataclass(frozen=True)
class ScenarioRuns:
    """Processes of a scenario: the one that is sampled, and one that does its work just once."""

    sampled: Invocation
    once: Invocation


def runs_of(ranker: ScenarioRanker) -> ScenarioRuns:
    """Those of a command or an import: both are its process."""
    invocation = ranker.subject.invocation(ranker.benchmark)
    return ScenarioRuns(invocation, invocation)


def rank_script(ranker: ScenarioRanker) -> tuple[Ranking, ScenarioRuns]:
    """The script's value, timed; all else of the ranking is empty. Raises `BenchError`."""
    subject, network = ranker.subject, ranker.network
    with ranker.step("clean timing runs"), Launcher(network.isolation) as launcher:
        taker = RoundTaker(launcher, network.cpus, _SEED, network)
        try:
            choice = probe(taker, ranker.benchmark, subject, subject, Design.PAIRS)
            by_cpu = prepare_again(
                ranker.benchmark, subject, subject, Design.DUET, choice.loops
            )  # its values are CPU time, as all else here
            samples = [taker.alone(by_cpu, Side.BASE, pin=True) for _ in range(_RUNS)]
        except (NotMeasurableError, RoundFailedError) as error:
            raise NothingMeasuredError(f"{ranker.benchmark.name}: {error}") from error
    value_s = median(one.measured(Metric.VALUE) for one in samples)
    ranking = Ranking(**ranker.common_fields(), process_s=value_s)
    return ranking, _workers(ranker, choice.loops)


def timed_part(runs: Sequence[Stacks], value_s: float) -> list[Stacks]:
    """Of sampled stacks what pyperf times, as milliseconds of one value of `value_s` seconds.

    Raises `NotProfiledError` where there is nothing of it.
    """
    found: list[Stacks] = []
    for stacks in runs:
        inside: dict[tuple[Frame, ...], float] = defaultdict(float)
        for stack, taken in stacks.items():
            names = [one.name.rpartition(".")[2].removesuffix("()") for one in stack]
            if _TASK in names:
                inside[stack[names.index(_TASK) + 1 :]] += taken
        if inside:
            found.append(scaled(inside, 1000.0 * value_s))
    if not found:
        raise NotProfiledError("no sample fell into what the script times")
    return found


def _workers(ranker: ScenarioRanker, loops: int) -> ScenarioRuns:
    """The script's worker with `loops` calls for a value; few samples fall before what it times."""

    subject, benchmark = ranker.subject, ranker.benchmark
    values = ("--warmups", "1", "--values", "3", "--loops", str(loops * _LONGER))
    sampled = subject.invocation(benchmark, (*_WORKER, "--pipe", "3", *values))
    return ScenarioRuns(sampled=sampled, once=one_run(subject, benchmark))
