"""Several benchmarks are measured at once, each lane on its core; what needs the machine has it."""

from __future__ import annotations

import itertools
import os
import signal
import time

import pytest
from support.launching import children_of, ends
from support.sandbox import TIMING_ONLY, Sandbox, target_text

from bench.core.result import CONTROL
from bench.core.sample import Design, Metric, Round
from bench.engine.store.events import Ended, Opened
from bench.engine.store.run import Run

several = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core, one lane")

BENCHMARKS = (
    'name = "work"\ncommand = ["sample", "work"]',
    'name = "more"\ncommand = ["sample", "work"]',
    'name = "import"\nimport = "sample.cli"',
    'name = "sleeps"\ncommand = ["sample", "sleep", "0.05"]',
)
OPTIONS = (*TIMING_ONLY, "--rounds", "12", "--budget", "60", "--mei", "0.0001")


@pytest.fixture
def target(sandbox: Sandbox) -> Sandbox:
    sandbox.write_target(target_text(*BENCHMARKS))
    return sandbox


def measure(sandbox: Sandbox, *more: str) -> Run:
    sandbox.bench("run", "sample", "v1.0.0..v1.0.1", "--repo", sandbox.repository, *OPTIONS, *more,
                  status=0)  # fmt: skip
    (run,) = sandbox.runs
    return run


def all_rounds(run: Run) -> list[Round]:
    names = [one.declaration.name for one in run.manifest.benchmarks]
    return [taken for name in names for taken in run.rounds(name)]


def span(taken: Round) -> tuple[float, float]:
    """When it surely ran: from its start for as long as its processes took."""
    walls = (taken.base.wall_s, taken.head.wall_s)
    took_s = max(walls) if taken.design is Design.DUET else sum(walls)
    return taken.started_at, taken.started_at + took_s


def overlapping(rounds: list[Round]) -> list[tuple[Round, Round]]:
    return [
        (one, other)
        for one, other in itertools.combinations(rounds, 2)
        if span(one)[0] < span(other)[1] and span(other)[0] < span(one)[1]
    ]


@several
def test_each_lane_has_its_core_and_what_waits_has_the_machine(target: Sandbox) -> None:
    run = measure(target)
    rounds = all_rounds(run)
    beside = overlapping(rounds)
    assert beside, "rounds of different benchmarks are taken at the same time"
    assert all(one.cpu != other.cpu for one, other in beside)
    assert not [pair for pair in beside for taken in pair if taken.cpu is None]
    sleeps = run.probed("sleeps")
    assert sleeps is not None
    assert sleeps.metric is Metric.WALL
    assert {taken.cpu for taken in run.rounds("sleeps")} == {None}
    assert {taken.cpu for taken in rounds} - {None} == set(run.manifest.cpus)
    (opened,) = [event for event in run.events if isinstance(event, Opened)]
    assert opened.lanes == len(run.manifest.cpus)
    last = [event for event in run.events if isinstance(event, Ended)][-1]
    assert last.benchmark == "sleeps", "what needs the machine comes last"


@several
def test_the_last_benchmark_is_measured_on_all_lanes(target: Sandbox) -> None:
    run = measure(target, "--benchmark", "work", "--rounds", "30", "--quick")
    taken = run.rounds("work")
    assert {one.cpu for one in taken} == set(run.manifest.cpus)
    beside = overlapping(taken)
    assert beside
    assert all(one.cpu != other.cpu for one, other in beside)
    for design in Design:
        indices = [one.index for one in taken if one.design is design]
        assert indices == list(range(len(indices)))
    assert len(run.rounds(CONTROL)) <= 28 + 6, "a quick run looks at the control for a moment"


def test_one_lane_does_one_thing_at_a_time(target: Sandbox) -> None:
    run = measure(target, "--lanes", "1", "--rounds", "6")
    assert not overlapping(all_rounds(run))
    assert [event.lanes for event in run.events if isinstance(event, Opened)] == [1]


@several
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_on_two_lanes_it_goes_on_with_one(
    target: Sandbox, number: signal.Signals
) -> None:
    words = ("run", "sample", "v1.0.0..v1.0.1", "--repo", target.repository, *OPTIONS)
    with target.start(*words) as process:
        deadline = time.monotonic() + 120
        while not any(one.rounds("work") and one.rounds("more") for one in target.runs):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        children = children_of(process.pid)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in errors
    assert not [child for child in children if not ends(child)]
    (before,) = target.runs
    after = measure(target, "--lanes", "1")
    assert after.manifest == before.manifest
    assert after.events[: len(before.events)] == before.events
    assert [one.lanes for one in after.events if isinstance(one, Opened)] == [2, 1]
    assert after.closed is not None
    for name in ("work", "more", "import", "sleeps", CONTROL):
        assert after.ended(name) is not None
