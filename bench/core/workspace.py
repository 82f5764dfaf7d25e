"""Where things live: data and results, and the cache that may be deleted.

There are two houses. In a checkout of this repository everything has a folder at its root, and what
is kept is in git. An installed command keeps all of it in `.bench/` of the project that it is
called in, which git ignores; suites are those of the package, and so are targets until `init`
writes one of the project's.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.core.program import HOME, IS_INSTALLED

_OWN_FOLDER = ".bench"
_IGNORED = "# What duetbench measured here, and its cache.\n*\n"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The folders of one project. `cache` may be deleted at any time; `data` never."""

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
    def trees(self) -> Path:
        """Objects of working trees, as git stores them."""
        return self.cache / "trees"

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
    """The workspace of this checkout, or of the project around the current folder.

    `BENCH_DATA`, `BENCH_CACHE`, … move single folders. Moving them is for tests, for machines whose
    checkout is read-only, and for `BENCH_TARGETS` that are nobody else's business. `root` is a
    folder that is taken for a checkout.
    """
    in_project = IS_INSTALLED and root is None
    root = (root or (_project(Path.cwd()) if IS_INSTALLED else HOME)).resolve()
    kept = root / _OWN_FOLDER if in_project else root

    def folder(name: str, default: Path) -> Path:
        chosen = os.environ.get(f"BENCH_{name.upper()}")  # empty is as good as unset
        return (Path(chosen).expanduser() if chosen else default).resolve()

    own = HOME if in_project else root
    added = kept / "targets"  # of an installed command: the project's own
    targets = added if in_project and added.is_dir() else own / "bench/targets"
    return Workspace(
        root=root,
        targets=folder("targets", targets),
        suites=folder("suites", own / "bench/suites"),
        data=folder("data", kept / "data"),
        results=folder("results", kept / "results"),
        repos=folder("repos", kept / "repos"),
        cache=folder("cache", kept / "cache" if in_project else root / _OWN_FOLDER),
        prior_art=folder("prior_art", kept / "prior-art"),
        profiles=folder("profiles", kept / "profiles"),
    )


def own_targets(workspace: Workspace) -> Path:
    """The folder for new targets: an installed command adds none to its own files."""
    if IS_INSTALLED and workspace.targets.is_relative_to(HOME):
        return workspace.root / _OWN_FOLDER / "targets"
    return workspace.targets


def keep_out_of_git(workspace: Workspace) -> None:
    """Make the installed command's own folder where it is missing, with a `.gitignore` inside."""
    ignored = workspace.root / _OWN_FOLDER / ".gitignore"
    if IS_INSTALLED and workspace.cache.is_relative_to(ignored.parent) and not ignored.exists():
        ignored.parent.mkdir(exist_ok=True)
        ignored.write_text(_IGNORED, encoding="utf-8")


def _project(folder: Path) -> Path:
    """The project that a folder lies in: a git repository, a Python project, or the folder."""
    around = (folder, *folder.parents)
    for sign in (".git", "pyproject.toml"):
        for one in around:
            if (one / sign).exists():
                return one
    return folder
