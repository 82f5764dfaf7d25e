"""Which design and metric fit a benchmark, by what its processes did while it was probed.

Pure functions. Samples are base's and head's in turn; the probe takes them.
"""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from bench.core.result import CONTROL
from bench.core.sample import Design, Metric, Sample
from bench.core.target import Benchmark, Kind

_NO_PINNING = "this system cannot pin a process to a core"
# A process that waits for more than this share of its time, or keeps more cores than this busy, is
# not CPU-bound on one core: its CPU time is not what a user waits for.
_BLOCKED = 0.10
_SURELY_BLOCKED = 0.60
_BLOCKED_S = 0.002  # starting a process takes about this long in the kernel, on nobody's account
_PARALLEL = 1.10
# A process that computes and gets less than this share of a core shares it with others. Threads
# beside the first that have more than that share of its CPU time count.
_GIVEN, _SEVERAL = 0.90, 0.20
_TICKS_S = 0.02  # what children have used is told in ticks, of user and of system time
_CANNOT_TELL = "has several threads, and the machine is too busy to tell whether they work at once"
_SERVICE = "a service, asked by clients on another core: one side after the other"
_CONTAINER = "a container is waited for: its engine works on any core"
_LONG = "takes long, in parts by the clock: each side by itself"
_CPU_ALONE = 'metric = "cpu": what it waits for is not looked at'
_TRACKED = "what it returns is compared: each side by itself"
_MEMORY = "peak memory decides: each side by itself, on any core"


class Chosen(NamedTuple):
    """How the rounds of a benchmark are taken, what is compared of them, and why."""

    design: Design
    metric: Metric
    reason: str


def only_design(benchmark: Benchmark, wanted: Design | None, *, can_pin: bool) -> Chosen | None:
    """The design of a benchmark that has only one, whatever its samples would say."""
    if benchmark.name == CONTROL and can_pin and wanted is not Design.PAIRS:
        return Chosen(Design.DUET, Metric.CPU, "the bare interpreter only computes")
    if benchmark.container:
        return Chosen(Design.PAIRS, Metric.VALUE, _CONTAINER)
    if benchmark.service:
        return Chosen(Design.PAIRS, Metric.VALUE, _SERVICE)
    if benchmark.metric == "peak_rss":
        return Chosen(Design.PAIRS, Metric.PEAK_RSS, _MEMORY)
    if benchmark.rounds:
        return Chosen(Design.PAIRS, Metric.WALL, _LONG)
    if benchmark.is_tracked:
        return Chosen(Design.PAIRS, Metric.VALUE, _TRACKED)
    if benchmark.metric == "cpu" and can_pin and wanted is None:
        return Chosen(Design.DUET, Metric.CPU, _CPU_ALONE)
    return None


def as_asked(found: Chosen, wanted: Design | None, kind: Kind, *, can_pin: bool) -> Chosen:
    """What the probe found, unless another design is wanted."""
    design, metric, reason = found
    if wanted is Design.DUET and not can_pin:
        return Chosen(design, metric, f"duet was asked for, but {reason}")
    if wanted is not None and wanted is not design:
        reason = f"asked for with --design (the probe: {design}, since {reason})"
        return Chosen(wanted, _asked_metric(wanted, kind, metric), reason)
    return found


def _asked_metric(wanted: Design, kind: Kind, found: Metric) -> Metric:
    if kind is Kind.SCRIPT:
        return Metric.VALUE
    return Metric.CPU if wanted is Design.DUET else found


def choose(free: list[Sample], pinned: list[Sample], *, can_pin: bool) -> Chosen:
    """Design, metric and reason, from samples that ran alone: on any core, and on one core.

    The least waiting seen of a side counts: on a busy
    machine waiting comes and goes, but a process that sleeps does so each time.
    """
    parallel = max(sample.cpu_s / sample.wall_s for sample in free)
    blocked = _waiting(pinned)
    if parallel > _PARALLEL:
        return Chosen(Design.PAIRS, Metric.WALL, f"keeps {parallel:.1f} cores busy at once")
    if blocked > _BLOCKED:
        return Chosen(Design.PAIRS, Metric.WALL, f"waits for {blocked:.0%} of its time")
    if parallel < _GIVEN and max(map(_other_threads, free)) > _SEVERAL:
        return Chosen(Design.PAIRS, Metric.WALL, _CANNOT_TELL)
    if not can_pin:
        return Chosen(Design.PAIRS, Metric.CPU, _NO_PINNING)
    return Chosen(Design.DUET, Metric.CPU, f"CPU-bound on one core (waits for {blocked:.0%})")


def _other_threads(sample: Sample) -> float:
    """The share of the CPU time that certainly neither the first thread nor children had."""
    if sample.first_thread_s is None or not sample.cpu_s:
        return 0.0
    known_s = sample.first_thread_s + (sample.children_s or 0.0) + _TICKS_S
    return (sample.cpu_s - known_s) / sample.cpu_s


def choose_for_script(by_wall: list[Sample], by_cpu: list[Sample], *, can_pin: bool) -> Chosen:
    """The same for a script, from its values by wall clock and by CPU clock.

    All ran on one core. Where a thread's CPU time explains the wall
    time, it may stand for it; not so where a script sleeps, or has threads or children work for it.
    Time in which a process stood ready to run while others had the core is no waiting of its own.
    """
    return choose_by_share(_explained(by_wall, by_cpu), can_pin=can_pin)


def choose_by_share(explained: float, *, can_pin: bool) -> Chosen:
    """The same, from the share of a value that CPU time makes up, on the side where it is less."""
    if not can_pin:
        return Chosen(Design.PAIRS, Metric.VALUE, _NO_PINNING)
    if explained < 1 - _BLOCKED:
        reason = f"CPU time of its thread explains only {explained:.0%} of a value"
        return Chosen(Design.PAIRS, Metric.VALUE, reason)
    return Chosen(Design.DUET, Metric.VALUE, "CPU-bound: its thread's CPU time explains its values")


def is_in_doubt(pinned: list[Sample]) -> bool:
    """Whether more samples should say if it waits: a busy machine can look like it for a moment."""
    return _BLOCKED < _waiting(pinned) < _SURELY_BLOCKED


def is_script_in_doubt(by_wall: list[Sample], by_cpu: list[Sample]) -> bool:
    """The same of a script, from its values by both clocks."""
    return 1 - _SURELY_BLOCKED < _explained(by_wall, by_cpu) < 1 - _BLOCKED


def has_one_thread(sample: Sample) -> bool:
    """Whether nearly all its CPU time is one thread's: then it never kept two cores busy."""
    return (sample.first_thread_s or 0.0) * _PARALLEL >= sample.cpu_s


def round_s(metric: Metric, free: list[Sample]) -> float:
    """How long a round takes; of processes that only compute, whatever they had to wait for."""

    def lasts_s(sample: Sample) -> float:
        return sample.cpu_s if metric is Metric.CPU else sample.wall_s

    return sum(min(map(lasts_s, free[side::2])) for side in (0, 1))


def _explained(by_wall: list[Sample], by_cpu: list[Sample]) -> float:
    """The share of a value by wall clock that CPU time makes up, on the side where it is less.

    The values are of different processes, and the speed of a shared machine moves by a tenth from
    one to the next: of several the medians count, of a first one the least disturbed.
    """

    def share(side: int) -> float:
        cpu = [sample.measured(Metric.VALUE) for sample in by_cpu[side::2]]
        wall = [_undisturbed(sample) for sample in by_wall[side::2]]
        return median(cpu) / (median(wall) if len(cpu) > 1 else min(wall))

    return min(map(share, (0, 1)))


def _undisturbed(sample: Sample) -> float:
    """A value by wall clock, less the share that went to others on the same core."""
    queued = (sample.run_queue_s or 0.0) / sample.wall_s
    return sample.measured(Metric.VALUE) * (1 - queued)


def _waiting(pinned: list[Sample]) -> float:
    """The least share of waiting seen of each side; of the two, the larger."""
    return max(min(map(_waiting_share, pinned[side::2])) for side in (0, 1))


def _waiting_share(sample: Sample) -> float:
    """The part of the wall time in which the process neither ran nor stood ready to run."""
    waited = sample.wall_s - sample.cpu_s - (sample.run_queue_s or 0.0)
    return waited / sample.wall_s if waited > _BLOCKED_S else 0.0
