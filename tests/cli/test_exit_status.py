"""`--fail-on slower`: what counts as a regression."""

from __future__ import annotations

import pytest
from support.runs import ended, made_up, probed, rounds

from bench.cli.run import _status
from bench.core.errors import ExitStatus, NothingMeasuredError, UsageError
from bench.core.result import CONTROL
from bench.core.verdict import Verdict
from bench.engine.evaluation import evaluate
from bench.engine.store.events import Event
from bench.report.select_runs import Evaluated

QUICK, SLOW = [0.1 + i / 1e4 for i in range(20)], [0.2 + i / 1e4 for i in range(20)]


def measured(name: str, head: list[float]) -> list[Event]:
    return [probed(name), *rounds(name, QUICK, head), ended(name)]


# head of the control, head of the benchmark, --fail-on → status
CASES = [
    (QUICK, SLOW, "slower", ExitStatus.SLOWER),
    (QUICK, SLOW, None, ExitStatus.DONE),
    (QUICK, QUICK, "slower", ExitStatus.DONE),
    # The control is the same interpreter on both sides, and outside of the error rate of the run.
    (SLOW, QUICK, "slower", ExitStatus.DONE),
]


@pytest.mark.parametrize(("control", "work", "fail_on", "status"), CASES)
def test_only_benchmarks_can_fail_a_run(
    control: list[float], work: list[float], fail_on: str | None, status: ExitStatus
) -> None:
    run = made_up([*measured(CONTROL, control), *measured("work", work)], "work")
    one = Evaluated(run, evaluate(run))
    verdicts = [result.verdict is Verdict.SLOWER for result in one.evaluation.results]
    assert verdicts == [control is SLOW, work is SLOW]
    assert _status([one], [], fail_on=fail_on) is status


def test_failure_of_one_python_counts_more() -> None:
    """A revision that can't be built matters more than one where nothing could be measured."""
    nothing, usage = NothingMeasuredError("none"), UsageError("what")
    assert _status([], [nothing], fail_on=None) is ExitStatus.NOTHING_MEASURED
    assert _status([], [nothing, usage], fail_on="slower") is ExitStatus.USAGE
