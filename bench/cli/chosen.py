"""Which of the measured pairs an argument means."""

from __future__ import annotations

from pathlib import Path

from bench.cli.write_up import say_problems
from bench.core.errors import BenchError, NothingMeasuredError
from bench.core.program import COMMAND
from bench.core.revision import Pair, Revision, Source
from bench.core.workspace import Workspace
from bench.engine.store.place import pairs_of_runs
from bench.engine.store.run import read_manifest
from bench.report.select_runs import PairRuns, Unreadable, read_pair

_SHORTEST_HASH = 4


def matches(pair: Pair, asked: str) -> bool:
    """Whether `base..head`, or the name of a head, is this pair."""
    base, separator, head = asked.partition("..")
    if not separator:
        return _is(pair.head, asked)
    return _is(pair.base, base) and _is(pair.head, head.removeprefix("."))


def _last_pair(
    workspace: Workspace, target: str | None, asked: str | None
) -> tuple[Path, tuple[Path, ...]]:
    """The pair that is meant, of several the one that was measured last; and its runs."""
    found = []
    for folder, folders in pairs_of_runs(workspace.data).items():
        newest = max(folders, key=lambda one: one.name)  # a run's name begins with its moment
        if target in (None, folder.parent.name) and _is_asked(newest, asked):
            found.append((newest.name, folder, folders))
    if not found:
        named = " ".join(filter(None, (target, asked))) or "anything"
        raise NothingMeasuredError(
            f"There is no run of {named} under {workspace.data}.",
            f"`{COMMAND} run --help` says how to measure.",
        )
    _, folder, folders = max(found)
    return folder, folders


def read_last_pair(
    workspace: Workspace, target: str | None, asked: str | None
) -> tuple[PairRuns, tuple[Unreadable, ...]]:
    """The same, read; says which of its runs cannot be. Raises `NothingMeasuredError`."""
    folder, folders = _last_pair(workspace, target, asked)
    pair, unreadable = read_pair(folders, workspace.data)
    say_problems(one.error for one in unreadable)
    if pair is None:
        raise NothingMeasuredError(f"No run of {folder} can be shown.")
    return pair, unreadable


def _is_asked(run_: Path, asked: str | None) -> bool:
    if asked is None:
        return True
    try:
        return matches(read_manifest(run_).pair, asked)
    except BenchError:
        return False


def _is(revision: Revision, asked: str) -> bool:
    """Whether it is named so; nothing names a working tree."""
    if not asked:
        return revision.source is Source.TREE
    shortened = (
        revision.source is Source.GIT
        and len(asked) >= _SHORTEST_HASH
        and revision.identity.startswith(asked)
    )
    return shortened or asked in {revision.name, revision.identity}
