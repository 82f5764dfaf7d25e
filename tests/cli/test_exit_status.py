"""`--fail-on`: what counts as a regression."""

from __future__ import annotations

import pytest
from support.runs import ended, made_up, probed, rounds

from bench.cli.arguments import failing_verdicts
from bench.cli.run import _status
from bench.core.errors import ExitStatus, NothingMeasuredError, UsageError
from bench.core.result import CONTROL
from bench.core.verdict import Verdict
from bench.engine.evaluation import evaluate
from bench.engine.store.events import Event, Unavailable
from bench.report.select_runs import Evaluated

QUICK, SLOW = [0.1 + i / 1e4 for i in range(20)], [0.2 + i / 1e4 for i in range(20)]


def measured(name: str, head: list[float]) -> list[Event]:
    return [probed(name), *rounds(name, QUICK, head), ended(name)]


# head of the control, head of the benchmark, --fail-on → status
CASES = [
    (QUICK, SLOW, "slower", ExitStatus.SLOWER),
    (QUICK, SLOW, "", ExitStatus.DONE),
    (QUICK, QUICK, "slower", ExitStatus.DONE),
    # The control is the same interpreter on both sides, and outside of the error rate of the run.
    (SLOW, QUICK, "slower", ExitStatus.DONE),
    (QUICK, SLOW, "broken", ExitStatus.DONE),
    (QUICK, SLOW, "slower,broken", ExitStatus.SLOWER),
]


@pytest.mark.parametrize(("control", "work", "fail_on", "status"), CASES)
def test_only_benchmarks_can_fail_a_run(
    control: list[float], work: list[float], fail_on: str, status: ExitStatus
) -> None:
    run = made_up([*measured(CONTROL, control), *measured("work", work)], "work")
    one = Evaluated(run, evaluate(run))
    verdicts = [result.verdict is Verdict.SLOWER for result in one.evaluation.results]
    assert verdicts == [control is SLOW, work is SLOW]
    wanted = failing_verdicts(fail_on) if fail_on else []
    assert _status([one], [], wanted, print) is status


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [("slower", 7), ("broken", 7), ("slower, broken", 7), ("", 0)],
)
def test_broken_benchmark_fails_a_run(fail_on: str, status: int) -> None:
    """Whoever asks about slower in CI expects a crash to count: it is said which status and why."""
    gone = Unavailable("gone", ("head",), "exit status 1", works=("base",))
    run = made_up([*measured("work", SLOW), gone], "work", "gone")
    said: list[str] = []
    wanted = failing_verdicts(fail_on) if fail_on else []
    assert _status([Evaluated(run, evaluate(run))], [], wanted, said.append) == status
    assert said == (["Exit status 7: broken on head: gone."] if status else [])


def test_failure_of_one_python_counts_more() -> None:
    """A revision that can't be built matters more than one where nothing could be measured."""
    nothing, usage = NothingMeasuredError("none"), UsageError("what")
    assert _status([], [nothing], [], print) is ExitStatus.NOTHING_MEASURED
    assert _status([], [nothing, usage], [Verdict.SLOWER], print) is ExitStatus.USAGE
