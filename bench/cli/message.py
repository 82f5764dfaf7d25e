"""`python -m bench message`: the newest run of a pair as a commit message."""

from __future__ import annotations

import argparse
import sys

from bench.cli.arguments import add_repo, describe
from bench.cli.chosen import read_last_pair
from bench.cli.target_choice import chosen_target
from bench.core.errors import BenchError, ExitStatus, NothingMeasuredError
from bench.core.program import COMMAND
from bench.core.revision import Pair, Source
from bench.core.target import Target, word_of
from bench.core.workspace import Workspace, find_workspace
from bench.engine.revisions.resolve import clone_of, resolve_range
from bench.engine.revisions.worktree import read_working_tree
from bench.report.pair.commit_words import measured_message


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which pair."""
    describe(
        parser,
        "Print what was measured last of a pair as a commit message: a subject, the figures with "
        "intervals, the Python versions, and the command that measures it again. Of a working tree "
        "only while its files are those that were measured. Nothing is measured.",
        "message rich HEAD.. --repo ~/rich | git -C ~/rich commit -aF -",
        "message codeflash 0.20.5..0.20.6",
    )
    parser.add_argument("target", metavar="TARGET", help="a target that was measured")
    parser.add_argument(
        "range",
        nargs="?",
        metavar="RANGE",
        help="a pair base..head, HEAD.. (the working tree), or a revision that is the head of a "
        "pair. Default: the pair that was measured last",
    )
    add_repo(parser)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Print it; raises `BenchError`."""
    workspace = find_workspace()
    target = chosen_target(arguments, workspace, lambda _: None)
    pair, _ = read_last_pair(workspace, target.name, _asked(arguments, target, workspace))
    _check_tree(pair.pair, target, arguments, workspace)
    print(measured_message(pair.pair, pair.newest_on.shown), end="")
    return ExitStatus.DONE


def _asked(arguments: argparse.Namespace, target: Target, workspace: Workspace) -> str | None:
    """The range; where it goes to the working tree, to the files that are there now."""
    typed: str | None = arguments.range
    if typed is None or not typed.endswith(".."):
        return typed
    pair = resolve_range(target, typed, workspace, arguments.repo)
    return f"{pair.base.identity}..{pair.head.identity}"


def _check_tree(
    pair: Pair, target: Target, arguments: argparse.Namespace, workspace: Workspace
) -> None:
    """Raise `NothingMeasuredError` where the working tree has other files than were measured."""
    if pair.head.source is not Source.TREE:
        return
    try:
        now = read_working_tree(clone_of(target, workspace, arguments.repo))
    except BenchError as error:
        print(f"bench: the working tree could not be looked at: {error.message}", file=sys.stderr)
        return
    if now.tree != pair.head.identity:
        typed = f"{word_of(target.name)} {pair.base.name}.."
        raise NothingMeasuredError(
            f"The files of the working tree are not those that were measured ({pair.head.name}, "
            f"git tree {pair.head.identity[:10]}).",
            f"`{COMMAND} run {typed}` measures them.",
        )
