"""`python -m bench accuracy`: predicted and measured savings at commits that deferred imports."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bench.cli.arguments import add_no_report, add_pythons, describe, not_negative
from bench.cli.target_choice import find_project
from bench.core.catalogue import load_target
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.options import Options
from bench.core.sample import Side
from bench.core.target import Kind, Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import Interpreter, pythons_of
from bench.engine.environments.pair import Builder
from bench.engine.measure.invocations import NotPresentError, NotServedError
from bench.engine.revisions.clones import clone_on_demand
from bench.engine.revisions.resolve import resolve_range
from bench.engine.session.preparation import network_of, subjects
from bench.engine.session.selection import select
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.report.screen.watchers import make_watcher
from bench.report.validate.accuracy_page import ACCURACY_PAGE, summary
from bench.validate.accuracy.accuracy_record import (
    COMMITS,
    AccuracyRecord,
    DeferringCommit,
    load_commits,
    store,
)
from bench.validate.accuracy.hold_commit import CommitAccuracy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which commits."""
    describe(
        parser,
        "Compare the savings that `rank` predicts with measured ones: at the parent of each listed "
        "commit that deferred imports, predict what deferring the same imports saves, and what the "
        "best set saves; then run a copy with each. At revisions that are listed as such, the best "
        "set and its largest statements are predicted and run.",
        "accuracy --commit '70e3*' --python 3.13",
        "accuracy bench/validate/accuracy/releases.toml --seconds 20",
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="TOML file that lists the commits. Default: bench/validate/accuracy/commits.toml",
    )
    parser.add_argument(
        "--commit",
        action="append",
        default=[],
        metavar="GLOB",
        help="take the commits whose names match GLOB; may be repeated. Default: all of the file",
    )
    parser.add_argument(
        "--seconds",
        type=not_negative,
        default=10.0,
        help="measuring time for each rewritten copy, in seconds; 0: only count its instructions. "
        "Default: %(default)g",
    )
    add_pythons(parser)
    add_no_report(parser)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Predict and measure at each commit, store that, and write the page; raises `BenchError`."""
    workspace = find_workspace()
    commits = _chosen(load_commits(arguments.file or COMMITS), arguments.commit)
    failures: list[BenchError] = []
    with make_watcher() as watcher, at_work(workspace):
        for one in commits:
            held = _Commits(one, workspace, watcher, arguments.python, arguments.seconds)
            for result in held.run():
                if isinstance(result, BenchError):
                    watcher.say(str(result))
                    failures.append(result)
                else:
                    watcher.say(f"{summary(result)}\nstored: {store(result, workspace.data)}")
    if arguments.report:
        from bench.report.write import write_changes  # noqa: PLC0415 - plotting is slow to import

        print(f"Page: {write_changes(workspace).results / ACCURACY_PAGE}")
    return failures[0].status if failures else ExitStatus.DONE


def _chosen(
    commits: tuple[DeferringCommit, ...], patterns: list[str]
) -> tuple[DeferringCommit, ...]:
    for pattern in patterns:
        if not any(fnmatchcase(one.name, pattern) for one in commits):
            known = ", ".join(one.name for one in commits)
            raise UsageError(f"--commit {pattern} matches nothing.", f"Commits: {known}.")
    return tuple(
        one
        for one in commits
        if not patterns or any(fnmatchcase(one.name, pattern) for pattern in patterns)
    )


@dataclass(frozen=True)
class _Commits:
    """One commit on each Python that is asked for."""

    commit: DeferringCommit
    workspace: Workspace
    watcher: Watcher
    pythons: list[str]
    seconds: float

    def run(self) -> Iterator[AccuracyRecord | BenchError]:
        """The record, or why there is none."""
        try:
            target = self._target()
            planned = self._scenario(target)
            for interpreter in pythons_of(target, self.pythons, self.watcher.say):
                yield self._hold(target, planned, interpreter)
        except BenchError as error:
            yield error

    def _target(self) -> Target:
        """A declared target, or a package of the index."""
        name = self.commit.history.target
        found = find_project(name, self.commit.range, self.workspace)
        return found.target()[0] if found else load_target(name, self.workspace.targets)

    def _scenario(self, target: Target) -> PlannedBenchmark:
        options = Options(benchmarks=(self.commit.scenario,))
        planned = select(target, options, self.workspace.suites)[1:]
        if len(planned) != 1 or planned[0].declaration.kind is Kind.SCRIPT:
            raise UsageError(
                f"{self.commit.scenario} is not one command or import of {target.name}."
            )
        return planned[0]

    def _clone(self) -> Path | None:
        history = self.commit.history
        if not history.repository:
            return None
        path = self.workspace.repos / (history.clone or history.target)
        return clone_on_demand(history.repository, path, private=False).path

    def _hold(
        self, target: Target, planned: PlannedBenchmark, interpreter: Interpreter
    ) -> AccuracyRecord:
        commit, workspace, repo = self.commit, self.workspace, self._clone()
        name = planned.declaration.name
        self.watcher.say(f"{target.name} {commit.name}, {name}, Python {interpreter.version}")
        pair = resolve_range(target, commit.range, workspace, repo)
        environments = Builder(
            target=target, pair=pair, workspace=workspace, announce=self.watcher.say, repo=repo
        ).build(interpreter)
        for side in Side:
            environments.side(side).prove_again(target.env, workspace)
        with (
            network_of(target, [planned], workspace) as network,
            subjects(target, [planned], workspace, interpreter, environments, network) as (
                (base, head),
            ),
        ):
            try:
                return CommitAccuracy(
                    commit=commit,
                    target=target,
                    python=interpreter.version,
                    environments=environments,
                    benchmark=planned.declaration,
                    base=base,
                    head=head,
                    network=network,
                    watcher=self.watcher,
                    seconds=self.seconds,
                ).run()
            except (NotPresentError, NotServedError) as error:
                raise UsageError(f"{name}: {error}") from error
