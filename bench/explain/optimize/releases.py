"""A release without a clone: its source distribution as the only commit of a clone made of it."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.lock import exclusive
from bench.core.revision import Revision
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.engine.revisions.calls import git, must
from bench.engine.revisions.clones import open_clone
from bench.engine.revisions.git import Clone
from bench.engine.sources.release_files import fetch_sdist


def clone_of_release(
    target: Target, revision: Revision, workspace: Workspace, say: Callable[[str], None]
) -> Clone:
    """The clone under `repos/` that holds a release, made where it is missing.

    Raises `UsageError` for a release without a source distribution, or where it can't be fetched.
    """
    name = revision.distribution or target.distributions[0]
    path = workspace.repos / f"{target.name}-{revision.identity}"
    with exclusive(path.with_name(f".{path.name}.lock"), wait=True):
        if not path.is_dir():
            sdist = fetch_sdist(name, revision.identity, workspace)
            if sdist is None:
                raise UsageError(
                    f"{name} {revision.identity} has no source distribution that can be fetched, "
                    "and there is no clone: there are no sources to change.",
                    "Name a clone with --repo PATH.",
                )
            _make(sdist.file, path, revision)
            say(f"made a clone of the source distribution: {path}")
    return open_clone(path)


def _make(archive: Path, path: Path, revision: Revision) -> None:
    """Unpack and commit; whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(partial, filter="data")
        (top,) = partial.iterdir()
        _commit(top, revision)
        top.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _commit(folder: Path, revision: Revision) -> None:
    """Everything in one commit of the day of the release, tagged with its version.

    Build backends that take the version from git find the tag.
    """
    who = {
        "GIT_AUTHOR_NAME": "bench", "GIT_AUTHOR_EMAIL": "bench@localhost",
        "GIT_COMMITTER_NAME": "bench", "GIT_COMMITTER_EMAIL": "bench@localhost",
        "GIT_AUTHOR_DATE": revision.date, "GIT_COMMITTER_DATE": revision.date,
    }  # fmt: skip
    for words in (
        ("init", "--quiet"),
        ("add", "--all", "--force"),
        ("commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", f"Release {revision.identity}"),
        ("tag", "--no-sign", f"v{revision.identity}"),
    ):
        must(git(folder, *words, variables=who))
