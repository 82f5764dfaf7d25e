"""`python -m bench run`: the main job."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rich.console import Console

from bench.cli.arguments import (
    RANGE_HELP,
    add_choice,
    add_dependencies,
    add_keywords,
    add_lanes,
    add_no_report,
    add_pythons,
    add_target,
    count,
    describe,
    failing_verdicts,
    fraction,
    positive,
    status_of,
    wrapped,
)
from bench.cli.planning import understand
from bench.cli.split import RunPart, parts_of
from bench.core.errors import BenchError, ExitStatus, NoPackageError, NothingMeasuredError
from bench.core.options import PACKAGES, SPLIT, Options
from bench.core.sample import Design
from bench.core.verdict import Verdict
from bench.core.workspace import find_workspace
from bench.engine.environments.at_once import build_all
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Dependencies, Environments
from bench.engine.session.open_run import RunStep
from bench.engine.session.plan import Plan
from bench.engine.session.session import Session
from bench.engine.session.unreported import mark_reported
from bench.engine.session.watcher import Watcher
from bench.engine.store.run import Run
from bench.engine.testgate.run_gate import GateStep, PairGate
from bench.report.machine_readable import plan_document, result_document
from bench.report.pair.split_section import splits_of
from bench.report.screen.summary import (
    ResultsStep,
    describe_plan,
    print_end,
    print_remarks,
    print_splits,
)
from bench.report.screen.watchers import make_watcher
from bench.report.select_runs import Evaluated
from bench.validate.calibration.lookup import fitting, read_calibrations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A pair or a series of them, how it is measured, and what is done besides."""
    describe(
        parser,
        "Measure a target's benchmarks on two revisions, base and head, and decide for each "
        "whether head is faster, slower or the same. Samples go to data/, the write-up to "
        "results/. The same command resumes a run that was interrupted.",
        "run codeflash 0.20.5..0.20.6 --python 3.13",
        "run rich main~1..main --repo ~/rich --group import --quick",
        "run rich 13.0.0..15.0.0 --tags",
    )
    add_target(parser, RANGE_HELP)
    what = parser.add_argument_group("what is measured")
    what.add_argument(
        "--worktree",
        action="store_true",
        help="measure the working tree: untracked files included, ignored ones not. RANGE is then "
        "its base (default: HEAD), and `--worktree` the same as HEAD..",
    )
    add_pythons(what)
    add_choice(what)
    add_keywords(what)
    add_dependencies(
        what,
        {
            PACKAGES: "compare base with itself, its own third-party versions with those of head",
            SPLIT: "do both packages and head, and tell the project's own part of the change from "
            "that of third-party packages",
        },
    )
    _add_how(parser.add_argument_group("how it is measured"))
    _add_steps(parser.add_argument_group("steps and output"))
    history = parser.add_argument_group(
        "history",
        wrapped(
            "Measure a series of revisions from base to head, each against base, without tests "
            "and counters. The same command resumes the series."
        ),
    )
    several = history.add_mutually_exclusive_group()
    several.add_argument(
        "--every", type=count, metavar="N", help="every Nth commit along first parents, and head"
    )
    several.add_argument(
        "--tags", action="store_true", help="every tagged final version or release, and head"
    )
    history.add_argument(
        "--again",
        action="store_true",
        help="start a new series instead of resuming the existing one",
    )


def _add_how(how: argparse._ActionsContainer) -> None:
    defaults = Options()
    how.add_argument(
        "--design",
        type=Design,
        choices=list(Design),
        help="duet: run base and head at the same time on one core; pairs: one after the other. "
        "Default: chosen for each benchmark by a short probe",
    )
    how.add_argument(
        "--alpha",
        type=fraction,
        default=defaults.alpha,
        help="highest probability that any faster or slower of a run is wrong. "
        "Default: %(default)s",
    )
    how.add_argument(
        "--mei",
        type=fraction,
        help="minimum effect of interest, as a fraction, of all benchmarks: a change that is "
        "certainly smaller counts as the same or as below it. Default: a benchmark's own in the "
        f"target's file, or {defaults.mei}",
    )
    how.add_argument(
        "--mei-memory",
        type=fraction,
        metavar="MEI",
        help="the same for peak memory. Default: a benchmark's own in the target's file, or "
        f"{defaults.mei_memory}",
    )
    how.add_argument(
        "--budget",
        type=positive,
        metavar="SECONDS",
        help="most measuring time for each benchmark, in seconds. Default: "
        f"{defaults.budget_s:g}; of a project without a target's file 90 in all, so that a first "
        "look takes about a minute on two cores",
    )
    add_lanes(how)
    how.add_argument(
        "--rounds",
        type=count,
        default=defaults.rounds,
        metavar="N",
        help="most rounds (one sample of each revision) for each benchmark. Default: %(default)s",
    )


def _add_steps(steps: argparse._ActionsContainer) -> None:
    steps.add_argument(
        "--quick",
        action="store_true",
        help="only the verdicts: --no-tests, --no-counters and --no-report in one word",
    )
    steps.add_argument(
        "--watch",
        action="store_true",
        help="measure the working tree at each save, on one Python, until Ctrl-C: a line for each "
        "benchmark against RANGE's base (default: HEAD) and against the last save",
    )
    steps.add_argument("--dry-run", action="store_true", help="show what would be done, and stop")
    steps.add_argument(
        "--no-tests",
        dest="tests",
        action="store_false",
        help="do not run the target's own tests on both revisions before measuring",
    )
    steps.add_argument(
        "--no-counters",
        dest="counters",
        action="store_false",
        help="do not count instructions, system calls, imported modules and memory afterwards",
    )
    steps.add_argument(
        "--allocated",
        action="store_true",
        help="count the bytes that each command and import asks for in all, exactly: twice a side "
        "under valgrind, 14 times as long as it takes. Default: those with `allocated = true`",
    )
    add_no_report(steps)
    steps.add_argument(
        "--json",
        action="store_true",
        help="print the results (with --dry-run: the plan) as JSON on standard output",
    )
    steps.add_argument(
        "--fail-on",
        type=failing_verdicts,
        action="extend",
        default=[],
        metavar="VERDICT",
        help="broken: end with status 7 if a benchmark works on base and fails on head; slower: "
        "also with status 3 if one is slower; more-memory: also with status 8 if one takes more "
        "memory. May be repeated. Default: end with status 0",
    )
    steps.add_argument(
        "--block",
        default="",
        metavar="ID",
        help="fleet and number of this block; set by ansible/bench.yml",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Measure a pair, or a series of them; raises `BenchError`."""
    if arguments.quick:
        arguments.tests = arguments.counters = arguments.report = False
    from bench.cli.history import check_arguments, history_command, is_history  # noqa: PLC0415

    check_arguments(arguments)
    if arguments.watch:
        from bench.cli.watch import watch_saves  # noqa: PLC0415

        return watch_saves(arguments)
    return history_command(arguments) if is_history(arguments) else measure_pair(arguments)


def measure_pair(arguments: argparse.Namespace) -> ExitStatus:
    """Plan, build, measure, report; returns the exit status. Raises `BenchError`."""
    workspace = find_workspace()
    console = Console(stderr=arguments.json)
    with make_watcher() as watcher, at_work(workspace):
        plan = understand(arguments, workspace, watcher, counters=arguments.counters)
        builder = _builder(plan, watcher)
        ready = [(one, builder.is_cached(one)) for one in plan.interpreters]
        tests = arguments.tests and plan.target.tests is not None
        watcher.say(describe_plan(plan, ready, tests=tests))
        if arguments.dry_run:
            if arguments.json:
                _print_json(plan_document(plan, ready))
            return ExitStatus.DONE
        results = ResultsStep(console, watcher)
        measured, failures = _measure_parts(
            parts_of(plan, builder, watcher), watcher, results, tests=arguments.tests
        )
    runs = [results.evaluated(run) for run in measured]
    if runs and arguments.report:
        # Imported now: plotting takes a second to import, which is no part of the way to a sample.
        from bench.report.write import write_changes  # noqa: PLC0415

        written = write_changes(workspace)
        for problem in written.problems:
            watcher.say(f"bench: {problem}")
    calibrations = read_calibrations(workspace.data, plan.target.name)
    print_remarks(console, runs, [fitting(one.run, calibrations) for one in runs])
    print_end(console, runs)
    splits = splits_of(runs)
    print_splits(console, splits)
    if runs and arguments.report:
        page = written.page_of(runs[0].run)
        console.print(f"Write-up: {page}", highlight=False, soft_wrap=True)
    if arguments.json:
        _print_json([result_document(one, fitting(one.run, calibrations), splits) for one in runs])
    status = _status(runs, failures, arguments.fail_on, console.print)
    mark_reported(workspace, measured)
    return status


def _builder(plan: Plan, watcher: Watcher) -> Builder:
    """What makes the environments; of a split those of both revisions, as they are."""
    chosen = plan.options.dependencies
    return Builder(
        target=plan.target,
        pair=plan.pair,
        workspace=plan.workspace,
        announce=watcher.say,
        repo=plan.repo,
        dependencies=Dependencies.OWN if chosen == SPLIT else Dependencies(chosen),
    )


def _print_json(document: object) -> None:
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _measure_parts(
    parts: Iterable[RunPart], watcher: Watcher, results: ResultsStep, *, tests: bool
) -> tuple[list[Run], list[BenchError]]:
    """Measure one part of a command after the other."""
    runs: list[Run] = []
    failures: list[BenchError] = []
    for part in parts:
        tested = tests and part.is_tested
        measured, failed = _measure_all(part.plan, part.builder, watcher, results, tests=tested)
        runs += measured
        failures += failed
    return runs, failures


def _measure_all(
    plan: Plan, builder: Builder, watcher: Watcher, results: ResultsStep, *, tests: bool
) -> tuple[list[Run], list[BenchError]]:
    """Measure on each Python; what fails on one does not keep the others from being measured."""
    gate = PairGate(
        target=plan.target,
        pair=plan.pair,
        workspace=plan.workspace,
        say=watcher.say,
        phase=watcher.phase,
        repo=plan.repo,
    )
    session = Session(
        plan,
        watcher,
        before=(GateStep(gate if tests else None),),
        after=(results, *_explaining(watcher, plan.options)),
    )
    found = _Outcomes(watcher, alone=len(plan.interpreters) == 1)
    ready = []
    for interpreter, built in build_all(builder, plan.interpreters):
        if isinstance(built, Environments):
            ready.append((interpreter, built))
        else:
            found.tell(interpreter, built)
    for (interpreter, _), outcome in zip(ready, session.run_all(ready), strict=True):
        if isinstance(outcome, Run):
            found.runs.append(outcome)
            results.show(outcome)
        else:
            found.tell(interpreter, outcome)
    if found.left_out and not found.runs and not found.failures:
        raise found.left_out[-1]
    return found.runs, found.failures


def _explaining(watcher: Watcher, options: Options) -> tuple[RunStep, ...]:
    """What is done once the verdicts are there; imported by those who want it."""
    if not (options.counters or options.allocated):
        return ()
    from bench.explain.counters.counting import CountersStep  # noqa: PLC0415
    from bench.explain.trace.of_run import PhasesStep  # noqa: PLC0415
    from bench.report.stack.stack_tables import summary  # noqa: PLC0415

    phases = (PhasesStep(watcher, summary),) if options.counters else ()
    return CountersStep(watcher), *phases


@dataclass
class _Outcomes:
    """What came of each Python: a run, a failure, or nothing where it cannot be had.

    `alone`: there is one Python, whose failure is that of the command.
    """

    watcher: Watcher
    alone: bool
    runs: list[Run] = field(default_factory=list)
    failures: list[BenchError] = field(default_factory=list)
    left_out: list[BenchError] = field(default_factory=list)

    def tell(self, interpreter: Interpreter, error: BenchError) -> None:
        """Keep an error, and say it."""
        if isinstance(error, NoPackageError) and not interpreter.required:
            self.left_out.append(error)
            self.watcher.say(f"left out: {error.message}")
            return
        if self.alone:
            raise error
        self.failures.append(error)
        self.watcher.say(f"Python {interpreter.version}: {error}")


def _status(
    runs: list[Evaluated],
    failures: list[BenchError],
    fail_on: list[Verdict],
    say: Callable[[str], object],
) -> ExitStatus:
    if failures:
        measured = [one for one in failures if not isinstance(one, NothingMeasuredError)]
        return (measured or failures)[0].status
    if any(one.run.gate is not None and one.run.gate.newly_fails for one in runs):
        return ExitStatus.TESTS_FAILED
    return status_of((result for one in runs for result in one.results), fail_on, say)
