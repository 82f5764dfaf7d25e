"""The cache while a command works in it: nobody cleans it, and nothing is left of dead commands."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.errors import DataError
from bench.core.lock import exclusive
from bench.core.scratch import TESTS_PREFIX, sweep
from bench.core.workspace import Workspace, keep_out_of_git


@contextmanager
def at_work(workspace: Workspace) -> Iterator[None]:
    """Keep the cache from being cleaned, after removing what killed commands have left in it."""
    keep_out_of_git(workspace)
    with exclusive(workspace.lock, shared=True):
        sweep_all(workspace)
        yield


def sweep_all(workspace: Workspace) -> None:
    """Remove scratch folders, checkouts, and halves of what is made, that no process works in."""
    sweep(workspace.scratch)
    sweep(Path(tempfile.gettempdir()), TESTS_PREFIX)
    for checkout in workspace.worktrees.glob("*/"):
        _remove_unless_locked(checkout, workspace.environments / f"{checkout.name}.lock")
    for place in (workspace.repos, workspace.cache / "support", workspace.cache / "fixtures"):
        for half in place.glob("*.partial"):
            _remove_unless_locked(half, half.with_suffix(".lock"))
    for built in workspace.environments.glob("*/"):
        if not (built / "environment.json").exists():
            _remove_unless_locked(built, built.with_suffix(".lock"))


def _remove_unless_locked(folder: Path, lock: Path) -> None:
    with contextlib.suppress(DataError), exclusive(lock):
        shutil.rmtree(folder, ignore_errors=True)
