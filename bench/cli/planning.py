"""What a pair and a series have in common before work starts."""

from __future__ import annotations

import argparse

from msgspec.structs import replace

from bench.cli.target_choice import chosen_target
from bench.core.crew import both_at_once
from bench.core.errors import UsageError
from bench.core.options import Options
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import pythons_of
from bench.engine.revisions.resolve import resolve_range
from bench.engine.session.plan import Plan
from bench.engine.session.selection import by_keywords, select
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.engine.suites.expand import with_suites

_FIRST_LOOK_S = 90
_LEAST_S = 5


def understand(
    arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher, *, counters: bool
) -> Plan:
    """Look everything up that the arguments name; raises `UsageError`."""
    target = chosen_target(arguments, workspace, watcher.say)
    if not target.has_suites:  # what is misspelt is said before anything else
        _chosen(target, arguments, workspace, counters=counters)
    said = [key for key in ("mei", "mei_memory") if getattr(arguments, key) is not None]
    wanted_range = _range(arguments) or target.default_range
    if not wanted_range:
        raise UsageError(
            f"{target.name} has no default range.", "Name a range, for example main~1..main."
        )
    watcher.phase(f"looking up {wanted_range}")
    pair, interpreters = both_at_once(
        lambda: resolve_range(target, wanted_range, workspace, arguments.repo),
        lambda: tuple(pythons_of(target, arguments.python, watcher.say)),
    )
    target = with_suites(target, pair.head, workspace, arguments.repo)
    options, benchmarks = _chosen(target, arguments, workspace, counters=counters)
    return Plan(
        target=target,
        pair=pair,
        options=options,
        benchmarks=tuple(one.judged_by_the_run(*said) for one in benchmarks),
        workspace=workspace,
        interpreters=interpreters,
        repo=arguments.repo,
        lanes=getattr(arguments, "lanes", 0),
        quick=getattr(arguments, "quick", False),
    )


def _chosen(
    target: Target, arguments: argparse.Namespace, workspace: Workspace, *, counters: bool
) -> tuple[Options, tuple[PlannedBenchmark, ...]]:
    """The run's options, and the benchmarks that they choose."""
    options = _options(arguments, counters=counters)
    if arguments.keywords:
        options = by_keywords(target, options, arguments.keywords)
    benchmarks = select(target, options, workspace.suites)
    if arguments.budget is None and target.is_read:
        options = replace(options, budget_s=budget_of_read(len(benchmarks)))
    return options, benchmarks


def budget_of_read(benchmarks: int) -> float:
    """Seconds for each benchmark of a project that no file declares: a first look takes a minute.

    On two cores or more, as long as there are few enough to get what a verdict needs at least.
    """
    return float(max(_LEAST_S, min(Options().budget_s, _FIRST_LOOK_S // benchmarks)))


def _range(arguments: argparse.Namespace) -> str:
    """What was typed; with `--worktree` from there to the working tree."""
    typed = arguments.range or ""
    if not getattr(arguments, "worktree", False) or typed.endswith(".."):
        return typed
    if ".." in typed:
        raise UsageError(
            f"--worktree measures the working tree, and {typed} names another head.",
            "Name the base alone, or leave --worktree out.",
        )
    return f"{typed or 'HEAD'}.."


def _options(arguments: argparse.Namespace, *, counters: bool) -> Options:
    usual = Options()
    return Options(
        alpha=arguments.alpha,
        mei=usual.mei if arguments.mei is None else arguments.mei,
        mei_memory=usual.mei_memory if arguments.mei_memory is None else arguments.mei_memory,
        budget_s=usual.budget_s if arguments.budget is None else arguments.budget,
        rounds=arguments.rounds,
        design=arguments.design,
        benchmarks=tuple(arguments.benchmark),
        groups=tuple(arguments.group),
        dependencies=str(arguments.deps),
        counters=counters,
        allocated=arguments.allocated,
        block=arguments.block,
    )
