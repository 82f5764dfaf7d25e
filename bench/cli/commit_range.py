"""What attribute, bisect and claims have in common: a range of commits, looked up in its clone."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from bench.cli.target_choice import chosen_target
from bench.core.errors import UsageError
from bench.core.revision import Pair
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.environments.interpreters import Interpreter, pythons_of
from bench.engine.revisions.clones import open_clone
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import clone_path, resolve_range
from bench.engine.session.watcher import Watcher
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.attribute.range import as_commits, commits_of
from bench.explain.attribute.request import AttributeRequest
from bench.formats.text import counted

RANGE_HELP = (
    "base..head, or base...head from the merge base; the base has to be on the head's first-parent "
    "line. Default: the target's default range"
)


def range_in_clone(
    target: Target, arguments: argparse.Namespace, workspace: Workspace, watcher: Watcher
) -> tuple[Clone, Pair]:
    """The range that was asked for, or the target's default one, as commits of its clone."""
    wanted = arguments.range or target.default_range
    if not wanted:
        raise UsageError(
            f"{target.name} has no default range.", "Name a range, for example v1.0..main."
        )
    watcher.phase(f"looking up {wanted}")
    pair = resolve_range(target, wanted, workspace, arguments.repo)
    clone = open_clone(clone_path(target, workspace, arguments.repo))
    return clone, as_commits(clone, pair)


def look_up(
    arguments: argparse.Namespace,
    workspace: Workspace,
    watcher: Watcher,
    planned_of: Callable[[Target], tuple[PlannedBenchmark, ...]],
    *,
    alpha: float,
    into: Sequence[str] = (),
    pythons: Callable[[Sequence[Interpreter]], tuple[Interpreter, ...]] = tuple,
) -> AttributeRequest:
    """What both are asked for; `into` are merges that are opened, `pythons` chooses among those
    that can be had.

    Raises `BenchError` for what cannot be found.
    """
    target = chosen_target(arguments, workspace, watcher.say)
    planned = planned_of(target)
    clone, pair = range_in_clone(target, arguments, workspace, watcher)
    commits = commits_of(clone, pair, into)
    interpreters = pythons(tuple(pythons_of(target, arguments.python, watcher.say)))
    names = ", ".join(one.declaration.name for one in planned)
    versions = ", ".join(one.version for one in interpreters)
    watcher.say(
        f"{target.name} {pair.label}, {counted(len(commits), 'commit')}, on Python {versions}: "
        f"{names}"
    )
    return AttributeRequest(
        target=target,
        whole=pair,
        clone=clone,
        repo=arguments.repo,
        workspace=workspace,
        interpreters=interpreters,
        planned=planned,
        commits=commits,
        least=arguments.least,
        alpha=alpha,
        limit_s=arguments.budget,
        lanes=arguments.lanes,
    )
