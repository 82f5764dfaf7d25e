"""Looking at a benchmark before measuring it: which design, and whether it works at all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support.building import build_pair
from support.sandbox import Sandbox, target_text

from bench.core.sample import Design, Metric, Sample, Side
from bench.core.target import Benchmark, parse_target
from bench.engine.environments.interpreters import Interpreter
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import Subject
from bench.engine.measure.probe import NotMeasurableError, choose, choose_for_script, probe
from bench.engine.measure.rounds import RoundTaker
from bench.engine.sandbox.folders import make_home
from bench.engine.sandbox.isolation import Isolation
from bench.engine.session.support import pyperf_folder


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


@pytest.fixture
def taker() -> Iterator[RoundTaker]:
    with Launcher(Isolation(network="open")) as launcher:
        yield RoundTaker(launcher, measuring_cpus(describe_machine()), seed=1)


@pytest.fixture
def subjects(sandbox: Sandbox, interpreter: Interpreter, tmp_path: Path) -> tuple[Subject, Subject]:
    """v1.0.0, and v1.2.0 that has no `sample-extra` and no `sample.extra`."""
    built = build_pair(sandbox, interpreter, "v1.0.0..v1.2.0")
    support = pyperf_folder(interpreter, sandbox.workspace)
    made = []
    for side in Side:
        home = make_home(tmp_path / side, None)
        made.append(
            Subject(
                environment=built.side(side),
                own={},
                home=home,
                support=support,
                suites=sandbox.workspace.suites,
            )
        )
    return made[0], made[1]


def declared(*lines: str) -> Benchmark:
    return parse_target(target_text("\n".join(('name = "x"', *lines)))).benchmark[0]


def test_sleeping_command_is_measured_by_wall_time(
    taker: RoundTaker, subjects: tuple[Subject, Subject]
) -> None:
    found = probe(taker, declared('command = ["sample", "sleep", "0.3"]'), *subjects, None)
    assert (found.design, found.metric) == (Design.PAIRS, Metric.WALL)
    assert "waits for" in found.reason


def test_cpu_time_decides_a_command_that_waits_where_that_is_asked_for(
    taker: RoundTaker, subjects: tuple[Subject, Subject]
) -> None:
    sleeps = declared('command = ["sample", "sleep", "0.1"]\nmetric = "cpu"')
    found = probe(taker, sleeps, *subjects, None)
    assert (found.design, found.metric) == (Design.DUET, Metric.CPU)
    assert taker.take(found.sides, found.design, 0, pin=True).base.wall_s > 0.1


def test_wanted_design_wins_and_the_reason_says_so(
    taker: RoundTaker, subjects: tuple[Subject, Subject]
) -> None:
    sleeps = declared('command = ["sample", "sleep", "0.1"]')
    found = probe(taker, sleeps, *subjects, Design.DUET)
    assert (found.design, found.metric) == (Design.DUET, Metric.CPU)
    assert found.reason.startswith("asked for with --design (the probe: pairs, since waits")


# what is declared → the sides that fail, and what is said
FAILURES = {
    'command = ["sample", "fail"]': (["base", "head"], "exit status 1: sample: no such luck"),
    'command = ["sample-extra"]': (["head"], "no command 'sample-extra' in this revision"),
    'command = ["no-such-command"]': (["base", "head"], "no command 'no-such-command'"),
    'import = "sample.extra"': (["head"], "exit status 1: ModuleNotFoundError: No module named"),
    'import = "from sample.extra import main"': (["head"], "No module named 'sample.extra'"),
    'import = "not python at all"': (["base", "head"], "SyntaxError"),
    'import = "sample.cli"\nneeds = ["sample.extra"]': (["head"], "no module sample.extra"),
    'import = "sample.cli"\nneeds = ["gone.deep.down"]': (["base", "head"], "not present in this"),
    'command = ["sample", "sleep", "60"]\ntimeout_s = 0.5': (["base", "head"], "still running"),
    'command = ["python", "-c", "import os; os.abort()"]': (["base", "head"], "killed by signal 6"),
    'command = ["sample", "burn", "0"]\nexit_status = 2': (["base", "head"], "exit status 0"),
}


@pytest.mark.parametrize("lines", FAILURES)
def test_what_fails_is_never_timed(
    taker: RoundTaker, subjects: tuple[Subject, Subject], lines: str
) -> None:
    sides, message = FAILURES[lines]
    with pytest.raises(NotMeasurableError) as raised:
        probe(taker, declared(lines), *subjects, None)
    assert sorted(raised.value.sides) == sides
    # What a benchmark declares to be missing in some revisions is not broken there.
    assert raised.value.works == (("base",) if sides == ["head"] and "needs" not in lines else ())
    assert message in str(raised.value)


SCRIPT = """
import pyperf, sys, time
runner = pyperf.Runner()
if __name__ == "__main__":
    runner.bench_func("x", {body})
"""


def write_script(sandbox: Sandbox, body: str) -> Benchmark:
    file = sandbox.workspace.suites / "bm_x" / "run_benchmark.py"
    file.parent.mkdir(parents=True)
    file.write_text(SCRIPT.format(body=body), encoding="utf-8")
    return declared('script = "x"')


def test_script_that_computes(
    taker: RoundTaker, subjects: tuple[Subject, Subject], sandbox: Sandbox
) -> None:
    found = probe(taker, write_script(sandbox, "sum, range(20000)"), *subjects, None)
    assert found.metric is Metric.VALUE
    assert found.loops >= 1
    taken = taker.take(found.sides, found.design, 0, pin=True)
    assert len(taken.base.values_s) == len(taken.head.values_s) == 3
    assert min(taken.base.values_s + taken.head.values_s) > 0


def test_cpu_clock(taker: RoundTaker, subjects: tuple[Subject, Subject], sandbox: Sandbox) -> None:
    """pyperf takes the clock that cpu_clock.py puts in place of its own: sleeping costs nothing."""
    sleeps = write_script(sandbox, "time.sleep, 0.02")
    found = probe(taker, sleeps, *subjects, None)
    assert (found.design, found.metric) == (Design.PAIRS, Metric.VALUE)
    by_wall = taker.take(found.sides, Design.PAIRS, 0, pin=True)
    assert min(by_wall.base.values_s) >= 0.02
    found = probe(taker, sleeps, *subjects, Design.DUET)
    by_cpu = taker.take(found.sides, Design.DUET, 0, pin=True)
    assert max(by_cpu.base.values_s + by_cpu.head.values_s) < 0.01


@pytest.mark.parametrize("body", ["sys.exit, 3", "print, undefined"])
def test_script_that_fails(
    taker: RoundTaker, subjects: tuple[Subject, Subject], sandbox: Sandbox, body: str
) -> None:
    with pytest.raises(NotMeasurableError, match="exit status"):
        probe(taker, write_script(sandbox, body), *subjects, None)


def test_script_of_two_benchmarks_is_refused(
    taker: RoundTaker, subjects: tuple[Subject, Subject], sandbox: Sandbox
) -> None:
    """A worker runs the first alone: nobody would know what was measured."""
    two = write_script(sandbox, 'sum, range(9)); runner.bench_func("y", sum, range(9)')
    with pytest.raises(NotMeasurableError, match="has several pyperf benchmarks \\(x, y, …\\)"):
        probe(taker, two, *subjects, None)


def test_script_that_writes_no_result(
    taker: RoundTaker, subjects: tuple[Subject, Subject], sandbox: Sandbox
) -> None:
    broken = write_script(sandbox, "print")
    script = sandbox.workspace.suites / "bm_x" / "run_benchmark.py"
    script.write_text("print('hello')\n", encoding="utf-8")
    with pytest.raises(NotMeasurableError, match="wrote no result"):
        probe(taker, broken, *subjects, None)
