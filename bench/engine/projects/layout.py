"""Where a project's package lies, and what it is imported by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.engine.projects.metadata import Metadata

_USUAL = ("src", "", "lib", "python")
_NO_PACKAGES = frozenset({
    "asv_bench", "benchmark", "benchmarks", "bin", "build", "changes", "ci", "dist", "doc", "docs",
    "env", "example", "examples", "misc", "news", "release", "requirements", "script", "scripts",
    "static", "test", "testing", "tests", "tool", "tools", "utils", "venv",
})  # fmt: skip
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_DECLARED = "as its build back end is told"


@dataclass(frozen=True)
class Package:
    """A package or module: its name, its path below the project's folder, and how it was found.

    `inner` are its public modules, the largest first.
    """

    module: str
    path: str
    why: str
    inner: tuple[str, ...] = ()


def find_package(folder: Path, metadata: Metadata) -> Package | None:
    """The package that a project is imported by; None where nothing says."""
    tries: Iterable[tuple[Iterator[tuple[str, str]], str]] = (
        (_named_like_the_project(folder, metadata), "named like the project"),
        (_declared(folder, metadata), _DECLARED),
        (_of_scripts(folder, metadata), "of its commands"),
        (_there(folder, metadata), "the package with most modules"),
    )
    for found, why in tries:
        for module, path in found:
            return Package(module, path, why, tuple(_inner(folder / path, module)))
    return None


def _named_like_the_project(folder: Path, metadata: Metadata) -> Iterator[tuple[str, str]]:
    plain = re.sub(r"[-.]+", "_", metadata.name)
    dotted = re.sub(r"[-.]+", ".", metadata.name)
    for name in dict.fromkeys((plain, plain.lower(), dotted, dotted.lower())):
        yield from _located(folder, metadata, name)


def _declared(folder: Path, metadata: Metadata) -> Iterator[tuple[str, str]]:
    for one in metadata.packages:
        name = PurePosixPath(one).name if "/" in one else one.removesuffix(".py")
        if "/" in one and _is_module(folder / one) and _MODULE.fullmatch(name):
            yield name, PurePosixPath(one).as_posix()
        elif name.split(".")[0].lower() not in _NO_PACKAGES:
            yield from _located(folder, metadata, name)


def _of_scripts(folder: Path, metadata: Metadata) -> Iterator[tuple[str, str]]:
    for called in metadata.scripts.values():
        yield from _located(folder, metadata, called.partition(":")[0].split(".")[0])


def _there(folder: Path, metadata: Metadata) -> Iterator[tuple[str, str]]:
    """Packages in the usual places, in the first that has any: the one with most modules first."""
    for root in _roots(metadata):
        found = [
            one
            for one in sorted((folder / root).glob("*/__init__.py"))
            if one.parent.name.lower() not in _NO_PACKAGES and _MODULE.fullmatch(one.parent.name)
        ]
        found.sort(key=lambda one: -sum(1 for _ in one.parent.rglob("*.py")))
        for one in found:
            yield one.parent.name, one.parent.relative_to(folder).as_posix()


def _located(folder: Path, metadata: Metadata, name: str) -> Iterator[tuple[str, str]]:
    if not _MODULE.fullmatch(name):
        return
    for root in _roots(metadata):
        path = PurePosixPath(root, *name.split("."))
        if _is_module(folder / path) or (folder / f"{path}.py").is_file():
            yield name, path.as_posix()


def _inner(folder: Path, module: str) -> Iterator[str]:
    sizes = {file.stem: file.stat().st_size for file in folder.glob("*.py")}
    for name in sorted(sizes, key=lambda one: (-sizes[one], one)):
        if not name.startswith("_") and _MODULE.fullmatch(name) and name not in _NO_PACKAGES:
            yield f"{module}.{name}"


def _roots(metadata: Metadata) -> Iterable[str]:
    return dict.fromkeys((*metadata.roots, *_USUAL))


def _is_module(place: Path) -> bool:
    """A package, or a folder of a namespace that holds Python files itself."""
    return (place / "__init__.py").is_file() or (place.is_dir() and any(place.glob("*.py")))
