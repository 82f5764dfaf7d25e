"""Files that are not the project's own modules and may take names from them: tests, dependants."""

from __future__ import annotations

import tarfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.core.process import run_tool
from bench.engine.environments.build import Environment
from bench.engine.revisions.calls import git
from bench.engine.revisions.git import Clone
from bench.explain.rank.sources import ModuleSource

_LARGEST = 500_000  # bytes of a file that is looked into
_ABOUT = frozenset({".lock", ".json", ".ipynb", ".svg", ".csv", ".xml", ".log", ".po"})  # no code


@dataclass(frozen=True)
class Outsiders:
    """Python files, whose `module` is where they are, and the texts of others by their place."""

    sources: tuple[ModuleSource, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


def read_outsiders(
    clone: Clone | None,
    commit: str,
    environment: Environment,
    own: Collection[str],
    modules: Collection[str],
) -> Outsiders:
    """What names a package of `own`: in the commit, but for its `modules` (paths), and installed.

    What can't be read is left out: it says nothing.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder)
        found = [] if clone is None else list(_of_commit(clone, commit, own, modules, place))
        found += _dependants(environment, own)
        return _read(found)


def _of_commit(
    clone: Clone, commit: str, own: Collection[str], modules: Collection[str], folder: Path
) -> Iterator[tuple[str, Path]]:
    words = [word for name in sorted(own) for word in ("-e", name)]
    told = git(clone.path, "grep", "-I", "-l", "-z", "-w", "-F", "--full-name", *words, commit)
    paths = [one.removeprefix(f"{commit}:") for one in told.stdout.split("\0") if one]
    wanted = [one for one in paths if one not in modules and Path(one).suffix not in _ABOUT]
    if not wanted:
        return
    archive = folder / "files.tar"
    literal = [f":(top,literal){one}" for one in wanted]
    done = git(clone.path, "archive", "--format=tar", "-o", archive, commit, "--", *literal)
    if not done.ok:
        return
    with tarfile.open(archive) as files:
        files.extractall(folder / "files", filter="data")
    for one in wanted:
        file = folder / "files" / one
        if file.is_file() and not file.is_symlink():
            yield one, file


def _dependants(environment: Environment, own: Collection[str]) -> Iterator[tuple[str, Path]]:
    """Installed files of others that import a package of the project."""
    names = "|".join(sorted(own))
    pattern = rf"^[[:space:]]*(from|import)[[:space:]]+({names})\b"
    for site in sorted(environment.venv.glob("lib/python*/site-packages")):
        told = run_tool(["grep", "-rlE", "--include=*.py", pattern, "."], cwd=site)
        for line in sorted(told.stdout.splitlines()):
            path = Path(line)
            if path.parts and path.parts[0].removesuffix(".py") not in own:
                yield str(path), site / path


def _read(files: Sequence[tuple[str, Path]]) -> Outsiders:
    sources, texts = [], []
    for name, file in files:
        if file.stat().st_size > _LARGEST:
            continue
        try:
            if file.suffix in {".py", ".pyi"}:
                source = ModuleSource.parse(name, file)
                sources.append(replace(source, file=Path(name)))
            else:
                texts.append((name, file.read_text("utf-8")))
        except (SyntaxError, ValueError, RecursionError, OSError):
            continue
    return Outsiders(tuple(sources), tuple(texts))
