"""Which design and metric fit a benchmark, by the samples of its probe."""

from __future__ import annotations

import random

import msgspec
import pytest
from support.sandbox import target_text

from bench.core.result import CONTROL
from bench.core.sample import Design, Metric, Sample
from bench.core.target import Benchmark, Kind, parse_target
from bench.engine.measure.design_choice import (
    Chosen,
    as_asked,
    choose,
    choose_for_script,
    is_in_doubt,
    is_script_in_doubt,
    only_design,
    round_s,
)


def sample(wall: float, cpu: float, queue: float | None = 0.0, value: float = 0.0) -> Sample:
    return Sample(
        wall_s=wall, user_s=cpu, system_s=0.0, peak_rss_bytes=1, minor_faults=0, major_faults=0,
        voluntary_switches=0, involuntary_switches=0, run_queue_s=queue, values_s=(value,),
    )  # fmt: skip


BUSY = sample(1.0, 0.99)
WAITED_IN_LINE = sample(2.0, 0.99, 1.0)
SLEPT = sample(1.0, 0.2)
THREADS = sample(1.0, 1.9)
QUICK = sample(0.0025, 0.001)  # the kernel's part of starting a process is on nobody's account
STARVED = msgspec.structs.replace(sample(2.0, 0.99, 1.0), first_thread_s=0.1)
ITS_CHILD = msgspec.structs.replace(STARVED, children_s=0.88)
UNTOLD = sample(1.0, 0.99, None)

# free and pinned samples (base, head, …), whether there is pinning → design, metric, reason
CHOICES = {
    "busy": ([BUSY, BUSY], [BUSY, BUSY], True, Design.DUET, Metric.CPU, "CPU-bound"),
    "busy among others": ([WAITED_IN_LINE] * 2, [WAITED_IN_LINE] * 2, True, Design.DUET,
                          Metric.CPU, "CPU-bound"),
    "quick": ([QUICK] * 2, [QUICK] * 2, True, Design.DUET, Metric.CPU, "CPU-bound"),
    "no schedstat": ([UNTOLD] * 2, [UNTOLD] * 2, True, Design.DUET, Metric.CPU, "CPU-bound"),
    "no pinning": ([BUSY] * 2, [BUSY] * 2, False, Design.PAIRS, Metric.CPU, "cannot pin"),
    "sleeps": ([SLEPT] * 2, [SLEPT] * 2, True, Design.PAIRS, Metric.WALL, "waits for 80%"),
    "head sleeps": ([BUSY, SLEPT], [BUSY, SLEPT], True, Design.PAIRS, Metric.WALL, "waits"),
    "slept once": ([BUSY] * 2, [SLEPT, BUSY, BUSY, BUSY], True, Design.DUET, Metric.CPU, "CPU"),
    "threads": ([BUSY, THREADS], [BUSY] * 2, True, Design.PAIRS, Metric.WALL, "1.9 cores"),
    "threads in line": ([STARVED] * 2, [WAITED_IN_LINE] * 2, True, Design.PAIRS, Metric.WALL,
                        "several threads"),
    "a child in line": ([ITS_CHILD] * 2, [WAITED_IN_LINE] * 2, True, Design.DUET, Metric.CPU,
                        "CPU-bound"),
    "threads, no pinning": ([THREADS] * 2, [BUSY] * 2, False, Design.PAIRS, Metric.WALL, "cores"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHOICES)
def test_choice(case: str) -> None:
    free, pinned, can_pin, design, metric, reason = CHOICES[case]
    found = choose(free, pinned, can_pin=can_pin)
    assert found[:2] == (design, metric)
    assert reason in found[2]


SCRIPT_CHOICES = [
    (1.0, 0.99, True, Design.DUET),
    (1.0, 0.80, True, Design.PAIRS),
    (1.0, 0.99, False, Design.PAIRS),
]


@pytest.mark.parametrize(("wall", "cpu", "can_pin", "design"), SCRIPT_CHOICES)
def test_choice_for_a_script(wall: float, cpu: float, can_pin: bool, design: Design) -> None:  # noqa: FBT001
    by_wall, by_cpu = [sample(1, 1, value=wall)] * 4, [sample(1, 1, value=cpu)] * 2
    found = choose_for_script(by_wall, by_cpu, can_pin=can_pin)
    assert found[:2] == (design, Metric.VALUE)


def test_a_script_that_waited_in_line_is_not_taken_for_one_that_sleeps() -> None:
    """On a busy machine values by wall clock hold what others used; that is no waiting."""
    in_line, alone = sample(2.0, 1.0, 1.0, value=2.0), [sample(1.0, 1.0, value=0.99)] * 2
    found = choose_for_script([in_line] * 4, alone, can_pin=True)
    assert found[:2] == (Design.DUET, Metric.VALUE)


@pytest.mark.parametrize(("own", "design"), [(1.0, Design.DUET), (0.7, Design.PAIRS)])
def test_a_machine_whose_speed_moves_does_not_decide_for_a_script(
    own: float, design: Design
) -> None:
    """Looked at four times, with values that move by 5% from process to process."""
    draw = random.Random(7)

    def values(share: float, count: int) -> list[Sample]:
        return [sample(1, 1, value=share * draw.lognormvariate(0, 0.05)) for _ in range(count)]

    found = [
        choose_for_script(values(1.0, 10), values(own, 8), can_pin=True)[0] for _ in range(400)
    ]
    assert found.count(design) >= 385


def declared(lines: str, name: str = "x") -> Benchmark:
    return parse_target(target_text(f'name = "{name}"\n{lines}')).benchmark[0]


COMMAND = 'command = ["sample"]'
# what is declared, the design asked for, whether there is pinning → design and metric
ONLY = [
    (COMMAND, None, True, None),
    (f'{COMMAND}\nmetric = "cpu"', None, True, (Design.DUET, Metric.CPU)),
    (f'{COMMAND}\nmetric = "cpu"', None, False, None),
    (f'{COMMAND}\nmetric = "cpu"', Design.PAIRS, True, None),
    (f'{COMMAND}\nmetric = "peak_rss"', Design.DUET, True, (Design.PAIRS, Metric.PEAK_RSS)),
]


@pytest.mark.parametrize(("lines", "wanted", "can_pin", "expected"), ONLY)
def test_a_benchmark_that_has_only_one_design(
    lines: str,
    wanted: Design | None,
    can_pin: bool,  # noqa: FBT001
    expected: tuple[Design, Metric] | None,
) -> None:
    found = only_design(declared(lines), wanted, can_pin=can_pin)
    assert (found and found[:2]) == expected


def test_the_control_is_a_duet_unless_pairs_are_wanted_or_nothing_can_be_pinned() -> None:
    control = msgspec.structs.replace(declared(COMMAND), name=CONTROL)
    found = only_design(control, None, can_pin=True)
    assert found is not None
    assert found[:2] == (Design.DUET, Metric.CPU)
    assert only_design(control, Design.PAIRS, can_pin=True) is None
    assert only_design(control, None, can_pin=False) is None


SLEEPS, COMPUTES = (
    Chosen(Design.PAIRS, Metric.WALL, "waits"),
    Chosen(Design.DUET, Metric.CPU, "computes"),
)


def test_what_is_asked_for_wins_where_it_can_be_done() -> None:
    assert as_asked(SLEEPS, None, Kind.COMMAND, can_pin=True) == SLEEPS
    assert as_asked(COMPUTES, Design.DUET, Kind.COMMAND, can_pin=True) == COMPUTES
    asked = "asked for with --design (the probe: "
    found = as_asked(SLEEPS, Design.DUET, Kind.COMMAND, can_pin=True)
    assert found == (Design.DUET, Metric.CPU, f"{asked}pairs, since waits)")
    found = as_asked(COMPUTES, Design.PAIRS, Kind.COMMAND, can_pin=True)
    assert found == (Design.PAIRS, Metric.CPU, f"{asked}duet, since computes)")
    found = as_asked(SLEEPS, Design.DUET, Kind.SCRIPT, can_pin=True)
    assert found[:2] == (Design.DUET, Metric.VALUE)
    found = as_asked(SLEEPS, Design.DUET, Kind.COMMAND, can_pin=False)
    assert found == (Design.PAIRS, Metric.WALL, "duet was asked for, but waits")


def test_samples_are_in_doubt_between_surely_busy_and_surely_asleep() -> None:
    perhaps = sample(1.0, 0.7)
    assert [is_in_doubt([one] * 2) for one in (BUSY, perhaps, SLEPT)] == [False, True, False]
    assert is_in_doubt([BUSY, perhaps])
    assert not is_in_doubt([BUSY, perhaps, BUSY, BUSY])  # it did not wait the second time
    by_wall = [sample(1, 1, value=1.0)] * 2
    doubts = [is_script_in_doubt(by_wall, [sample(1, 1, value=x)] * 2) for x in (0.99, 0.7, 0.2)]
    assert doubts == [False, True, False]


def test_a_round_takes_as_long_as_the_quickest_of_both_sides() -> None:
    free = [sample(2.0, 0.9), sample(3.0, 1.0), sample(1.0, 0.8), sample(4.0, 1.1)]
    assert round_s(Metric.WALL, free) == pytest.approx(1.0 + 3.0)
    assert round_s(Metric.CPU, free) == pytest.approx(0.8 + 1.0)
