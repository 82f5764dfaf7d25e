"""`python -m bench clean`."""

from __future__ import annotations

import argparse

from bench.cli.arguments import describe, not_negative, positive
from bench.core.errors import ExitStatus
from bench.core.lock import exclusive
from bench.core.workspace import find_workspace
from bench.engine.environments.prune import prune


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is removed."""
    describe(
        parser,
        "Remove environments (installed revisions) and checkouts from the cache in .bench/. They "
        "are built again when they are needed. data/ and results/ are never touched.",
        "clean --older-than 7",
        "clean --max-size 5",
    )
    parser.add_argument(
        "--older-than",
        type=not_negative,
        default=30.0,
        metavar="DAYS",
        help="remove environments not used for DAYS days. Default: %(default)g",
    )
    parser.add_argument(
        "--max-size",
        type=positive,
        metavar="GB",
        help="also remove the least recently used environments until the cache is below GB "
        "gigabytes. Default: no limit",
    )
    parser.add_argument("--all", action="store_true", help="remove everything that is cached")


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Remove cached environments and say how much that freed."""
    workspace = find_workspace()
    with exclusive(workspace.lock):
        removed = prune(
            workspace,
            older_than_days=arguments.older_than,
            max_size_bytes=None if arguments.max_size is None else arguments.max_size * 1e9,
            everything=arguments.all,
        )
    freed = sum(one.size_bytes for one in removed) / 1e6
    print(f"removed {len(removed)} cached environments, {freed:.0f} MB")
    return ExitStatus.DONE
