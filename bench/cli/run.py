"""`python -m bench run`: the main job."""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console

from bench.cli.planning import understand
from bench.core.errors import BenchError, ExitStatus, NothingMeasuredError
from bench.core.lock import exclusive
from bench.core.verdict import Verdict
from bench.core.workspace import find_workspace
from bench.engine.environments.pair import Builder
from bench.engine.evaluation import evaluate
from bench.engine.session.plan import Plan
from bench.engine.session.session import Session
from bench.engine.session.watcher import Watcher
from bench.engine.store.run import Run
from bench.engine.testgate.run_gate import GateStep, PairGate
from bench.explain.counters.counting import CountersStep
from bench.explain.trace.of_run import PhasesStep
from bench.report.machine_readable import plan_document, result_document
from bench.report.screen.summary import describe_plan, print_differences, print_results
from bench.report.screen.watchers import make_watcher
from bench.report.stack.stack_tables import summary
from bench.validate.calibration.lookup import fitting, read_calibrations


def run_command(arguments: argparse.Namespace) -> ExitStatus:
    """Plan, build, measure, report; returns the exit status. Raises `BenchError`."""
    workspace = find_workspace()
    console = Console(stderr=arguments.json)
    with make_watcher() as watcher, exclusive(workspace.lock, shared=True):
        plan = understand(arguments, workspace, watcher, counters=arguments.counters)
        builder = Builder(plan.target, plan.pair, workspace, watcher.say, plan.repo, arguments.deps)
        ready = [(one, builder.is_cached(one)) for one in plan.interpreters]
        tests = arguments.tests and plan.target.tests is not None
        watcher.say(
            describe_plan(plan.target, plan.pair, plan.options, plan.benchmarks, ready, tests=tests)
        )
        if arguments.dry_run:
            if arguments.json:
                _print_json(
                    plan_document(plan.target, plan.pair, plan.options, plan.benchmarks, ready)
                )
            return ExitStatus.DONE
        runs, failures = _measure_all(plan, builder, watcher, tests=arguments.tests)
    if runs and not arguments.no_report:
        # Imported now: plotting takes a second to import, which is no part of the way to a sample.
        from bench.report.write import write_report  # noqa: PLC0415

        written = write_report(workspace)
        for problem in written.problems:
            watcher.say(f"bench: {problem}")
    calibrations = read_calibrations(workspace.data)
    for run in runs:
        print_results(console, run, fitting(run, calibrations))
    print_differences(console, runs)
    if runs and not arguments.no_report:
        page = written.page_of(runs[0])
        console.print(f"\nWrite-up: {page}", highlight=False, soft_wrap=True)
    if arguments.json:
        _print_json([result_document(run, fitting(run, calibrations)) for run in runs])
    return _status(runs, failures, fail_on=arguments.fail_on)


def _print_json(document: object) -> None:
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _measure_all(
    plan: Plan, builder: Builder, watcher: Watcher, *, tests: bool
) -> tuple[list[Run], list[BenchError]]:
    """Measure on each Python; what fails on one does not keep the others from being measured."""
    gate = PairGate(plan.target, plan.pair, plan.workspace, watcher.say, watcher.phase, plan.repo)
    session = Session(
        plan,
        watcher,
        before=(GateStep(gate if tests else None),),
        after=(CountersStep(watcher), PhasesStep(watcher, summary)),
    )
    runs: list[Run] = []
    failures: list[BenchError] = []
    for interpreter in plan.interpreters:
        watcher.say(f"Python {interpreter.version}")
        try:
            runs.append(session.run(interpreter, builder.build(interpreter)))
        except BenchError as error:
            if len(plan.interpreters) == 1:
                raise
            watcher.say(f"Python {interpreter.version}: {error}")
            failures.append(error)
    return runs, failures


def _status(runs: list[Run], failures: list[BenchError], *, fail_on: str | None) -> ExitStatus:
    if failures:
        measured = [one for one in failures if not isinstance(one, NothingMeasuredError)]
        return (measured or failures)[0].status
    if any(run.gate is not None and run.gate.newly_fails for run in runs):
        return ExitStatus.TESTS_FAILED
    slower = any(
        result.verdict is Verdict.SLOWER and not result.is_control
        for run in runs
        for result in evaluate(run).results
    )
    return ExitStatus.SLOWER if slower and fail_on == "slower" else ExitStatus.DONE
