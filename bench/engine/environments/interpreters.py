"""Find the interpreters that environments are made with, or fetch them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import BenchError, BuildError, UsageError
from bench.core.process import run_tool
from bench.engine.environments.uv import CHOOSE_HOME, run_uv

# Standard library only, without anything of an environment: no site, no .pth file.
_TELL = """
import importlib.machinery as files, importlib.util, json, os, platform, sys, sysconfig
print(json.dumps({
    "python": platform.python_version(),
    "implementation": platform.python_implementation(),
    "compiler": platform.python_compiler(),
    "library": os.path.realpath(sysconfig.get_path("stdlib")),
    "cache_tag": sys.implementation.cache_tag or "",
    "magic": importlib.util.MAGIC_NUMBER.hex(),
    "suffixes": files.EXTENSION_SUFFIXES + files.SOURCE_SUFFIXES + files.BYTECODE_SUFFIXES,
}))
"""


_IS_VERSION = re.compile(r"\d+(\.\d+)*t?")

_NOT_WRITABLE = ("nitialize cache", "Permission denied", "Read-only file system")


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine; `version` is as asked for, major.minor of one asked for by path."""

    version: str
    executable: Path


@dataclass(frozen=True, kw_only=True)
class InterpreterFacts:
    """What a Python says of itself when nothing but its standard library is there.

    `magic` starts its bytecode files. Files that it imports end in one of `suffixes`, tried in this
    order.
    """

    executable: Path
    python: str
    implementation: str
    compiler: str
    library: str
    cache_tag: str
    magic: str
    suffixes: list[str]


def interpreter_facts(executable: Path) -> InterpreterFacts:
    """Ask a base interpreter; raises `BuildError` when it does not answer."""
    told = run_tool([executable, "-I", "-S", "-c", _TELL], timeout_s=60)
    if not told.ok:
        raise BuildError(f"The interpreter {executable} does not work: {told.last_lines(4)}")
    return InterpreterFacts(executable=executable, **json.loads(told.stdout))


def find_interpreter(version: str, *, fetch: bool = True) -> Interpreter:
    """The newest patch release of a Python version: installed (PATH, uv's, pyenv's) or fetched.

    Raises `UsageError` when it is neither here nor to be had.
    """
    found = _find(version)
    if found is None and fetch:
        installed = run_uv("python", "install", "--compile-bytecode", version, timeout_s=900)
        found = _find(version)
        if found is None:
            if any(sign in installed.stderr for sign in _NOT_WRITABLE):
                raise BenchError(
                    f"uv cannot write where it keeps Pythons and packages:\n"
                    f"{installed.last_lines(4)}",
                    CHOOSE_HOME,
                )
            raise _missing(version, f"uv said:\n{installed.last_lines(4)}")
    if found is None:
        raise _missing(version, "")
    return Interpreter(version if _IS_VERSION.fullmatch(version) else _label(found), found)


def _label(executable: Path) -> str:
    """The version of a Python that was asked for by its path or in other words: names a folder."""
    facts = interpreter_facts(executable)
    version = ".".join(facts.python.split(".")[:2])
    return version if facts.implementation == "CPython" else facts.implementation.lower() + version


def find_interpreters(
    asked: Sequence[str] | None, usual: Sequence[str], say: Callable[[str], None]
) -> Iterator[Interpreter]:
    """Those asked for, all of which must be had; otherwise all of the `usual` that can be had.

    Raises `UsageError` when one asked for, or all of the others, are missing.
    """
    missing = []
    for version in dict.fromkeys(asked or usual):
        try:
            yield find_interpreter(version)
        except UsageError as error:
            if asked:
                raise
            missing.append(version)
            say(f"left out: {error.message}")
    if len(missing) == len(usual):
        raise UsageError(f"None of the Pythons {', '.join(missing)} can be had.")


def _find(version: str) -> Path | None:
    # pyenv's shims answer only for versions that the folder's .python-version names, so uv is shown
    # the real folders first.
    extended = os.pathsep.join([*_pyenv_folders(version), os.environ.get("PATH", "")])
    # Builds may write to uv's cache, which says where interpreters lie.
    found = run_uv(
        "python", "find", "--no-cache", "--no-project", "--no-python-downloads", "--system",
        version,
        env={"PATH": extended},
    )  # fmt: skip
    return Path(found.stdout.strip()).resolve() if found.ok else None


def _pyenv_folders(version: str) -> list[str]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    try:
        patches = sorted(root.glob(f"versions/{version}.*"), key=lambda path: len(path.name))
    except OSError:  # somebody else's: su keeps the variable
        return []
    return [str(folder / "bin") for folder in reversed(patches)]


def _missing(version: str, detail: str) -> UsageError:
    return UsageError(
        f"Python {version} is not on this machine and could not be fetched. {detail}".strip(),
        f"Install it (uv python install {version}, pyenv install {version}, or your system's "
        "packages), or choose others with --python.",
    )
