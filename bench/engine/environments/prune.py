"""Give back the space of environments that are not used any more."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from bench.core.workspace import Workspace
from bench.workloads.containers.leftovers import remove_images


@dataclass(frozen=True)
class Cached:
    """A cached environment: when it was last used (seconds since the epoch) and its size."""

    folder: Path
    used_at: float
    size_bytes: int


def list_cached(workspace: Workspace) -> list[Cached]:
    """All cached environments, the least recently used first."""
    found = []
    for folder in workspace.environments.glob("*/"):
        record = folder / "environment.json"
        used_at = (record if record.exists() else folder).stat().st_mtime
        found.append(Cached(folder, used_at, _size(folder)))
    return sorted(found, key=lambda one: one.used_at)


def prune(
    workspace: Workspace,
    *,
    older_than_days: float,
    max_size_bytes: float | None = None,
    everything: bool = False,
) -> list[Cached]:
    """Remove environments unused for so long, then the oldest until the rest fits; returns them.

    Left-over checkouts and scratch folders go as well: none outlives the session that made it. So
    do the objects of working trees, which are stored again when they are looked at.
    `everything` empties the whole cache, look-ups and build logs included.
    """
    cached = list_cached(workspace)
    if everything:
        remove_images(workspace.environments.glob("*/environment.json"))
        shutil.rmtree(workspace.cache, ignore_errors=True)
        return cached
    oldest = time.time() - older_than_days * 86400
    removed = [one for one in cached if one.used_at < oldest]
    kept = [one for one in cached if one.used_at >= oldest]
    while kept and max_size_bytes is not None and _total(kept) > max_size_bytes:
        removed.append(kept.pop(0))
    remove_images(one.folder / "environment.json" for one in removed)
    for one in removed:
        shutil.rmtree(one.folder, ignore_errors=True)
        one.folder.with_suffix(".lock").unlink(missing_ok=True)
    for folder in (workspace.worktrees, workspace.scratch, workspace.trees):
        shutil.rmtree(folder, ignore_errors=True)
    return removed


def _total(cached: list[Cached]) -> int:
    return sum(one.size_bytes for one in cached)


def _size(folder: Path) -> int:
    """Bytes that would be freed: files that uv's cache or another environment shares count less."""
    total = 0.0
    for file in folder.rglob("*"):
        status = file.lstat()
        if file.is_file() and not file.is_symlink():
            total += status.st_size / status.st_nlink
    return int(total)
