"""Python 3.15's lazy imports for one project alone: its eager twin, and what it could wait for.

`-X lazy_imports=all` makes every import of a process lazy, those of the standard library and of
others too; a filter that answers for the project's modules only tells what the project gets of it
(PEP 810).
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.core.target import Benchmark
from bench.core.told import is_filled, read_literal
from bench.engine.measure.client import Invocation
from bench.explain.checks.overlay import with_path
from bench.explain.counters.running import NotCountedError, Runner, scratch
from bench.explain.rank.candidates import Candidate

FIRST_LAZY = (3, 15)
_FOLDER = Path(__file__).parents[1] / "agents" / "lazy_filter"


@dataclass(frozen=True)
class Waiting:
    """An import of a project's module that could wait: what it asks for, and the names it takes."""

    importer: str
    module: str
    names: tuple[str, ...]


def filtered(invocation: Invocation, own: Collection[str], *, lazily: bool) -> Invocation:
    """The same process with the project's lazy imports allowed, or none of them.

    Compare the one with the other: both pay for the filter. Below Python 3.15 nothing changes.
    """
    ours = {
        **with_path(invocation, _FOLDER),
        "BENCH_LAZY_OWN": "\n".join(sorted(own)),
        "BENCH_LAZY": "yes" if lazily else "no",
    }
    return replace(invocation, env={**invocation.env, **ours})


def could_wait(
    runner: Runner, benchmark: Benchmark, invocation: Invocation, own: Collection[str]
) -> frozenset[Waiting]:
    """The project's imports whose modules one run never needed, though all of them were lazy.

    What is seen so needs no reading of sources: a witness beside the graph. Raises
    `NotCountedError` where the process told nothing, as below Python 3.15.
    """
    lazy = filtered(invocation, own, lazily=True)
    with scratch(lazy) as folder:
        file = folder / "lazy"
        variables = {
            "PYTHONPATH": lazy.env["PYTHONPATH"],
            "PYTHON_LAZY_IMPORTS": "all",
            "BENCH_LAZY_TOLD": str(file),
        }
        runner.run(benchmark, lazy, variables=variables)
        if not is_filled(file):
            raise NotCountedError("no process of it told which imports it did not need")
        told = read_literal(file, list[tuple[str, str, tuple[str, ...], bool]])
    return frozenset(
        Waiting(importer, module, names) for importer, module, names, waits in told if waits
    )


def needed(candidates: Iterable[Candidate], waiting: Collection[Waiting]) -> list[Candidate]:
    """The statements at the top of a module whose modules the lazy run had all the same."""
    could = {(one.importer, one.module) for one in waiting}
    return [
        one
        for one in candidates
        if one.statement.at_top
        and not any((one.source.module, name) in could for name in _asked(one))
    ]


def _asked(candidate: Candidate) -> list[str]:
    """The modules that a statement asks for, by their whole names."""
    node, source = candidate.statement.node, candidate.source
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not node.level:
        return [node.module or ""]
    parts = source.module.split(".")
    above = parts[: len(parts) - node.level + source.is_package]
    return [".".join(filter(None, (*above, node.module)))]
