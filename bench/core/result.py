"""What can be said of each benchmark of a run: values that everything that shows results shares."""

from __future__ import annotations

import math

import msgspec

from bench.core.machine import Noise
from bench.core.sample import Design, Metric, Side
from bench.core.target import Benchmark
from bench.core.verdict import Interval, Verdict

# The bare interpreter on both sides: a benchmark of every run.
CONTROL = "python-startup"


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large a difference is, and which rounds say so; `error`: that of ln(ratio), standard."""

    interval: Interval
    design: Design
    metric: Metric
    rounds: int
    error: float = math.inf


class Wall(msgspec.Struct, frozen=True):
    """Wall time of rounds in which each side ran alone: medians in seconds, and their ratio."""

    base_s: float
    head_s: float
    interval: Interval
    rounds: int


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Peak resident memory of a process: medians in bytes, their ratio, and the verdict on it.

    `rounds` are those it rests on, of both designs; `mei` is the minimum effect it was judged by.
    A process is told to have at least the peak of the small one that starts it. `floor_bytes` is
    set where a side may be as small, so that a difference may be larger than it looks: then there
    is no "same".
    """

    base_bytes: int
    head_bytes: int
    verdict: Verdict
    interval: Interval
    p_value: float
    rounds: int
    mei: float
    floor_bytes: int = 0

    @property
    def is_told(self) -> bool:
        """Whether there is something to say beside a verdict on time."""
        return self.verdict in {Verdict.LESS_MEMORY, Verdict.MORE_MEMORY}


class Allocated(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that a process and its children ask for in all, where that was asked.

    `base` and `head`: one count a repeat. `verdict` is None where they do not repeat or could not
    be counted; `reason` then says why. `interval` spans all ratios of their counts; `mei` is the
    minimum effect it was judged by.
    """

    base: tuple[int, ...]
    head: tuple[int, ...]
    mei: float
    interval: Interval | None = None
    verdict: Verdict | None = None
    reason: str = ""


class Net(msgspec.Struct, frozen=True):
    """An import's cost net of the interpreter's start: CPU seconds and their ratio."""

    base_s: float
    head_s: float
    interval: Interval
    design: Design


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    """How both sides ended and what they printed, compared once before measuring.

    `differs` names what is not the same on both ("exit status", "standard output", "standard
    error"), `excerpt` shows the first lines that differ. `varying` are sides that do not print the
    same twice, so that nothing can be said of what they print.
    """

    differs: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()
    excerpt: str = ""


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """Rounds in which a side failed, of all that were tried; such rounds count on neither side."""

    base: int
    head: int
    tried: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark of a run. `verdict` is None when there is none; `reason` then says why.

    `mei` is the minimum effect of interest that it was judged by, as a fraction.
    What is not `available` has no figures; `works_on` are then the sides on which it works.
    `left_running` are processes that its processes left behind and that were ended.
    `only_inside`: a script's own values got faster, and the processes that took them did not.

    `base_s` and `head_s` are medians in seconds of the figure `size` rests on, in the rounds it
    rests on, so that they agree with it. `wall` is what a user waits for: wall time of rounds in
    which each side ran alone. `memory` is None where it was not judged (as in runs before format
    3), `allocated` where nobody asked for it. With `metric` PEAK_RSS the verdict, `interval` and
    `size` are those of memory, which `memory` has as well, and `base_s` and `head_s` are None.
    `noise` is the robust standard deviation of the log ratio of a deciding round. `contention` is
    by how many times a side used more CPU time in a duet than alone; where it is known, CPU times
    of duets are put right by it.
    """

    benchmark: Benchmark
    layer: str
    verdict: Verdict | None
    reason: str
    mei: float
    design: Design | None = None
    metric: Metric | None = None
    rounds: int = 0
    p_value: float | None = None
    interval: Interval | None = None
    size: Size | None = None
    base_s: float | None = None
    head_s: float | None = None
    wall: Wall | None = None
    net: Net | None = None
    memory: Memory | None = None
    allocated: Allocated | None = None
    noise: float | None = None
    contention: float | None = None
    base_rss_bytes: int | None = None
    head_rss_bytes: int | None = None
    disturbance: Noise | None = None
    large_effect: bool = False
    available: bool = True
    works_on: tuple[str, ...] = ()
    outputs: Outputs | None = None
    failures: Failures | None = None
    left_running: tuple[str, ...] = ()
    only_inside: bool = False

    @property
    def name(self) -> str:
        """The benchmark's name."""
        return self.benchmark.name

    @property
    def works_on_head_only(self) -> bool:
        """Whether head mended it, or has it and base has not."""
        return self.works_on == (Side.HEAD,)

    @property
    def is_of_memory(self) -> bool:
        """Whether its verdict is on memory and not on time."""
        return self.metric is Metric.PEAK_RSS

    @property
    def is_control(self) -> bool:
        """Whether this is the bare interpreter."""
        return self.name == CONTROL


class GroupMean(msgspec.Struct, frozen=True, kw_only=True):
    """How the benchmarks of a group changed together: the geometric mean of their ratios.

    `group` is "" for all of a run; the interval is one of 1 - `level`. `verdicts` counts those of
    the group; `left_out` names what has no size.
    """

    group: str
    interval: Interval
    level: float
    counted: tuple[str, ...]
    left_out: tuple[str, ...]
    verdicts: dict[str, int]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """All results of a run, in the order of its benchmarks; `level` is the final level of one.

    `exact_level` is that of benchmarks with a fixed number of rounds, where there are such beside
    others, and `memory_level` that of peak memory, where it is judged. Each interval is made at
    1 - its level, so that it says the same as the verdict. All of them hold together with
    probability 1 - alpha while nothing is rejected; after that only the family-wise error of the
    verdicts is controlled. `doubtful`: the control differs, so that what differs is not the project
    alone.
    """

    results: tuple[Result, ...]
    level: float
    family: int
    exact_level: float | None = None
    memory_level: float | None = None
    doubtful: bool = False
    means: tuple[GroupMean, ...] = ()

    @property
    def control(self) -> Result | None:
        """The bare interpreter's result."""
        return next((result for result in self.results if result.is_control), None)
