"""Running a benchmark before measuring it: which design, and whether it works at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.building import build_pair
from support.sandbox import Sandbox, target_text

from bench.core.sample import Design, Metric, Side
from bench.core.target import Benchmark, parse_target
from bench.engine.environments.interpreters import Interpreter
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import Subject
from bench.engine.measure.probe import NotMeasurableError, probe
from bench.engine.measure.rounds import RoundTaker
from bench.engine.sandbox.folders import make_home
from bench.engine.sandbox.isolation import Isolation
from bench.engine.session.support import pyperf_folder


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
