"""`python -m bench init PATH`: what `run PATH` measures, as a file to be changed."""

from __future__ import annotations

import argparse
import shlex

from bench.cli.arguments import describe
from bench.cli.target_choice import find_project
from bench.core.catalogue import load_target, target_names
from bench.core.errors import ExitStatus, UsageError
from bench.core.program import COMMAND
from bench.core.workspace import find_workspace, keep_out_of_git, own_targets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A project, or a package of the index."""
    describe(
        parser,
        "Write a target's file for a project that has none: the file says what `run PATH` measures "
        "without it, and is yours to change. A file that is there already is never written to.",
        "init ~/src/httpie",
        "init httpie",
    )
    parser.add_argument(
        "target",
        metavar="PATH",
        help="folder of a git checkout with a pyproject.toml, setup.cfg or setup.py in it; or the "
        "name of a package on the index",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Write the file, and say what is in it. Raises `UsageError`."""
    workspace, word = find_workspace(), arguments.target
    found = find_project(word, None, workspace)
    if found is None:
        load_target(word, workspace.targets)
        raise UsageError(f"{word} is declared: {workspace.targets / f'{word}.toml'}.")
    target, proposal = found.target(declared=True)
    keep_out_of_git(workspace)
    folder = own_targets(workspace)
    file = folder / f"{target.name}.toml"
    if target.name in target_names(folder):
        raise UsageError(f"{file} is there already, and is left as it is.")
    folder.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as stream:
        stream.write(proposal.text)
    print("\n".join((*proposal.assumed, proposal.range_assumed, f"written: {file}")))
    repo = f" --repo {shlex.quote(str(found.repo))}" if found.repo else ""
    print(f"measure it: {COMMAND} run {target.name}{repo}")
    return ExitStatus.DONE
