"""The target that a command line means: a declared one, a checkout, or a package of the index."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable
from pathlib import Path

from bench.core.catalogue import load_target, target_names
from bench.core.program import COMMAND
from bench.core.target import READ, Target
from bench.core.workspace import Workspace
from bench.engine.projects.reading import (
    INDEX,
    FoundProject,
    is_distribution,
    is_path,
    read_checkout,
    read_release,
)

Say = Callable[[str], object]


def chosen_target(
    arguments: argparse.Namespace,
    workspace: Workspace,
    say: Say | None = None,
    *,
    with_tests: bool = False,
) -> Target:
    """The target that TARGET names; of a project without a file, `say` hears what was assumed.

    `with_tests`: of such a project its own tests are taken too, where they are found.

    A declared name comes before a folder of that name, and that before the package index. For a
    checkout its repository becomes that of the command, as with --repo. Raises `UsageError`.
    """
    word = arguments.target
    revisions = getattr(arguments, "range", None) or getattr(arguments, "revision", None)
    found = find_project(word, revisions, workspace)
    if found is None:
        return load_target(word, workspace.targets)
    target, proposal = found.target(with_tests=with_tests)
    if found.repo is not None and getattr(arguments, "repo", None) is None:
        arguments.repo = found.repo
    for line in proposal.assumed:
        (say or _complain)(line)
    if revisions is None and proposal.range_assumed:
        (say or _complain)(proposal.range_assumed)
    own = target.name.removesuffix(READ)
    if own in target_names(workspace.targets):
        (say or _complain)(
            f"{own} is declared too: `{COMMAND} run {own}` measures what its file says"
        )
    return target


def find_project(word: str, revisions: str | None, workspace: Workspace) -> FoundProject | None:
    """The project without a file that a word names; None where it names a declared target.

    A word that is close to a declared name, or that no package can have, is taken for that name
    misspelled. Raises `UsageError` for a folder or a package in which there is no project.
    """
    known = target_names(workspace.targets)
    if word in known:
        return None
    if word.startswith(INDEX):
        return read_release(word, revisions, workspace)
    if is_path(word):
        return read_checkout(Path(word))
    if not is_distribution(word) or difflib.get_close_matches(word, known, n=1):
        return None
    return read_release(word, revisions, workspace)


def _complain(line: str) -> None:
    print(line, file=sys.stderr)
