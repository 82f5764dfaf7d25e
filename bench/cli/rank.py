"""`python -m bench rank`: opportunities of a scenario, ranked by what they save."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console

from bench.cli.arguments import (
    add_no_report,
    add_pythons,
    add_revision,
    add_scenarios,
    describe,
    not_negative,
)
from bench.cli.target_choice import chosen_target
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.gate import Gate
from bench.core.options import Options
from bench.core.program import session
from bench.core.revision import Pair, Source
from bench.core.target import Kind, Target, word_of
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter, pythons_of
from bench.engine.environments.pair import Builder, Environments
from bench.engine.measure.invocations import NotPresentError, NotServedError
from bench.engine.revisions.clones import open_clone
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import clone_path, resolve_range
from bench.engine.session.preparation import network_of, subjects
from bench.engine.session.selection import select
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.testgate.run_gate import PairGate
from bench.explain.checks.checks import Checks
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.observe import own_packages
from bench.explain.patterns.detect import PatternDetection
from bench.explain.patterns.script import rank_script, runs_of
from bench.explain.rank.patch import path_in_clone, tracked_files
from bench.explain.rank.proving import files_in_clone
from bench.explain.rank.ranker import ScenarioRanker
from bench.explain.rank.ranking import Ranking, store
from bench.report.rank.rank_page import rank_page, summary
from bench.report.screen.watchers import make_watcher


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is ranked, and what is tried."""
    describe(
        parser,
        "List the imports of a revision that could be deferred, ranked by how much CPU time that "
        "saves. The best set that breaks nothing is written as a patch, and a rewritten copy is "
        "run to verify the prediction. Other causes of slowness are listed besides.",
        "rank codeflash 0.20.6 --scenario help",
        "rank rich 14.0.0 --hot --tests",
    )
    add_revision(parser, "a commit, tag, branch or release to rank")
    add_pythons(parser)
    add_scenarios(
        parser,
        "rank the benchmarks whose names match GLOB; may be repeated. Default: the "
        "target's default commands and imports",
    )
    parser.add_argument(
        "--seconds",
        type=not_negative,
        default=5.0,
        help="measuring time for the rewritten copy, in seconds; 0: only count its instructions. "
        "Default: %(default)g",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="also list what saves less than 0.5 ms or 1%% of the scenario",
    )
    parser.add_argument(
        "--hot",
        action="store_true",
        help="also sample the scenario, and list its hot functions with ruff's findings on "
        "performance in those of the project",
    )
    parser.add_argument(
        "--tests",
        action="store_true",
        help="keep only what passes the target's own tests too, and show how they end with the "
        "change and without it",
    )
    add_no_report(parser)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Rank each scenario on each Python, store that, and write the pages."""
    workspace = find_workspace()
    target = chosen_target(arguments, workspace)
    planned = _scenarios(target, arguments, workspace)
    made: list[Ranking] = []
    failures: list[BenchError] = []
    with make_watcher() as watcher, at_work(workspace):
        for interpreter in pythons_of(target, arguments.python, watcher.say):
            ranker = _RevisionRanker(
                target=target,
                arguments=arguments,
                workspace=workspace,
                watcher=watcher,
                interpreter=interpreter,
            )
            for one in ranker.run(planned):
                if isinstance(one, BenchError):
                    watcher.say(str(one))
                    failures.append(one)
                else:
                    made.append(one.ranking)
                    file = store(one.ranking, workspace.data, one.patch)
                    watcher.say(f"stored: {file}")
    console = Console(highlight=False, soft_wrap=True)
    for ranking in made:
        console.print(f"\n{summary(ranking)}", markup=False)
    if made and arguments.report:
        from bench.report.write import write_changes  # noqa: PLC0415 - plotting is slow to import

        written = write_changes(workspace)
        console.print(f"\nPage: {written.results / rank_page(made[0])}")
    return failures[0].status if failures else ExitStatus.DONE


def _scenarios(
    target: Target, arguments: argparse.Namespace, workspace: Workspace
) -> tuple[PlannedBenchmark, ...]:
    """What is asked for, or the target's default commands and imports.

    A script is ranked when `--scenario` names it, unless what it times is in another process.
    """
    names = [one.name for one in target.benchmark]
    for pattern in arguments.scenario:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"--scenario {pattern} matches nothing in {target.name}.",
                f"Benchmarks: {', '.join(names)}.",
            )
    options = Options(benchmarks=tuple(arguments.scenario))
    chosen = select(target, options, workspace.suites)[1:]
    wanted = [one for one in chosen if arguments.scenario or not _is_script(one)]
    planned = tuple(one for one in wanted if not (_is_script(one) and _is_elsewhere(one)))
    if not planned:
        raise UsageError(
            "Nothing of this can be ranked: services and containers do their work in other "
            "processes, and scripts are ranked only when --scenario names them.",
            f"`{session('profile', f'{word_of(target.name)} REV')}` profiles any benchmark.",
        )
    return planned


def _is_script(planned: PlannedBenchmark) -> bool:
    return planned.declaration.kind is Kind.SCRIPT


def _is_elsewhere(planned: PlannedBenchmark) -> bool:
    declared = planned.declaration
    return declared.service is not None or declared.container is not None


def _files(environment: Environment, clone: Clone | None) -> dict[Path, str]:
    """The project's own modules as installed → path in the clone."""
    tracked = tracked_files(clone, environment.record.revision.identity)
    folders = own_folders(environment, own_packages(environment))
    return files_in_clone(folders, partial(path_in_clone, tracked=tracked))


@dataclasses.dataclass(frozen=True)
class _Made:
    ranking: Ranking
    patch: bytes


@dataclasses.dataclass(frozen=True, kw_only=True)
class _RevisionRanker:
    """One Python of one target's revision."""

    target: Target
    arguments: argparse.Namespace
    workspace: Workspace
    watcher: Watcher
    interpreter: Interpreter

    def run(self, planned: tuple[PlannedBenchmark, ...]) -> Iterator[_Made | BenchError]:
        """Each scenario's ranking, or why there is none; raises `BenchError` for all of them."""
        target, workspace, repo = self.target, self.workspace, self.arguments.repo
        revision = self.arguments.revision
        self.watcher.phase(f"looking up {revision}")
        pair = resolve_range(target, f"{revision}..{revision}", workspace, repo)
        environment = Builder(
            target=target, pair=pair, workspace=workspace, announce=self.watcher.say, repo=repo
        ).build_one(self.interpreter)
        environment.prove_again(target.env, workspace)
        clone = None
        if pair.base.source is Source.GIT:
            clone = open_clone(clone_path(target, workspace, repo))
        both = Environments(environment, environment)
        timed = [one.declaration for one in planned if not _is_script(one)]
        with (
            network_of(target, planned, workspace) as network,
            subjects(target, planned, workspace, self.interpreter, both, network) as (
                (subject, _),
            ),
        ):
            checks = Checks(
                target=target,
                revision=pair.base,
                environment=environment,
                interpreter=self.interpreter,
                files=_files(environment, clone),
                benchmarks=timed,
                subject=subject,
                network=network,
                workspace=workspace,
                clone=clone,
                say=self.watcher.say,
                phase=self.watcher.phase,
                repo=repo,
                tests=self.arguments.tests,
            )
            for one in planned:
                self.watcher.say(f"{one.declaration.name}, Python {self.interpreter.version}")
                ranker = ScenarioRanker(
                    target=target,
                    python=self.interpreter.version,
                    environment=environment,
                    benchmark=one.declaration,
                    subject=subject,
                    network=network,
                    clone=clone,
                    watcher=self.watcher,
                    budget_s=self.arguments.seconds,
                    everything=self.arguments.all,
                    checks=checks,
                )
                try:
                    ranking = self._ranked(ranker, is_script=_is_script(one))
                    yield _Made(self._tested(ranking, ranker.texts, pair), ranker.patch)
                except (NotPresentError, NotServedError) as error:
                    yield UsageError(f"{one.declaration.name}: {error}")
                except BenchError as error:
                    yield error

    def _ranked(self, ranker: ScenarioRanker, *, is_script: bool) -> Ranking:
        """Imports and other causes; of a script only the latter. Raises `BenchError`."""
        if is_script:
            ranking, runs = rank_script(ranker)
        else:
            ranking, runs = ranker.run(), runs_of(ranker)
        return PatternDetection(
            ranker=ranker,
            ranking=ranking,
            runs=runs,
            hot=is_script or self.arguments.hot,
            data=self.workspace.data,
        ).run()

    def _tested(self, ranking: Ranking, texts: dict[str, str], pair: Pair) -> Ranking:
        """The same with the project's own tests, as it is and rewritten, where asked for."""
        if not self.arguments.tests or not texts:
            return ranking
        if self.target.tests is None:
            return msgspec.structs.replace(ranking, gate=Gate(reason="no tests are declared"))
        gate = PairGate(
            target=self.target,
            pair=pair,
            workspace=self.workspace,
            say=self.watcher.say,
            phase=self.watcher.phase,
            repo=self.arguments.repo,
            rewritten=texts,
        ).run(self.interpreter)
        return msgspec.structs.replace(ranking, gate=gate)
