"""Call git so that no setting of the user or the system changes what it says or checks out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bench.core.errors import UsageError
from bench.core.process import Finished, run_tool

# Of git's variables only those pass that say how to reach a remote, or where settings are (a proxy,
# a certificate, a rewritten URL). What git sets in a hook would redirect us to the hook's own
# repository; traces, pagers and pathspec modes change what is printed.
_PASSING = (
    "GIT_ALLOW_PROTOCOL", "GIT_ASKPASS", "GIT_CONFIG", "GIT_EXEC_PATH", "GIT_HTTP_", "GIT_PROXY_",
    "GIT_SSH", "GIT_SSL_",
)  # fmt: skip
# Hooks and templates run programs or add attributes; the rest changes output or file contents.
_FIXED = (
    "core.hooksPath=/dev/null", "core.attributesFile=/dev/null", "core.excludesFile=/dev/null",
    "core.autocrlf=false", "core.eol=native", "core.safecrlf=false", "core.fsmonitor=false",
    "core.quotePath=false", "core.pager=cat", "color.ui=false", "log.showSignature=false",
    "log.decorate=false", "log.mailmap=false", "submodule.recurse=false",
    "fetch.recurseSubmodules=false", "fetch.prune=false", "status.renames=false",
    "status.showUntrackedFiles=normal", "status.relativePaths=false", "init.templateDir=",
    "init.defaultBranch=main", "checkout.defaultRemote=origin", "clone.defaultRemoteName=origin",
    "gc.autoDetach=false", "maintenance.autoDetach=false",
)  # fmt: skip
# Of these, what says how the user's own git stores files, and which it ignores.
_USERS = (
    "core.attributesFile=", "core.excludesFile=", "core.autocrlf=", "core.eol=",
)  # fmt: skip
_FOREIGN = "dubious ownership"


def git(
    folder: Path | None,
    *arguments: str | Path,
    timeout_s: float = 120,
    guarded: bool = False,
    variables: Mapping[str, str] | None = None,
    as_user: bool = False,
) -> Finished:
    """Run git in a folder to its end, with some more variables.

    `as_user`: what the user has set about line ends, attributes and ignored files counts.
    Raises `UsageError` when git is missing or distrusts the folder.
    """
    place = ["-C", str(folder)] if folder else []
    settings = [one for one in _FIXED if not (as_user and one.startswith(_USERS))]
    fixed = [word for one in settings for word in ("-c", one)]
    try:
        done = run_tool(
            ["git", *place, *fixed, *map(str, arguments)],
            env=_variables(folder) | dict(variables or {}),
            timeout_s=timeout_s,
            guarded=guarded,
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed.", "Debian: apt-get install git.") from error
    if folder is not None and not done.ok and _FOREIGN in done.stderr:
        raise UsageError(
            f"git does not read {folder}, which belongs to another user.",
            f"If you trust it: git config --global --add safe.directory {folder.resolve()}",
        )
    return done


def as_variables(objects: Path | None) -> dict[str, str]:
    """The variables that have git find objects in another folder besides."""
    if objects is None:
        return {}
    quoted = str(objects).replace("\\", "\\\\").replace('"', '\\"')
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"'}


def must(finished: Finished) -> Finished:
    """The same, if git succeeded; raises `UsageError` with the end of what it said otherwise."""
    if not finished.ok:
        raise UsageError(f"{_shown(finished)}\n{finished.last_lines(6)}")
    return finished


def _shown(finished: Finished) -> str:
    """The command without the fixed settings, and how it ended."""
    words = [word for word in finished.command if word not in {"-c", *_FIXED}]
    return Finished(command=tuple(words), status=finished.status, stdout="", stderr="").describe()


def _variables(folder: Path | None) -> dict[str, str]:
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key.startswith(_PASSING)
    }
    fixed = {"GIT_TERMINAL_PROMPT": "0", "GIT_ADVICE": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    if folder:
        # A repository around the folder is not the one that was named.
        fixed["GIT_CEILING_DIRECTORIES"] = str(folder.resolve().parent)
    return inherited | fixed


def git_remote(folder: Path | None, *arguments: str | Path, timeout_s: float) -> Finished:
    """The same for what talks to a remote: never asks, and uses the user's own way to reach it.

    A deploy key (`GIT_SSH_COMMAND`, `core.sshCommand`) stays in force.
    """
    chosen = {"GIT_SSH", "GIT_SSH_COMMAND"} & os.environ.keys()
    if not chosen and not git(folder, "config", "--get", "core.sshCommand").stdout.strip():
        arguments = ("-c", "core.sshCommand=ssh -oBatchMode=yes", *arguments)
    return git(folder, *arguments, timeout_s=timeout_s, guarded=True)
