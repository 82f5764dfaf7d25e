"""What a shell offers on Tab (argcomplete): targets and folders, revisions, benchmarks."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path

import argcomplete

from bench.cli.target_choice import find_project
from bench.core.catalogue import load_target, target_names
from bench.core.errors import BenchError
from bench.core.target import Target
from bench.core.workspace import Workspace, find_workspace
from bench.engine.projects.reading import is_path
from bench.engine.revisions.calls import git
from bench.engine.revisions.index import PackageIndex

_RECENT = ("HEAD", "HEAD~1", "@{upstream}")


def typed_words() -> list[str]:
    """The words of the command line that a shell asks about, from the command on.

    A line that is not finished (an open quotation mark) has none yet.
    """
    try:
        words = shlex.split(os.environ["COMP_LINE"])
    except ValueError:
        return []
    return words[int(os.environ["_ARGCOMPLETE"]) :]  # how many words the program takes


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell, and end."""
    for action in _actions(parser):
        offered = _OFFERED.get(action.dest)
        if offered is not None:
            action.completer = _safe(offered)  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options="long")


def _actions(parser: argparse.ArgumentParser) -> Iterable[argparse.Action]:
    """Of the parser and those of its commands."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in action.choices.values():
                yield from _actions(below)


_Completer = Callable[[str, argparse.Namespace, Workspace], Iterable[str]]


def _safe(offered: _Completer) -> Callable[..., list[str]]:
    """A shell is told nothing of what went wrong: it would stand in the middle of the line."""

    def completer(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
        try:
            return list(offered(prefix, parsed_args, find_workspace()))
        except (BenchError, OSError, ValueError):
            return []

    return completer


def _targets(prefix: str, _: argparse.Namespace, workspace: Workspace) -> Iterable[str]:
    yield from target_names(workspace.targets)
    parent = prefix.rpartition("/")[0]
    for one in sorted(Path(parent or ".").expanduser().iterdir()):
        if one.is_dir() and not one.name.startswith("."):
            yield f"{parent}/{one.name}/" if "/" in prefix else f"{one.name}/"


def _revisions(prefix: str, arguments: argparse.Namespace, workspace: Workspace) -> Iterable[str]:
    """Branches and tags, or known releases; behind dots the right side of a range."""
    left, dots, right = prefix.rpartition("..")
    start = f"{left}{dots}"
    for name in (*_references(arguments, workspace), *_releases(arguments, workspace)):
        if name.startswith(right):
            yield f"{start}{name}"


def _references(arguments: argparse.Namespace, workspace: Workspace) -> list[str]:
    word = str(arguments.target)
    folder = getattr(arguments, "repo", None)
    if folder is None:
        declared = word in target_names(workspace.targets)
        folder = Path(word).expanduser() if not declared and is_path(word) else None
    folder = folder or workspace.repos / word
    root = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    if root is None:
        return []
    kinds = ("refs/heads", "refs/tags", "refs/remotes")
    listed = git(root, "for-each-ref", "--format=%(refname:short)", *kinds)
    return [*_RECENT, *listed.stdout.split()]


def _releases(arguments: argparse.Namespace, workspace: Workspace) -> list[str]:
    """Those that were looked up before: a shell waits for no network."""
    word = str(arguments.target)
    declared = word in target_names(workspace.targets)
    names = load_target(word, workspace.targets).distributions if declared else (word,)
    listings = (PackageIndex(workspace.lookups).remembered(name) for name in names)
    return [one.version for listing in listings if listing for one in listing.releases]


def _benchmarks(_: str, arguments: argparse.Namespace, workspace: Workspace) -> Iterable[str]:
    return [one.name for one in _target(arguments, workspace).benchmark]


def _groups(_: str, arguments: argparse.Namespace, workspace: Workspace) -> Iterable[str]:
    return {one.group for one in _target(arguments, workspace).benchmark}


def _target(arguments: argparse.Namespace, workspace: Workspace) -> Target:
    """Of a package of the index nothing is known without asking for it."""
    word = str(arguments.target)
    if word in target_names(workspace.targets) or not is_path(word):
        return load_target(word, workspace.targets)
    found = find_project(word, None, workspace)
    return found.target()[0] if found else load_target(word, workspace.targets)


_OFFERED: dict[str, _Completer] = {
    "target": _targets, "range": _revisions, "revision": _revisions, "benchmark": _benchmarks,
    "scenario": _benchmarks, "keywords": _benchmarks, "group": _groups,
}  # fmt: skip
