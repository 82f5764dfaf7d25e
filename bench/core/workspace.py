"""Where things live: the repository's root, its data and results, and the cache it may delete."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The folders of one checkout. `cache` may be deleted at any time; `data` never."""

    root: Path
    targets: Path
    suites: Path
    data: Path
    results: Path
    repos: Path
    cache: Path
    prior_art: Path
    profiles: Path

    @property
    def environments(self) -> Path:
        """Installed revisions, one folder a content hash."""
        return self.cache / "envs"

    @property
    def worktrees(self) -> Path:
        """Checkouts that exist while a revision is built."""
        return self.cache / "worktrees"

    @property
    def logs(self) -> Path:
        """Output of builds."""
        return self.cache / "logs"

    @property
    def lookups(self) -> Path:
        """Answers of the package index, so that known releases work without a network."""
        return self.cache / "lookups"

    @property
    def lock(self) -> Path:
        """Held while sessions measure, so that nobody cleans the cache under them."""
        return self.cache / "cache.lock"

    @property
    def scratch(self) -> Path:
        """Throwaway homes and working directories of measured processes."""
        return self.cache / "scratch"


def find_workspace(root: Path | None = None) -> Workspace:
    """The workspace of this checkout; `BENCH_DATA`, `BENCH_CACHE`, … move single folders.

    Moving them is for tests, for machines whose checkout is read-only, and for `BENCH_TARGETS` that
    are nobody else's business.
    """
    root = (root or Path(__file__).parents[2]).resolve()

    def folder(name: str, default: str) -> Path:
        chosen = os.environ.get(f"BENCH_{name.upper()}")  # empty is as good as unset
        return (Path(chosen).expanduser() if chosen else root / default).resolve()

    return Workspace(
        root=root,
        targets=folder("targets", "bench/targets"),
        suites=folder("suites", "bench/suites"),
        data=folder("data", "data"),
        results=folder("results", "results"),
        repos=folder("repos", "repos"),
        cache=folder("cache", ".bench"),
        prior_art=folder("prior_art", "prior-art"),
        profiles=folder("profiles", "profiles"),
    )
