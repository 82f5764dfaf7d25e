"""`python -m bench profile`: where the time goes, in a revision or between two."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.cli.arguments import add_looked_into, describe, positive
from bench.core.catalogue import load_target
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.lock import exclusive
from bench.core.options import Options
from bench.core.result import CONTROL
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.interpreters import Interpreter, find_interpreters
from bench.engine.environments.pair import Builder, Environments
from bench.engine.revisions.ranges import parse_range
from bench.engine.revisions.resolve import resolve_range
from bench.engine.session.selection import select
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.profile.artefacts import check_folder
from bench.explain.profile.pages import write_profile
from bench.explain.profile.session import ProfileSession, folder_of
from bench.explain.trace.session import TraceSession
from bench.report.screen.watchers import make_watcher


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is profiled, and for how long."""
    describe(
        parser,
        "Show where time and memory go: flame graphs, functions, imports, allocations. With "
        "base..head: what changed between the two. Pages are written to profiles/TARGET/. Profiled "
        "runs are slower than measured ones; each page shows by how much.",
        "profile codeflash 0.20.6 --scenario help",
        "profile rich 14.0.0..15.0.0 --python 3.13",
    )
    add_looked_into(parser)
    parser.add_argument(
        "--seconds",
        type=positive,
        default=60.0,
        help="sampling time for each scenario, in seconds, beyond a minimum number of runs. "
        "Default: %(default)g",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Build, profile, write; raises `BenchError`."""
    workspace = find_workspace()
    target = load_target(arguments.target, workspace.targets)
    scenarios = chosen_scenarios(target, arguments, workspace)
    failures: list[BenchError] = []
    pages: list[Path] = []
    with make_watcher() as watcher, exclusive(workspace.lock, shared=True):
        watcher.phase(f"looking up {arguments.range}")
        pair = pair_or_one(target, arguments, workspace)
        builder = Builder(
            target=target,
            pair=pair,
            workspace=workspace,
            announce=watcher.say,
            repo=arguments.repo,
            dependencies=arguments.deps,
        )
        session = ProfileSession(target, pair, scenarios, arguments.seconds, workspace, watcher)
        for interpreter in find_interpreters(arguments.python, target.pythons, watcher.say):
            watcher.say(f"Python {interpreter.version}")
            try:
                pages += _profile(session, builder, interpreter)
            except BenchError as error:
                watcher.say(f"Python {interpreter.version}: {error}")
                failures.append(error)
    for page in pages:
        print(f"Profile: {page}")
    return failures[0].status if failures else ExitStatus.DONE


def _profile(session: ProfileSession, builder: Builder, interpreter: Interpreter) -> list[Path]:
    """All scenarios on one Python; returns their pages."""
    folders = checked_folders(session, session.workspace.profiles, interpreter.version)
    profiles = session.run(interpreter, build_sides(builder, interpreter))
    return [write_profile(one, folders[one.sides.benchmark.name]) for one in profiles]


def checked_folders(
    session: ProfileSession | TraceSession, root: Path, python: str
) -> dict[str, Path]:
    """Where each scenario's pages go; raises `BenchError`, before minutes are spent in vain."""
    names = [one.declaration.name for one in session.benchmarks]
    folders = {
        name: folder_of(root, session.target.name, session.pair, python, name) for name in names
    }
    for folder in folders.values():
        check_folder(folder)
    return folders


def chosen_scenarios(
    target: Target, arguments: argparse.Namespace, workspace: Workspace
) -> tuple[PlannedBenchmark, ...]:
    """The benchmarks asked for; the control is none of them."""
    if target.container is not None:
        raise UsageError(
            f"{target.name} runs in containers; profiling inside containers is not supported.",
            f"`nox -s bench-{target.name}` measures the containers' phases.",
        )
    options = Options(benchmarks=tuple(arguments.scenario), groups=tuple(arguments.group))
    chosen = select(target, options, workspace.suites)
    return tuple(one for one in chosen if one.declaration.name != CONTROL)


def pair_or_one(target: Target, arguments: argparse.Namespace, workspace: Workspace) -> Pair:
    """A range is a pair; a single revision is one with itself."""
    spec = parse_range(arguments.range)
    text = arguments.range
    if spec.base is None:
        text = f"{arguments.range}..{arguments.range}"
    pair = resolve_range(target, text, workspace, arguments.repo)
    if pair.is_same and spec.base is not None:
        raise UsageError(
            f"{arguments.range}: base and head are the same revision.",
            "Give the revision alone to profile or trace it.",
        )
    return pair


def build_sides(builder: Builder, interpreter: Interpreter) -> Environments:
    """Both environments of a pair; of a single revision, one twice."""
    if not builder.pair.is_same:
        return builder.build(interpreter)
    one = builder.build_one(interpreter)
    return Environments(one, one)
