"""Whether modules have bytecode that their interpreter will use.

Without it every process compiles them again, which can take several times as long as the program.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from bench.core.environment import Uncompiled
from bench.core.process import Finished, run_tool
from bench.engine.environments.interpreters import InterpreterFacts

_HEADER = 16  # PEP 552: magic number, flags, then the source's time and size
# Of a standard library: what no program imports, and what is no part of it.
NO_LIBRARY = frozenset({
    "test", "tests", "idle_test", "idlelib", "lib2to3", "turtledemo", "ensurepip",
    "site-packages", "dist-packages",
})  # fmt: skip
_CACHE = "__pycache__"
_NAMED = 5


def uncompiled_library(facts: InterpreterFacts) -> Uncompiled | None:
    """Modules of an interpreter's standard library without usable bytecode; None if all have it."""
    library = Path(facts.library)
    found = list(_stale(library, facts, NO_LIBRARY))
    first = tuple(str(file.relative_to(library)) for file in sorted(found)[:_NAMED])
    return Uncompiled(str(library), len(found), first) if found else None


def compile_packages(
    folders: Iterable[Path],
    facts: InterpreterFacts,
    *,
    inside: Sequence[str] = (),
    place: Path | None = None,
) -> None:
    """Compile the modules below some folders that the installer left without usable bytecode.

    `inside` is the command of a sandbox, in which `place` is to be seen: a build may have put links
    in the place of folders, and bytecode must not be written elsewhere.

    Those that do not compile (templates, code for other Pythons) stay as they are.
    """
    stale = [one for folder in folders for one in _stale(folder, facts)]
    compile_files(facts.executable, stale, inside=inside, place=place)


def compile_files(
    python: Path, files: Sequence[Path], *, inside: Sequence[str] = (), place: Path | None = None
) -> Finished | None:
    """Compile modules, however many; None where there are none. `place` is for their list."""
    if not files:
        return None
    # A list in a file: a large package's is too long for a command line.
    with NamedTemporaryFile("w", encoding="utf-8", errors="surrogateescape", dir=place) as listed:
        listed.write("\n".join(map(str, files)))
        listed.flush()
        compiling = ("-I", "-S", "-m", "compileall", "-q", "-f", "-i", listed.name)
        return run_tool([*inside, python, *compiling])


def _stale(
    folder: Path, facts: InterpreterFacts, left_out: frozenset[str] = frozenset()
) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        packages = (name for name in folders if name.isidentifier() and name != _CACHE)
        folders[:] = [name for name in packages if name not in left_out]
        for name in names:
            file = Path(parent, name)
            if file.suffix == ".py" and not _is_compiled(file, facts):
                yield file


def _is_compiled(source: Path, facts: InterpreterFacts) -> bool:
    compiled = source.parent / _CACHE / f"{source.stem}.{facts.cache_tag}.pyc"
    try:
        with compiled.open("rb") as stream:
            header = stream.read(_HEADER)
        status = source.stat()
    except OSError:
        return False
    if len(header) < _HEADER or header[:4].hex() != facts.magic:
        return False
    flags, seconds, size = struct.unpack("<III", header[4:])
    by_hash = bool(flags & 1)
    return by_hash or (seconds, size) == (
        int(status.st_mtime) & 0xFFFFFFFF,
        status.st_size & 0xFFFFFFFF,
    )
