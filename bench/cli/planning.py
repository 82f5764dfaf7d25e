"""What a pair and a series have in common before work starts."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from bench.core.catalogue import load_target
from bench.core.errors import UsageError
from bench.core.options import Options
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter, find_interpreters
from bench.engine.revisions.resolve import resolve_range
from bench.engine.session.selection import select
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark


@dataclass(frozen=True)
class Asked:
    """What the command line means, looked up and checked."""

    target: Target
    pair: Pair
    options: Options
    benchmarks: tuple[PlannedBenchmark, ...]
    interpreters: tuple[Interpreter, ...]


def understand(
    arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher, *, counters: bool
) -> Asked:
    """Look everything up that the arguments name; raises `UsageError`."""
    target = load_target(arguments.target, workspace.targets)
    options = _options(arguments, counters=counters)
    benchmarks = select(target, options, workspace.suites)
    wanted_range = arguments.range or target.default_range
    if not wanted_range:
        raise UsageError(f"{target.name} has no default range: name one, e.g. main~1..main.")
    watcher.phase(f"looking up {wanted_range}")
    pair = resolve_range(target, wanted_range, workspace, arguments.repo)
    interpreters = tuple(find_interpreters(arguments.python, target.pythons, watcher.say))
    return Asked(target, pair, options, benchmarks, interpreters)


def _options(arguments: argparse.Namespace, *, counters: bool) -> Options:
    return Options(
        alpha=arguments.alpha,
        mei=arguments.mei,
        budget_s=arguments.budget,
        rounds=arguments.rounds,
        design=arguments.design,
        benchmarks=tuple(arguments.benchmark),
        groups=tuple(arguments.group),
        dependencies=str(arguments.deps),
        counters=counters,
        block=arguments.block,
    )
