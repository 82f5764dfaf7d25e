"""A pyperf script instead of a command: imports lie outside what it times, so none is ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from bench.core.errors import NothingMeasuredError
from bench.core.sample import Design, Metric, Side
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.measure.client import Launcher
from bench.engine.measure.probe import NotMeasurableError, prepare_again, probe
from bench.engine.measure.rounds import Bench, RoundFailedError
from bench.explain.patterns.setting import Setting, setting_of_script
from bench.explain.profile.folded import Stacks, scaled
from bench.explain.profile.frames import Frame
from bench.explain.profile.processes import NotProfiledError
from bench.explain.rank.analysis import FORMAT, Analysis
from bench.explain.rank.rank import Ranking

_RUNS = 5
_SEED = 1
TASK = "task_func"  # pyperf's, around what it times


def analyse_script(ranking: Ranking) -> tuple[Analysis, Setting]:
    """The script's value, timed; all else of the analysis is empty. Raises `BenchError`."""
    subject = ranking.subject
    with ranking.step("clean timing runs"), Launcher(ranking.network.isolation) as launcher:
        bench = Bench(launcher, ranking.network.cpus, _SEED, ranking.network)
        try:
            choice = probe(bench, ranking.benchmark, subject, subject, Design.PAIRS)
            by_cpu = prepare_again(
                ranking.benchmark, subject, subject, Design.DUET, choice.loops
            )  # its values are CPU time, as all else here
            samples = [bench.alone(by_cpu, Side.BASE, pin=True) for _ in range(_RUNS)]
        except (NotMeasurableError, RoundFailedError) as error:
            raise NothingMeasuredError(f"{ranking.benchmark.name}: {error}") from error
    value_s = median(one.measured(Metric.VALUE) for one in samples)
    return _nothing_but(ranking, value_s), setting_of_script(ranking, value_s, choice.loops)


def timed_part(runs: Sequence[Stacks], value_s: float) -> list[Stacks]:
    """Of sampled stacks what pyperf times, as milliseconds of one value of `value_s` seconds.

    Raises `NotProfiledError` where there is nothing of it.
    """
    found: list[Stacks] = []
    for stacks in runs:
        inside: dict[tuple[Frame, ...], float] = defaultdict(float)
        for stack, taken in stacks.items():
            names = [one.name.rpartition(".")[2].removesuffix("()") for one in stack]
            if TASK in names:
                inside[stack[names.index(TASK) + 1 :]] += taken
        if inside:
            found.append(scaled(inside, 1000.0 * value_s))
    if not found:
        raise NotProfiledError("no sample fell into what the script times")
    return found


def _nothing_but(ranking: Ranking, value_s: float) -> Analysis:
    return Analysis(
        format=FORMAT,
        target=ranking.target.name,
        python=ranking.python,
        made_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        machine=describe_machine(),
        environment=ranking.environment.record,
        scenario=ranking.benchmark,
        runs=_RUNS,
        exact=False,
        process_s=value_s,
        bare_s=0.0,
        imports_s=0.0,
        modules=0,
        statements=0,
        candidates=0,
        everything_s=0.0,
        best_s=0.0,
        findings=(),
        small=0,
        packages=(),
        kept=(),
        top_level=(),
        checks=(),
        nodes=(),
        edges=(),
        patch="",
        steps_s=ranking.steps_s,
    )
