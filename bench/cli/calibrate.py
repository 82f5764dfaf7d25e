"""`python -m bench calibrate`: what this machine can resolve."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from bench.cli.arguments import add_choice, add_pythons, add_repo, describe, positive
from bench.core.catalogue import load_target
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.options import Options
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import Interpreter, find_interpreters, pythons_of
from bench.engine.environments.pair import Builder
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.machine.pinning import find_slice
from bench.engine.revisions.ranges import parse_range
from bench.engine.revisions.resolve import resolve_range
from bench.engine.sandbox.isolation import isolate
from bench.engine.session.plan import Plan
from bench.engine.session.selection import select
from bench.engine.session.unreported import mark_reported
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.store.run import Run
from bench.report.screen.watchers import make_watcher
from bench.report.validate.calibration_page import PAGE
from bench.report.validate.calibration_tables import calibration_summary
from bench.validate.calibration.calibrate import Calibrator
from bench.validate.calibration.reference import BENCHMARKS, check_reference, measure_reference


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, and for how long."""
    describe(
        parser,
        "Measure how small a change this machine can detect: each benchmark is compared with "
        "itself (A/A runs), and pyperformance's benchmarks tell the machine's own speed. Pages of "
        "later runs show these figures beside their verdicts.",
        "calibrate codeflash --python 3.13",
        "calibrate rich pip --seconds 30",
    )
    parser.add_argument(
        "target", nargs="*", metavar="TARGET", help="names of targets. Default: codeflash"
    )
    parser.add_argument(
        "--revision",
        metavar="REV",
        help="revision to measure. Default: head of the target's default range",
    )
    add_repo(parser)
    add_pythons(parser)
    add_choice(parser)
    parser.add_argument(
        "--seconds",
        type=positive,
        default=12.0,
        help="measuring time for each benchmark, in seconds; at least one A/A run is completed. "
        "Default: %(default)g",
    )
    parser.add_argument(
        "--no-reference",
        dest="reference",
        action="store_false",
        help="leave out pyperformance's benchmarks",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be measured, and stop"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Measure A/A runs and the reference speed, and write the page. Raises `BenchError`."""
    workspace = find_workspace()
    targets = [load_target(name, workspace.targets) for name in arguments.target or ["codeflash"]]
    if arguments.reference:
        check_reference()  # before minutes are spent
    if arguments.dry_run:
        _show(targets, arguments, workspace)
        return ExitStatus.DONE
    runs: list[Run] = []
    failures: list[BenchError] = []
    with make_watcher() as watcher, at_work(workspace):
        if arguments.reference:
            _reference(targets, arguments.python, workspace, watcher)
        for target in targets:
            calibrating = _TargetCalibration(target, arguments, workspace, watcher)
            for interpreter in pythons_of(target, arguments.python, watcher.say):
                try:
                    runs.append(calibrating.run(interpreter))
                except BenchError as error:
                    watcher.say(f"{target.name}, Python {interpreter.version}: {error}")
                    failures.append(error)
    from bench.report.write import write_changes  # noqa: PLC0415 - plotting is slow to import

    written = write_changes(workspace)
    console = Console()
    for run in runs:
        console.print()
        console.print(Text(calibration_summary(run)), no_wrap=True, crop=False, overflow="ignore")
    console.print(f"\nPage: {written.results / PAGE}", highlight=False, soft_wrap=True)
    mark_reported(workspace, runs)
    return failures[0].status if failures else ExitStatus.DONE


def _show(targets: Sequence[Target], arguments: argparse.Namespace, workspace: Workspace) -> None:
    for target in targets:
        chosen = _benchmarks(target, arguments, workspace)
        print(f"{target.name}: {', '.join(one.declaration.name for one in chosen)}")
    if arguments.reference:
        print(f"pyperformance: {', '.join(BENCHMARKS)}")


def _reference(
    targets: Sequence[Target], asked: list[str] | None, workspace: Workspace, watcher: Watcher
) -> None:
    versions = dict.fromkeys(version for target in targets for version in target.pythons)
    interpreters = tuple(find_interpreters(asked, tuple(versions), watcher.say))
    isolation = isolate(workspace).inside(find_slice())
    folder = measure_reference(interpreters, describe_machine(), isolation, workspace, watcher)
    watcher.say(f"reference speed: {folder}")


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        benchmarks=tuple(arguments.benchmark), groups=tuple(arguments.group), counters=False
    )


def _benchmarks(
    target: Target, arguments: argparse.Namespace, workspace: Workspace
) -> tuple[PlannedBenchmark, ...]:
    """Those that time decides: a calibration says what a machine's clocks can resolve."""
    chosen = select(target, _options(arguments), workspace.suites)
    return tuple(one for one in chosen if one.declaration.metric == "time")


@dataclass(frozen=True)
class _TargetCalibration:
    """One target, on one Python after the other."""

    target: Target
    arguments: argparse.Namespace
    workspace: Workspace
    watcher: Watcher

    def run(self, interpreter: Interpreter) -> Run:
        arguments, target, workspace = self.arguments, self.target, self.workspace
        revision = self._revision()
        self.watcher.phase(f"looking up {revision}")
        pair = resolve_range(target, f"{revision}..{revision}", workspace, arguments.repo)
        builder = Builder(
            target=target,
            pair=pair,
            workspace=workspace,
            announce=self.watcher.say,
            repo=arguments.repo,
        )
        self.watcher.say(
            f"calibrating {target.name} {pair.head.label} on Python {interpreter.version}"
        )
        plan = Plan(
            target=target,
            pair=pair,
            options=_options(arguments),
            benchmarks=_benchmarks(target, arguments, workspace),
            workspace=workspace,
            repo=arguments.repo,
        )
        return Calibrator(plan, arguments.seconds, self.watcher).run(
            interpreter, builder.build(interpreter)
        )

    def _revision(self) -> str:
        if self.arguments.revision:
            return str(self.arguments.revision)
        if not self.target.default_range:
            raise UsageError(
                f"{self.target.name} has no default range.", "Name a revision with --revision."
            )
        return parse_range(self.target.default_range).head.text or "HEAD"
