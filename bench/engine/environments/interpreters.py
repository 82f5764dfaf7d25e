"""Find the interpreters that environments are made with, or fetch them."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.core.errors import BenchError, BuildError, UsageError
from bench.core.process import run_tool
from bench.core.target import Target
from bench.core.variants import JIT, JIT_ON, is_name
from bench.engine.environments.uv import CHOOSE_HOME, run_uv

# Standard library only, without anything of an environment: no site, no .pth file.
_TELL = """
import importlib.machinery as files, importlib.util, json, os, platform, sys, sysconfig
jit = getattr(sys, "_jit", None)
print(json.dumps({
    "python": platform.python_version(),
    "implementation": platform.python_implementation(),
    "compiler": platform.python_compiler(),
    "library": os.path.realpath(sysconfig.get_path("stdlib")),
    "cache_tag": sys.implementation.cache_tag or "",
    "magic": importlib.util.MAGIC_NUMBER.hex(),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "jit": ("on" if jit.is_enabled() else "off") if jit and jit.is_available() else "",
    "suffixes": files.EXTENSION_SUFFIXES + files.SOURCE_SUFFIXES + files.BYTECODE_SUFFIXES,
}))
"""


ALL = "all"
_FIRST_FREE_THREADED = (3, 13)

_NOT_WRITABLE = ("nitialize cache", "Permission denied", "Read-only file system")


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine; `version` is its name: as asked for, major.minor of a path.

    `variables` make a variant of it, in all processes that are measured. One that is not `required`
    was not asked for by its name, and may be left out.
    """

    version: str
    executable: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class InterpreterFacts:
    """What a Python says of itself when nothing but its standard library is there.

    `jit` is "" for a build without one, else "on" or "off": its state unless PYTHON_JIT is set.
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
    free_threaded: bool
    jit: str

    @property
    def version(self) -> str:
        """Its patch release, and `t` for a free-threaded build: `3.14.2t`."""
        return self.python + "t" * self.free_threaded

    @property
    def name(self) -> str:
        """What a Python goes by that was asked for by its path or in other words."""
        version = ".".join(self.python.split(".")[:2]) + "t" * self.free_threaded
        return (
            version if self.implementation == "CPython" else self.implementation.lower() + version
        )


@functools.cache
def interpreter_facts(executable: Path) -> InterpreterFacts:
    """Ask a base interpreter, once a session; raises `BuildError` when it does not answer."""
    told = run_tool([executable, "-I", "-S", "-c", _TELL], timeout_s=60)
    if not told.ok:
        raise BuildError(f"The interpreter {executable} does not work: {told.last_lines(4)}")
    return InterpreterFacts(executable=executable, **json.loads(told.stdout))


def find_interpreter(version: str, *, fetch: bool = True) -> Interpreter:
    """The newest patch release of a Python version: installed (PATH, uv's, pyenv's) or fetched.

    Raises `UsageError` when it is neither here nor to be had.
    """
    build = version.removesuffix(JIT)
    found = _find(build)
    if found is None and fetch:
        installed = run_uv("python", "install", "--compile-bytecode", build, timeout_s=900)
        found = _find(build)
        if found is None:
            if any(sign in installed.stderr for sign in _NOT_WRITABLE):
                raise BenchError(
                    f"uv cannot write where it keeps Pythons and packages:\n"
                    f"{installed.last_lines(4)}",
                    CHOOSE_HOME,
                )
            raise _missing(version, _reason(installed.last_lines()))
    if found is None:
        raise _missing(version, "")
    facts = interpreter_facts(found)
    name = build if is_name(build) else facts.name
    if version == build:
        return Interpreter(name + JIT * (facts.jit == "on"), found)
    if not facts.jit:
        raise UsageError(
            f"Python {build} ({found}) was built without a JIT.",
            f"Ask for {build}, or put a build with one (--enable-experimental-jit) on PATH.",
        )
    return Interpreter(name + JIT, found, JIT_ON)


def find_interpreters(
    asked: Sequence[str] | None,
    usual: Sequence[str],
    say: Callable[[str], None],
    more: Sequence[str] = (),
) -> Iterator[Interpreter]:
    """Those asked for, all of which must be had; otherwise all of the `usual` that can be had.

    "all" asks for what can be had of the usual ones and of `more`. Raises `UsageError` when one
    asked for by its name, or all of the others, are missing.
    """
    by_name = [version for version in asked or () if version != ALL]
    others = [] if by_name == asked else [*usual, *(more if asked else ())]
    wanted = dict.fromkeys([*by_name, *others])
    missing = []
    for version in wanted:
        try:
            yield replace(find_interpreter(version), required=version in by_name)
        except UsageError as error:
            if version in by_name:
                raise
            missing.append(version)
            say(f"left out: {error.message}")
    if len(missing) == len(wanted):
        raise UsageError(f"None of the Pythons {', '.join(missing)} can be had.")


def pythons_of(
    target: Target, asked: Sequence[str] | None, say: Callable[[str], None]
) -> Iterator[Interpreter]:
    """`find_interpreters` among those that a target is declared for."""
    return find_interpreters(asked, target.pythons, say, target.more_pythons)


def _find(version: str) -> Path | None:
    # pyenv's shims answer only for versions that the folder's .python-version names, so uv is shown
    # the real folders first.
    extended = os.pathsep.join([*_pyenv_folders(version), os.environ.get("PATH", "")])
    found = _ask_uv(version, extended)
    if found is None:
        _ask_uv.cache_clear()  # it may be installed, and looked for again
    return found


@functools.cache
def _ask_uv(version: str, path: str) -> Path | None:
    # Builds may write to uv's cache, which says where interpreters lie.
    found = run_uv(
        "python", "find", "--no-cache", "--no-project", "--no-python-downloads", "--system",
        _request(version),
        env={"PATH": path},
    )  # fmt: skip
    return Path(found.stdout.strip()).resolve() if found.ok else None


def _request(version: str) -> str:
    """A version in uv's words: for it, 3.14 may be a free-threaded build if there is no other."""
    numbers = version.split(".")
    if not all(number.isdigit() for number in numbers):
        return version
    can_be = tuple(map(int, numbers)) >= _FIRST_FREE_THREADED
    return f"{version}+gil" if can_be else version


def _pyenv_folders(version: str) -> list[str]:
    """The folders of a version's patch releases, the newest first."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    plain, is_free = version.removesuffix("t"), version.endswith("t")
    try:
        found = sorted(
            root.glob(f"versions/{plain}.*"), key=lambda path: (len(path.name), path.name)
        )
        patches = [path for path in found if path.name.endswith("t") == is_free]
    except OSError:  # somebody else's: su keeps the variable
        return []
    return [str(folder / "bin") for folder in reversed(patches)]


def _missing(version: str, reason: str) -> UsageError:
    build = version.removesuffix(JIT)
    return UsageError(
        f"Python {version} is not on this machine and could not be fetched{reason}.",
        f"Install it (uv python install {build}, pyenv install {build}, or your system's "
        "packages; on a Debian without a way to download: infra/fetch_python.py), or choose others "
        "with --python.",
    )


def _reason(said: str) -> str:
    """The last thing that uv said, on one line: the causes come after what failed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1].removeprefix("error: ").removeprefix("cause: ") if lines else ""
    return f" ({last.rstrip('.')})" if last else ""
