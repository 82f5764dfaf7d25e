"""`python -m bench profile`: where the time goes, in a revision or between two."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench.cli.arguments import add_looked_into, describe, positive
from bench.cli.target_choice import chosen_target
from bench.core.errors import BenchError, ExitStatus, UsageError
from bench.core.options import Options
from bench.core.program import session
from bench.core.result import CONTROL
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.environments.at_work import at_work
from bench.engine.environments.interpreters import Interpreter, pythons_of
from bench.engine.environments.pair import Builder, Dependencies, Environments
from bench.engine.revisions.ranges import parse_range
from bench.engine.revisions.resolve import resolve_range
from bench.engine.session.selection import by_keywords, select
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.profile.artefacts import check_folder
from bench.explain.profile.pages import write_profile
from bench.explain.profile.session import ProfileSession, folder_of
from bench.explain.trace.session import TraceSession
from bench.report.screen.watchers import make_watcher

Session = TypeVar("Session", ProfileSession, TraceSession)


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
    return on_each_python(arguments, partial(ProfileSession, budget_s=arguments.seconds), _profile)


def _profile(
    session: ProfileSession, interpreter: Interpreter, environments: Callable[[], Environments]
) -> ExitStatus:
    """Profile all scenarios on one Python, and write their pages."""
    folders = checked_folders(session, session.workspace.profiles, interpreter.version)
    for profile in session.run(interpreter, environments()):
        print(f"Profile: {write_profile(profile, folders[profile.sides.benchmark.name])}")
    return ExitStatus.DONE


def on_each_python(
    arguments: argparse.Namespace,
    make: Callable[..., Session],
    work: Callable[[Session, Interpreter, Callable[[], Environments]], ExitStatus],
) -> ExitStatus:
    """Do the work of a session on one Python after the other; what fails on one is reported."""
    workspace = find_workspace()
    target = chosen_target(arguments, workspace)
    scenarios = chosen_scenarios(target, arguments, workspace)
    statuses: list[ExitStatus] = []
    with make_watcher() as watcher, at_work(workspace):
        watcher.phase(f"looking up {arguments.range}")
        pair = pair_or_one(target, arguments, workspace)
        builder = Builder(
            target=target,
            pair=pair,
            workspace=workspace,
            announce=watcher.say,
            repo=arguments.repo,
            dependencies=Dependencies(arguments.deps),
        )
        session = make(
            target=target, pair=pair, benchmarks=scenarios, workspace=workspace, watcher=watcher
        )
        for interpreter in pythons_of(target, arguments.python, watcher.say):
            watcher.say(f"Python {interpreter.version}")
            try:
                statuses.append(
                    work(session, interpreter, partial(build_sides, builder, interpreter))
                )
            except BenchError as error:
                watcher.say(f"Python {interpreter.version}: {error}")
                statuses.append(error.status)
    return next((one for one in statuses if one is not ExitStatus.DONE), ExitStatus.DONE)


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
            f"`{session(f'bench-{target.name}')}` measures the containers' phases.",
        )
    options = Options(benchmarks=tuple(arguments.scenario), groups=tuple(arguments.group))
    if arguments.keywords:
        options = by_keywords(target, options, arguments.keywords)
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
