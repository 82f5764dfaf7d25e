"""A scenario as the detectors run it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.core.target import Benchmark, Kind
from bench.engine.environments.build import Environment
from bench.engine.measure.client import Invocation
from bench.engine.measure.invocations import control_benchmark
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import Runner
from bench.explain.rank.overlay import own_folders
from bench.explain.rank.rank import Ranking

_TIMEOUT_S = 300.0
_WORKER = ("--worker", "--worker-task", "0")
_PIPE = ("--pipe", "3")
_VALUES = 3
_LONGER = 4  # for samples: so that few of them fall before what is timed


@dataclass(frozen=True)
class Setting:
    """A scenario as it is run, and the package of which copies are made.

    `invocation` is its process under instruments that count, `timed` the same in rounds and for
    samples. `once` does the scenario's work no more than once. `bare` does none of it (of a script:
    as little as can be) and takes `bare_s` of CPU time where the other takes `process_s`. `folder`
    is for the copies. Of a pyperf script both are times of one value, not of its process.
    """

    environment: Environment
    own: tuple[Path, ...]
    folder: Path
    benchmark: Benchmark
    invocation: Invocation
    timed: Invocation
    once: Invocation
    bare: tuple[Benchmark, Invocation]
    runner: Runner
    process_s: float
    bare_s: float

    @property
    def is_script(self) -> bool:
        """Whether it is a pyperf script."""
        return self.benchmark.kind is Kind.SCRIPT


def setting_of(ranking: Ranking, process_s: float, bare_s: float) -> Setting:
    """The scenario of a ranking, a command or an import."""
    control = control_benchmark()
    invocation = ranking.subject.invocation(ranking.benchmark)
    return Setting(
        **_place(ranking),
        invocation=invocation,
        timed=invocation,
        once=invocation,
        bare=(control, ranking.subject.invocation(control)),
        process_s=process_s,
        bare_s=bare_s,
    )


def setting_of_script(ranking: Ranking, value_s: float, loops: int) -> Setting:
    """A script whose worker does `loops` calls for one value of `value_s` seconds a call."""

    def worker(*options: str) -> Invocation:
        invocation = ranking.subject.invocation(ranking.benchmark, (*_WORKER, *options))
        return replace(invocation, extra="")  # it prints what it measures

    counted = loops * (_VALUES + 1)  # with the warm-up
    timed = (*_WORKER, *_PIPE, *_options(loops * _LONGER))
    once = worker("--warmups", "0", "--values", "1", "--loops", "1")
    return Setting(
        **_place(ranking),
        invocation=worker(*_options(loops)),
        timed=ranking.subject.invocation(ranking.benchmark, timed),
        once=once,
        bare=(ranking.benchmark, once),
        process_s=value_s,
        bare_s=value_s / counted,
    )


def _options(loops: int) -> tuple[str, ...]:
    return ("--warmups", "1", "--values", str(_VALUES), "--loops", str(loops))


def _place(ranking: Ranking) -> dict[str, Any]:
    environment = ranking.environment
    return {
        "environment": environment,
        "own": own_folders(environment, own_packages(environment)),
        "folder": ranking.subject.home.with_name("tried"),
        "benchmark": ranking.benchmark,
        "runner": Runner(ranking.network.isolation, _TIMEOUT_S),
    }
