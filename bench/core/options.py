"""What the user chose for a run."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bench.core.sample import Design
from bench.core.target import Benchmark

PACKAGES = "packages"
SPLIT = "split"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Statistical and practical choices of a run; part of what a run must share to be resumed.

    `alpha`: family-wise error rate of a run; `mei`: minimum effect of interest as a fraction,
    `mei_memory` that of peak memory;
    `budget_s`: seconds of measuring for a benchmark; `rounds`: the most rounds a verdict may take;
    `design`: None lets each benchmark be probed; `benchmarks`: patterns of names, empty for all;
    `dependencies`: whose third-party versions are installed; "packages" compares base with itself,
    its own packages with those of head, and "head" base so changed with head.
    `counters`: what commands and imports do is counted after the timing; `allocated`: the bytes
    they ask for are counted twice, whatever the budget of counting; `series`: the id of the
    series this run is a point of, empty for a pair by itself; `block` the fleet and the number of
    the block this run is, empty for one that no fleet asked for.
    """

    alpha: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.05
    mei: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.02
    mei_memory: Annotated[float, msgspec.Meta(gt=0, le=100)] = 0.02
    budget_s: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    rounds: Annotated[int, msgspec.Meta(ge=1, le=2**31)] = 160
    design: Design | None = None
    benchmarks: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    dependencies: str = "own"
    counters: bool = True
    allocated: bool = False
    series: str = ""
    block: str = ""

    def mei_of(self, benchmark: Benchmark) -> float:
        """The minimum effect of interest of what decides a benchmark: its own, or the run's."""
        if benchmark.metric == "peak_rss":
            return self.mei_memory_of(benchmark)
        return benchmark.mei or self.mei

    def mei_memory_of(self, benchmark: Benchmark) -> float:
        """That of its peak memory."""
        return benchmark.mei_memory or self.mei_memory

    def allocated_of(self, benchmark: Benchmark) -> bool:
        """Whether the bytes it asks for are to be counted exactly."""
        return benchmark.is_started and (benchmark.allocated or self.allocated)
