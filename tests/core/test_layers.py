"""Imports point one way: between the packages of bench/, their sub-packages and modules."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
# From the ground up: a package imports itself and those before it.
LAYERS = ("core", "formats", "workloads", "engine", "explain", "validate", "report", "cli")
MODULES = {
    ".".join((*file.relative_to(BENCH).parent.parts, file.stem)): file
    for layer in LAYERS
    for file in (BENCH / layer).rglob("*.py")
    if file.stem != "__init__"
}


def imported(file: Path) -> Iterator[str]:
    """The modules of bench/ that a file imports, wherever the import stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bench"):
            module = (node.module or "").removeprefix("bench").lstrip(".")
            inner = [".".join(filter(None, (module, one.name))) for one in node.names]
            yield from (one if one in MODULES else module for one in inner)
        elif isinstance(node, ast.Import):
            for one in node.names:
                if one.name.startswith("bench."):
                    yield one.name.removeprefix("bench.")


def sub_package(module: str) -> str:
    """The folder a module stands in, or the module itself where it stands in a layer's own."""
    parts = module.split(".")
    return ".".join(parts[:2])


IMPORTS = {name: set(imported(file)) - {name} for name, file in MODULES.items()}


def test_no_package_imports_one_above_it() -> None:
    upward = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in others
        if LAYERS.index(other.split(".")[0]) > LAYERS.index(name.split(".")[0])
    ]
    assert not upward


def test_no_circle_between_modules() -> None:
    graphlib.TopologicalSorter(IMPORTS).prepare()


def test_no_circle_between_sub_packages() -> None:
    found: dict[str, set[str]] = {}
    for name, others in IMPORTS.items():
        above = found.setdefault(sub_package(name), set())
        above |= {sub_package(other) for other in others} - {sub_package(name)}
    graphlib.TopologicalSorter(found).prepare()


def test_a_handful_of_packages() -> None:
    entries = {one.name for one in BENCH.iterdir() if one.name != "__pycache__"}
    assert entries <= {*LAYERS, "__init__.py", "__main__.py", "targets", "suites"}
