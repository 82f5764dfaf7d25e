"""`python -m bench clean`."""

from __future__ import annotations

import argparse

from bench.core.errors import ExitStatus
from bench.core.lock import exclusive
from bench.core.workspace import find_workspace
from bench.engine.environments.prune import prune


def clean_command(arguments: argparse.Namespace) -> ExitStatus:
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
